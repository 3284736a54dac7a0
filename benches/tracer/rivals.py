"""The tracers that people write for CPython.

Usage: rivals.py TRACER JOBS.jsonl OUTPUT [FOLDER]; prints the executions and the events it made. TRACER is one of

- `floor`: no trace function at all;
- `noop`: `sys.settrace` with a function that does nothing;
- `json`: `sys.settrace`, `repr` of every local, a JSON line per event;
- `native`: `PyEval_SetTrace` from a C extension, which FOLDER holds; `repr` of every local, a line of text per event.
"""

import contextlib
import io
import json
import sys

UNIT = "<unit>"
events = 0


def noop(frame, event, arg):
    return noop


def json_lines(path):
    out = open(path, "w")

    def tracer(frame, event, arg):
        global events
        if frame.f_code.co_filename != UNIT:
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

    return (lambda: sys.settrace(tracer)), (lambda: sys.settrace(None)), out.close


def native(path, folder):
    sys.path.insert(0, folder)
    import native_tracer

    def close():
        global events
        events = native_tracer.close()

    native_tracer.open(path, UNIT)
    return native_tracer.start, native_tracer.stop, close


def nothing():
    pass


def run(job, code, start, stop):
    names = {"__name__": "__main__" if job["program"] else "unit"}
    sys.stdin = io.StringIO(job["stdin"])
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            if job["program"]:
                start()
                exec(code, names)
            else:
                exec(code, names)
                exec(job["setup"], names)
                call = compile(job["call"], "<call>", "eval")
                start()
                eval(call, names)
        except (Exception, SystemExit):
            pass
        finally:
            stop()


def main(tracer, jobs, output, folder):
    executions = 0
    start, stop, close = {
        "floor": lambda: (nothing, nothing, nothing),
        "noop": lambda: ((lambda: sys.settrace(noop)), (lambda: sys.settrace(None)), nothing),
        "json": lambda: json_lines(output),
        "native": lambda: native(output, folder),
    }[tracer]()
    source = code = None
    with open(jobs) as lines:
        for line in lines:
            job = json.loads(line)
            if job["source"] != source:
                source = job["source"]
                try:
                    code = compile(source, UNIT, "exec")
                except SyntaxError:
                    code = compile("raise SyntaxError", UNIT, "exec")
            run(job, code, start, stop)
            executions += 1
    close()
    print(executions, events)


main(*sys.argv[1:4], sys.argv[4] if len(sys.argv) > 4 else None)
