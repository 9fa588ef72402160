"""The peers' side of the conversation with `cargo xtask bench`: a line of JSON is a request, and gets one of answer."""

import json
import sys


def serve(make, versions):
    """Answers until standard input ends; `make` makes the model that a `start` asks for."""
    model = None
    for line in sys.stdin:
        try:
            request = json.loads(line)
            match request["op"]:
                case "about":
                    reply = {"versions": {"python": sys.version.split()[0], **versions}}
                case "start":
                    model, reply = make(request), {}
                case "advance":
                    reply = {"seconds": model.advance(request["steps"])}
                case "state":
                    reply = model.state()
                case other:
                    raise ValueError(f"op: {other} is none of about, start, advance, state")
        except Exception as error:  # The other side decides what a failure means.
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)
