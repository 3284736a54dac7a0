//! Events of calls, lines, loops and output.

use super::*;

#[test]
fn a_call_binds_parameters_and_returns() {
    check(
        call("def add(a, b=2):\n    c = a + b\n    return c\n", "add(1)"),
        expect![[r#"
            call f0 L1 add parent=None depth=0 +l:a=1 +l:b=2
            line f0 L2
            line f0 L3 +l:c=3
            return f0 L3 -> 3
            returned 3
        "#]],
    );
}

#[test]
fn a_loop_shows_only_what_differs() {
    check(
        call("def f(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total\n", "f(3)"),
        expect![[r#"
            call f0 L1 f parent=None depth=0 +l:n=3
            line f0 L2
            line f0 L3 +l:total=0
            line f0 L4 +l:i=0 +i:for 3=range(0, 3)[1 drawn, 2 left]
            line f0 L3
            line f0 L4 =l:i=1 =i:for 3=2
            line f0 L3 =l:total=1
            line f0 L4 =l:i=2 =i:for 3=3
            line f0 L3 =l:total=3
            line f0 L5 -i:for 3=
            return f0 L5 -> 3
            returned 3
        "#]],
    );
}

#[test]
fn recursion_numbers_frames_by_first_call() {
    check(
        call("def fact(n):\n    return 1 if n < 2 else n * fact(n - 1)\n", "fact(3)"),
        expect![[r#"
            call f0 L1 fact parent=None depth=0 +l:n=3
            line f0 L2
            call f1 L1 fact parent=Some(0) depth=1 +l:n=2
            line f1 L2
            call f2 L1 fact parent=Some(1) depth=2 +l:n=1
            line f2 L2
            return f2 L2 -> 1
            return f1 L2 -> 2
            return f0 L2 -> 6
            returned 6
        "#]],
    );
}

#[test]
fn a_comprehension_runs_in_its_frame() {
    check(
        call(
            "def f(n):\n    squares = [i * i for i in range(n)]\n    return {k: v for k, v in enumerate(squares)}\n",
            "f(3)",
        ),
        expect![[r#"
            call f0 L1 f parent=None depth=0 +l:n=3
            line f0 L2
            line f0 L2 +l:i=0 +i:for 2=range(0, 3)[1 drawn, 2 left]
            line f0 L2 =l:i=1 =i:for 2=2
            line f0 L2 =l:i=2 =i:for 2=3
            line f0 L3 -l:i= +l:squares=[0, 1, 4] -i:for 2=
            line f0 L3 +l:k=0 +l:v=0 +i:for 3=enumerate([0, 1, 4])[1 drawn, ? left]
            line f0 L3 =l:k=1 =l:v=1 =i:for 3=2
            line f0 L3 =l:k=2 =l:v=4 =i:for 3=3
            return f0 L3 -l:k= -l:v= -i:for 3= -> {0: 0, 1: 1, 2: 4}
            returned {0: 0, 1: 1, 2: 4}
        "#]],
    );
}

#[test]
fn output_belongs_to_the_next_event() {
    check(
        call("def f():\n    print('a')\n    print('b', end='')\n    return 1\n", "print(f()) or 2"),
        expect![[r#"
            call f0 L1 f parent=None depth=0
            line f0 L2
            line f0 L3 print "a\n"
            line f0 L4 print "b"
            return f0 L4 -> 1
            returned 2 stdout "a\nb1\n"
        "#]],
    );
}

#[test]
fn decorated_functions_report_their_def() {
    check(
        call(
            "def twice(f):\n    def wrapper(x):\n        return f(f(x))\n    return wrapper\n\n@twice\ndef inc(x):\n    return x + 1\n",
            "inc(1)",
        ),
        expect![[r#"
            call f0 L2 twice.<locals>.wrapper parent=None depth=0 +l:x=1 +c:f=<function inc>
            line f0 L3
            call f1 L6 inc parent=Some(0) depth=1 +l:x=1
            line f1 L8
            return f1 L8 -> 2
            call f2 L6 inc parent=Some(0) depth=1 +l:x=2
            line f2 L8
            return f2 L8 -> 3
            return f0 L3 -> 3
            returned 3
        "#]],
    );
}

#[test]
fn a_hot_loop_gives_the_same_events() {
    check(
        call(
            "def f():\n    s = ''\n    for c in 'abc':\n        s += c\n    return s\n\ndef g():\n    for _ in range(50):\n        f()\n    return f()\n",
            "f()",
        ),
        expect![[r#"
            call f0 L1 f parent=None depth=0
            line f0 L2
            line f0 L3 +l:s=''
            line f0 L4 +l:c='a' +i:for 3='abc'[1 drawn, 2 left]
            line f0 L3 =l:s='a'
            line f0 L4 =l:c='b' =i:for 3=2
            line f0 L3 =l:s='ab'
            line f0 L4 =l:c='c' =i:for 3=3
            line f0 L3 =l:s='abc'
            line f0 L5 -i:for 3=
            return f0 L5 -> 'abc'
            returned 'abc'
        "#]],
    );
}

#[test]
fn the_harness_of_a_test_is_not_recorded() {
    let mut job = call("def f(x):\n    return -x\n", "check(f)");
    job.setup = "def check(candidate):\n    assert candidate(1) == -1\n    assert candidate(2) == -2\n".to_owned();
    check(
        job,
        expect![[r#"
        call f0 L1 f parent=None depth=0 +l:x=1
        line f0 L2
        return f0 L2 -> -1
        call f1 L1 f parent=None depth=0 +l:x=2
        line f1 L2
        return f1 L2 -> -2
        returned None
    "#]],
    );
}
