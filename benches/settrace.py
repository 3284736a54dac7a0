"""The tracer that people write: sys.settrace, repr of every local, a JSON line per event.

Usage: settrace.py JOBS.jsonl EVENTS.jsonl; prints the executions and events it made.
"""

import contextlib
import io
import json
import sys

executions = events = 0


def trace_one(job, code, out):
    global events
    names = {"__name__": "__main__" if job["program"] else "unit"}

    def tracer(frame, event, arg):
        global events
        if frame.f_code.co_filename != "<unit>":
            return None
        events += 1
        record = {
            "event": event,
            "line": frame.f_lineno,
            "function": frame.f_code.co_name,
            "locals": {name: repr(value) for name, value in frame.f_locals.items() if not name.startswith("__")},
        }
        if event == "return":
            record["value"] = repr(arg)
        elif event == "exception":
            record["exception"] = repr(arg[1])
        out.write(json.dumps(record) + "\n")
        return tracer

    sys.stdin = io.StringIO(job["stdin"])
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            if job["program"]:
                sys.settrace(tracer)
                exec(code, names)
            else:
                exec(code, names)
                exec(job["setup"], names)
                call = compile(job["call"], "<call>", "eval")
                sys.settrace(tracer)
                eval(call, names)
        except (Exception, SystemExit):
            pass
        finally:
            sys.settrace(None)


with open(sys.argv[1]) as jobs, open(sys.argv[2], "w") as out:
    source = code = None
    for line in jobs:
        job = json.loads(line)
        if job["source"] != source:
            source = job["source"]
            try:
                code = compile(source, "<unit>", "exec")
            except SyntaxError:
                code = compile("raise SyntaxError", "<unit>", "exec")
        trace_one(job, code, out)
        executions += 1
print(executions, events)
