"""Makes a Python program have Sentry built in: what it sends goes to the file that SENTRY_EVENTS names, a line for each event."""
import json
import os

import sentry_sdk

FRAME = ("function", "module", "filename", "abs_path", "lineno", "context_line", "in_app")


def shortened(frames):
    """A recursion without end is a thousand frames."""
    return frames if len(frames) <= 60 else frames[:5] + frames[-5:]


def written(event):
    values = event.get("exception", {}).get("values", [])
    short = {
        "level": event.get("level"),
        "logger": event.get("logger"),
        "exceptions": [
            {
                **{key: value.get(key) for key in ("type", "module", "value", "mechanism")},
                "frames": [
                    {key: frame.get(key) for key in FRAME}
                    for frame in shortened((value.get("stacktrace") or {"frames": []})["frames"])
                ],
            }
            for value in values
        ],
    }
    with open(os.environ["SENTRY_EVENTS"], "a") as file:
        file.write(json.dumps(short, ensure_ascii=False) + "\n")


def transport(event):
    written(event)


sentry_sdk.init(dsn="http://key@127.0.0.1:1/1", transport=transport, send_client_reports=False, auto_session_tracking=False)
