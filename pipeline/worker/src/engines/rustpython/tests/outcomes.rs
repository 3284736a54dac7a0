//! How jobs end, and what they leave behind.

use super::*;

#[test]
fn a_main_guard_stays_shut_for_calls() {
    check_ending(
        call("x = __name__\nif __name__ == '__main__':\n    1 / 0\ndef f():\n    return x\n", "f()"),
        expect![[r#"
            returned 'unit'
        "#]],
    );
}

#[test]
fn uncaught() {
    check_ending(
        call("def f(n):\n    if n:\n        raise ValueError(f'bad {n}')\n", "f(3)"),
        expect![[r#"
            raised ValueError: bad 3 at Some(3)
        "#]],
    );
}

#[test]
fn its_own_exception_and_text() {
    check_ending(
        call(
            "class Bad(Exception):\n    def __str__(self):\n        return 'own text'\ndef f():\n    raise Bad(object())\n",
            "f()",
        ),
        expect![[r#"
            raised Bad: own text at Some(5)
        "#]],
    );
}

#[test]
fn addresses_are_taken_out_of_messages() {
    check_ending(
        call("def f():\n    raise ValueError(repr(object()))\n", "f()"),
        expect![[r#"
            raised ValueError: <object object> at Some(2)
        "#]],
    );
}

#[test]
fn exit() {
    check_ending(
        call("import sys\ndef f():\n    sys.exit(3)\n", "f()"),
        expect![[r#"
            exited SystemExit: 3 at Some(3) imports ["sys"]
        "#]],
    );
}

#[test]
fn exit_of_a_program() {
    check_ending(
        program("print(1)\nexit()\n"),
        expect![[r#"
            exited SystemExit: None at Some(2) stdout "1\n"
        "#]],
    );
}

#[test]
fn a_missing_module_in_the_unit() {
    check_ending(
        call("import numpy as np\ndef f():\n    return 1\n", "f()"),
        expect![[r#"
            unsupported_import ModuleNotFoundError: No module named 'numpy' at Some(1)
        "#]],
    );
}

#[test]
fn a_missing_module_in_the_call() {
    check_ending(
        call("def f():\n    import torch\n", "f()"),
        expect![[r#"
            unsupported_import ModuleNotFoundError: No module named 'torch' at Some(2)
        "#]],
    );
}

#[test]
fn the_unit_does_not_compile() {
    check_ending(
        call("def f(:\n    pass\n", "f()"),
        expect![[r#"
            compile_failed SyntaxError: '(' was never closed (<unit>, line 1) at Some(1)
        "#]],
    );
}

#[test]
fn the_call_does_not_compile() {
    check_ending(
        call("def f():\n    pass\n", "f("),
        expect![[r#"
            invalid_input SyntaxError: '(' was never closed (<call>, line 1) at None
        "#]],
    );
}

#[test]
fn the_unit_raises_before_the_call() {
    check_ending(
        call("def f():\n    pass\nx = [][1]\n", "f()"),
        expect![[r#"
            setup_failed IndexError: list index out of range at Some(3)
        "#]],
    );
}

#[test]
fn an_unknown_name_in_the_call() {
    check_ending(
        call("def f(x):\n    pass\n", "f(undefined)"),
        expect![[r#"
            raised NameError: name 'undefined' is not defined at None
        "#]],
    );
}

#[test]
fn runaway_recursion_is_the_programs_error() {
    check_ending(
        call("def f(n):\n    return f(n + 1)\n", "f(0)"),
        expect![[r#"
            raised RecursionError: maximum recursion depth exceeded at Some(2)
        "#]],
    );
}

#[test]
fn the_recursion_limit_cannot_be_raised() {
    check_ending(
        call("import sys\nsys.setrecursionlimit(10**6)\ndef f(n):\n    return f(n + 1)\n", "f(0)"),
        expect![[r#"
            raised RecursionError: maximum recursion depth exceeded at Some(4) imports ["sys"]
        "#]],
    );
}

#[test]
fn deep_native_recursion_survives() {
    check_ending(
        call(
            "def f():\n    it = [1]\n    for _ in range(3000):\n        it = map(abs, it)\n    return list(it)\n",
            "f()",
        ),
        expect![[r#"
            returned [1]
        "#]],
    );
}

#[test]
fn deep_nesting_is_rendered() {
    check_ending(
        call("def f():\n    x = []\n    for _ in range(2000):\n        x = [x]\n    return len(x)\n", "f()"),
        expect![[r#"
            returned 1
        "#]],
    );
}

#[test]
fn a_huge_integer() {
    check_ending(
        call("def f():\n    x = 1 << 1000000\n    return x\n", "f()"),
        expect![[r#"
            returned <int of 1000001 bits>
        "#]],
    );
}

#[test]
fn int_digits_limit_does_not_raise() {
    check_ending(
        call("def f():\n    x = 10 ** 5000\n    return x % 7\n", "f()"),
        expect![[r#"
            returned 2
        "#]],
    );
}

#[test]
fn closed_output_is_the_programs_error() {
    check_ending(
        call("import sys\ndef f():\n    sys.stdout.close()\n    print(1)\n", "f()"),
        expect![[r#"
            raised ValueError: I/O operation on closed file. at Some(4) imports ["sys"]
        "#]],
    );
}

#[test]
fn output_taken_away_hurts_nobody() {
    check_ending(
        call("import sys\ndef f():\n    sys.stdout = None\n    print(1)\n    del sys.stdout\n    return 2\n", "f()"),
        expect![[r#"
            raised AttributeError: 'NoneType' object has no attribute 'write' at Some(4) imports ["sys"]
        "#]],
    );
}

#[test]
fn bytes_can_be_written_too() {
    check_ending(
        call(
            "import sys\ndef f():\n    sys.stdout.buffer.write(b'hi')\n    sys.stdout.write('!')\n    print('lost', file=sys.stderr)\n",
            "f()",
        ),
        expect![[r#"
            returned None stdout "hi!" imports ["sys"]
        "#]],
    );
}

#[test]
fn files_are_not_there() {
    check_ending(
        call(
            "def f():\n    try:\n        open('/etc/passwd')\n    except FileNotFoundError as e:\n        return str(e)\n",
            "f()",
        ),
        expect![[r#"
            returned "[Errno 2] No such file or directory: '/etc/passwd'"
        "#]],
    );
}

#[test]
fn sums_of_floats_are_compensated() {
    check_ending(
        call(
            "def f():\n    return sum([0.1] * 10), sum([1, True, 2.5]), sum([], 5), sum([[1], [2]], []), sum([1e308, 1e308, -1e308])\n",
            "f()",
        ),
        expect![[r#"
            returned (1.0, 4.5, 5, [1, 2], inf)
        "#]],
    );
}

#[test]
fn sum_refuses_strings() {
    check_ending(
        call("def f():\n    return sum(['a'], '')\n", "f()"),
        expect![[r#"
            raised TypeError: sum() can't sum strings [use ''.join(seq) instead] at Some(2)
        "#]],
    );
}

#[test]
fn many_library_modules_load() {
    check_ending(
        call(
            "import random, statistics, dataclasses, contextlib, inspect, functools, threading, logging, enum, typing, collections, itertools, re, json, datetime, decimal, fractions, heapq, bisect, string, math, copy, abc, operator, os, time, tempfile, pathlib, unittest, textwrap, hashlib, uuid, queue, array, struct, pprint, io\ndef f():\n    return decimal.Decimal('1.10') + 1, fractions.Fraction(1, 3), datetime.date(2024, 1, 2), os.path.join('a', 'b')\n",
            "f()",
        ),
        expect![[r#"
            returned (Decimal('2.10'), Fraction(1, 3), datetime.date(2024, 1, 2), 'a/b') imports ["abc", "array", "bisect", "collections", "contextlib", "copy", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "heapq", "inspect", "io", "itertools", "json", "logging", "math", "operator", "os", "pathlib", "pprint", "queue", "random", "re", "statistics", "string", "struct", "tempfile", "textwrap", "threading", "time", "typing", "unittest", "uuid"]
        "#]],
    );
}

#[test]
fn data_classes_and_enums() {
    check_ending(
        call(
            "from dataclasses import dataclass\nfrom enum import Enum\nfrom collections import namedtuple\n@dataclass\nclass P:\n    x: int\n    y: list\nclass Color(Enum):\n    RED = 1\nT = namedtuple('T', 'a b')\ndef f():\n    return P(1, [Color.RED]), T(1, 'x')\n",
            "f()",
        ),
        expect![[r#"
            returned (P(x=1, y=[<Color.RED: 1>]), T(a=1, b='x')) imports ["collections", "dataclasses", "enum"]
        "#]],
    );
}

#[test]
fn tracing_is_out_of_reach() {
    check_ending(
        call(
            "import sys\ndef f():\n    sys.settrace(lambda *a: 1 / 0)\n    return sys.gettrace() is None or 1\n",
            "f()",
        ),
        expect![[r#"
            returned True imports ["sys"]
        "#]],
    );
}

#[test]
fn an_endless_program_that_catches_everything_stops() {
    check_ending(
        call(
            "def f():\n    n = 0\n    while True:\n        try:\n            while True:\n                n += 1\n        except:\n            pass\n",
            "f()",
        ),
        expect![[r#"
            step_limit
        "#]],
    );
}

#[test]
fn an_endless_set_up_stops() {
    check_ending(
        call("while True:\n    pass\ndef f():\n    pass\n", "f()"),
        expect![[r#"
            step_limit
        "#]],
    );
}

#[test]
fn an_endless_harness_stops() {
    check_ending(
        {
            let mut job = call("def f():\n    return 1\n", "check(f)");
            job.setup = "def check(g):\n    while True:\n        pass\n".to_owned();
            job
        },
        expect![[r#"
            step_limit
        "#]],
    );
}

#[test]
fn an_endless_check_does_not_hold() {
    check_ending(
        {
            let mut job = call("def f():\n    return 1\ndef spin():\n    while True:\n        pass\n", "f()");
            job.check = Some("spin()".to_owned());
            job
        },
        expect![[r#"
            returned 1 check=false
        "#]],
    );
}

#[test]
fn a_check_that_raises_does_not_hold() {
    check_ending(
        {
            let mut job = call("def f():\n    return 1\n", "f()");
            job.check = Some("1 / 0".to_owned());
            job
        },
        expect![[r#"
            returned 1 check=false
        "#]],
    );
}

#[test]
fn a_check_that_holds() {
    check_ending(
        {
            let mut job = call("def f():\n    return 1\n", "f()");
            job.check = Some("__result__ == 1".to_owned());
            job
        },
        expect![[r#"
            returned 1 check=true
        "#]],
    );
}

#[test]
fn too_much_output_stops() {
    check_ending(
        {
            let mut job = call("def f():\n    while True:\n        print('x' * 10000)\n", "f()");
            job.limits.output_bytes = 30;
            job
        },
        expect![[r#"
            output_limit stdout "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "#]],
    );
}

#[test]
fn too_long_a_trace_stops() {
    check_ending(
        {
            let mut job = call("def f():\n    x = ''\n    while True:\n        x += 'abcdefgh'\n", "f()");
            job.limits.trace_bytes = 2000;
            job
        },
        expect![[r#"
            trace_limit
        "#]],
    );
}

#[test]
fn nothing_comes_after_the_limit_at_instruction_granularity() {
    use tracemill_trace::{Granularity, Subscription};
    for (source, limit) in [("x += 'abcdefgh'", 40..60), ("x = x", 60..80)] {
        for limit in limit {
            let mut job = call(&format!("def f():\n    x = ''\n    while True:\n        {source}\n"), "f()");
            job.subscription = Subscription { granularity: Granularity::Instruction, ..job.subscription };
            job.limits.events_max = limit;
            let (events, execution) = run_one(job.clone());
            assert_eq!((events.len() as u64, execution.finished.outcome), (limit, Outcome::StepLimit), "{source}");
            (job.limits.events_max, job.limits.trace_bytes) = (u64::MAX, 10 * limit);
            assert_eq!(run_one(job).1.finished.outcome, Outcome::TraceLimit, "{source}");
        }
    }
}

#[test]
fn input_is_read() {
    check_ending(
        {
            let mut job = program(
                "n = int(input('n? '))\nimport sys\nrest = sys.stdin.read().split()\nprint(n, rest)\ntry:\n    input()\nexcept EOFError as e:\n    print('end', e)\n",
            );
            job.stdin = "5\na b\nc\n".to_owned();
            job
        },
        expect![[r#"
            returned stdout "n? 5 ['a', 'b', 'c']\nend EOF when reading a line\n" imports ["sys"]
        "#]],
    );
}

/// Runs the jobs on one interpreter and shows their endings.
fn check_endings(jobs: Vec<Job>, expect: Expect) {
    let shown: String = run(jobs).iter().map(|(_, execution)| show(&[], execution)).collect();
    expect.assert_eq(&shown);
}

#[test]
fn jobs_do_not_see_each_others_globals() {
    let first = call("import json\nx = 1\ndef f():\n    global y\n    y = 2\n    return x\n", "f()");
    let second = call("def f():\n    return [name for name in ('x', 'y', 'json') if name in globals()]\n", "f()");
    check_endings(
        vec![first, second],
        expect![[r#"
        returned 1 imports ["json"]
        returned []
    "#]],
    );
}

#[test]
fn a_library_module_that_wants_a_native_one_is_missing_at_once() {
    check_ending(
        call(
            "def f():\n    try:\n        import asyncio\n    except ImportError as error:\n        return error.name\n",
            "f()",
        ),
        expect![[r#"
            returned '_socket'
        "#]],
    );
}

#[test]
fn chance_and_time_repeat() {
    let source = "import random, time, os, uuid, datetime, _random, sys\ndef f():\n    now = datetime.datetime.now(), datetime.datetime.utcnow(), datetime.datetime.now(datetime.timezone.utc)\n    return now, random.random(), random.Random().random(), _random.Random().random(), time.time(), os.urandom(2), time.sleep(5), time.perf_counter(), sys.executable\n";
    let results = run(vec![call(source, "f()"), call(source, "f()")]);
    assert_eq!(results[0].1, results[1].1);
    let seen = results[0].1.finished.result.as_ref().unwrap().repr();
    assert!(seen.starts_with("((datetime.datetime(2023, 11, 14, 22, 13, 20, 1), "), "{seen}");
}

#[test]
fn an_id_that_the_program_asks_for_is_labelled_and_the_librarys_own_is_not() {
    let labels = |text: &str| run(vec![call(text, "f()")]).remove(0).1.finished.labels;
    assert_eq!(labels("def f():\n    return id([]) > 0\n"), ["id"]);
    assert_eq!(labels("def f():\n    return sorted([[], [1]], key=id) != 1\n"), ["id"]);
    assert_eq!(labels("import copy\ndef f():\n    return copy.deepcopy([[1], [2]])\n"), [""; 0]);
}

#[test]
fn a_stopped_job_leaves_nothing_behind() {
    let spin = call("def f():\n    while True:\n        pass\n", "f()");
    let clean = call("def f():\n    return sum(i for i in range(5))\n", "f()");
    let results = run(vec![spin.clone(), clean.clone(), spin, clean.clone()]);
    let fresh = run_one(clean);
    assert_eq!(show(&results[1].0, &results[1].1), show(&fresh.0, &fresh.1));
    assert_eq!(show(&results[3].0, &results[3].1), show(&fresh.0, &fresh.1));
    assert_eq!(results[0].0.len() as u64, Limits::default().events_max);
    assert_eq!(results[0].1, results[2].1);
}

#[test]
fn a_job_starts_with_a_state_of_its_own() {
    let changes = "import os, sys\ndef f():\n    print('left behind')\n    sys.setrecursionlimit(60)\n    os.urandom(3)\n    sys.stdout.close()\n    return id(f) > 0\n";
    let reads =
        "import os, sys\ndef f():\n    print('read')\n    return sys.getrecursionlimit(), list(os.urandom(3))\n";
    let results = run(vec![call(changes, "f()"), call(reads, "f()")]);
    assert_eq!(results[0].1.finished.labels, ["id"]);
    let alone = run_one(call(reads, "f()"));
    assert_eq!(show(&results[1].0, &results[1].1), show(&alone.0, &alone.1));
    assert_eq!((results[1].1.finished.stdout.as_str(), &results[1].1.finished.labels), ("read\n", &Vec::new()));
}

#[test]
fn a_unit_that_ran_hot_gives_the_same_events() {
    let job = call(
        "def f(n):\n    out = []\n    for i in range(n):\n        out.append(str(i))\n    return ''.join(out)\n",
        "f(200)",
    );
    let results = run(vec![job.clone(), job.clone(), job]);
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

#[test]
fn an_endless_program_without_events_stops() {
    let mut job = call("def f():\n    while True:\n        x = 1\n", "f()");
    job.subscription.granularity = tracemill_trace::Granularity::Outcome;
    let (events, execution) = run(vec![job]).remove(0);
    assert!(events.is_empty());
    assert_eq!(execution.finished.outcome, tracemill_trace::Outcome::StepLimit);
}
