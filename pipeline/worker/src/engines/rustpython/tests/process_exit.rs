//! Ends that nothing catches: the program ends its process, or computes what fits into no memory.

use super::*;

const CATCHES_ALL: &str = "\
import os
def f(how, status):
    print('before')
    try:
        try:
            how(status) if status is not None else how()
        except BaseException:
            print('caught')
        finally:
            print('cleaned up')
    except BaseException:
        return 'caught'
    return 'went on'
";

#[test]
fn nothing_catches_the_end_of_the_process() {
    check_ending(
        call(CATCHES_ALL, "f(os._exit, 4)"),
        expect![[r#"
            exited os._exit: 4 at Some(6) stdout "before\n" imports ["os"]
        "#]],
    );
    check_ending(
        call(CATCHES_ALL, "f(os.abort, None)"),
        expect![[r#"
            crashed stdout "before\n" imports ["os"] retiring
        "#]],
    );
    check_ending(
        call("import os\nclass C:\n    def __index__(self): return 3\ndef f():\n    os._exit(status=C())\n", "f()"),
        expect![[r#"
            exited os._exit: 3 at Some(5) imports ["os"]
        "#]],
    );
    check_ending(
        call("import os\ndef f():\n    os._exit(1 << 40)\n", "f()"),
        expect![[r#"
            raised OverflowError: signed integer is greater than maximum at Some(3) imports ["os"]
        "#]],
    );
    check_ending(
        call("import os\nos._exit(2)\ndef f():\n    pass\n", "f()"),
        expect![[r#"
            setup_failed os._exit: 2 at Some(2) imports ["os"]
        "#]],
    );
}

#[test]
fn frames_stay_open_at_the_end_of_the_process() {
    let source =
        "import os\ndef g():\n    os._exit(0)\ndef f():\n    try:\n        g()\n    finally:\n        print(1)\n";
    let (events, execution) = run_one(call(source, "f()"));
    expect![[r#"
        call f0 L4 f parent=None depth=0
        line f0 L5
        line f0 L6
        call f1 L2 g parent=Some(0) depth=1
        line f1 L3
        exited os._exit: 0 at Some(3) imports ["os"]
    "#]]
    .assert_eq(&show(&events, &execution));
}

#[test]
fn powers_that_no_memory_has_room_for() {
    let tries = "def f(n, power=pow):\n    try:\n        return power(n, 10 ** 21)\n    except BaseException:\n        return 'caught'\n";
    for input in [
        "f(10)",
        "f(-2)",
        "f(True + 1)",
        "f(2, lambda a, b: a ** b)",
        "f(type('I', (int,), {})(3))",
        "f(5, lambda a, b: pow(a, 1 << 63))",
    ] {
        let (_, execution) = run_one(call(tries, input));
        assert_eq!(execution.finished.outcome, Outcome::MemoryLimit, "{input}");
    }
    // CPython 3.13 gives these.
    for (input, expected) in [
        ("f(1)", "1"),
        ("f(-1)", "1"),
        ("f(True)", "1"),
        ("f(0)", "0"),
        ("f(2, lambda a, b: a ** -b)", "0.0"),
        ("f(3, lambda a, b: pow(a, b, 7))", "4"),
        ("f(1, lambda a, b: a << b)", "'caught'"),
        ("f(0, lambda a, b: a << b)", "0"),
        ("f(-1, lambda a, b: a >> b)", "-1"),
        ("f(2.0)", "'caught'"),
    ] {
        let (_, execution) = run_one(call(tries, input));
        assert_eq!(execution.finished.result.map(|value| value.repr()).as_deref(), Some(expected), "{input}");
    }
}
