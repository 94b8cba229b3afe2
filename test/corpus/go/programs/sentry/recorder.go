package main

import (
	"encoding/json"
	"os"
	"time"

	"github.com/getsentry/sentry-go"
)

// The event of what ends a program goes to the file that SENTRY_EVENTS names.
type recorder struct{}

func (recorder) Configure(sentry.ClientOptions)  {}
func (recorder) Flush(time.Duration) bool        { return true }
func (recorder) SendEvent(event *sentry.Event) {
	told := event.Exception
	if len(told) == 0 {
		told = []sentry.Exception{{Value: event.Message, Stacktrace: event.Threads[0].Stacktrace}}
	}
	exceptions := []map[string]interface{}{}
	for _, one := range told {
		frames := []sentry.Frame{}
		if one.Stacktrace != nil {
			frames = one.Stacktrace.Frames
		}
		for at := range frames {
			frames[at].PreContext, frames[at].PostContext = nil, nil
		}
		exceptions = append(exceptions, map[string]interface{}{"type": one.Type, "value": one.Value, "frames": frames})
	}
	text, _ := json.MarshalIndent([]interface{}{map[string]interface{}{"exceptions": exceptions}}, "", " ")
	os.WriteFile(os.Getenv("SENTRY_EVENTS"), append(text, '\n'), 0o644)
}

func init() {
	sentry.Init(sentry.ClientOptions{Dsn: "http://key@127.0.0.1:1/1", Transport: recorder{}, AttachStacktrace: true})
}

// Deferred by every main of a program that has Sentry built in.
func recordPanic() {
	if told := recover(); told != nil {
		sentry.CurrentHub().Recover(told)
		panic(told)
	}
}
