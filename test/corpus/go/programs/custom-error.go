package main

import "fmt"

type loadError struct {
	Row int
	Why string
}

func (e *loadError) Error() string { return fmt.Sprintf("row %d: %s", e.Row, e.Why) }

func load() error { return &loadError{7, "no price"} }

func main() {
	if err := load(); err != nil {
		panic(fmt.Errorf("load /data/in.csv: %w", err))
	}
}
