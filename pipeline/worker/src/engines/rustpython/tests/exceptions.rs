//! Events of exceptions: raised, handled, propagated, and the end of an iterator that is written in Python.

use super::*;

#[test]
fn an_exception_passes_through_frames_and_finally() {
    check(
        call(
            "def inner(d):\n    try:\n        return d['k']\n    finally:\n        d['seen'] = 1\n\ndef outer():\n    d = {}\n    try:\n        inner(d)\n    except KeyError as e:\n        return repr(e)\n",
            "outer()",
        ),
        expect![[r#"
            call f0 L7 outer parent=None depth=0
            line f0 L8
            line f0 L9 +l:d={}
            line f0 L10
            call f1 L1 inner parent=Some(0) depth=1 +l:d={}
            line f1 L2
            line f1 L3
            exception f1 L3 !KeyError: 'k'
            line f1 L5
            unwind f1 L5 ~l:d={'seen': 1} !KeyError: 'k'
            exception f0 L10 ~l:d={'seen': 1} !KeyError: 'k'
            line f0 L11
            handled f0 L11 !KeyError: 'k'
            line f0 L12 +l:e=KeyError('k')
            return f0 L12 -l:e= -> "KeyError('k')"
            returned "KeyError('k')"
        "#]],
    );
}

#[test]
fn the_exception_that_leaves_is_named_even_after_another_was_handled() {
    check(
        call(
            "def f():\n    try:\n        1 / 0\n    finally:\n        try:\n            int('x')\n        except ValueError:\n            pass\n\ndef g():\n    try:\n        f()\n    except ZeroDivisionError:\n        return 'caught'\n",
            "g()",
        ),
        expect![[r#"
            call f0 L10 g parent=None depth=0
            line f0 L11
            line f0 L12
            call f1 L1 f parent=Some(0) depth=1
            line f1 L2
            line f1 L3
            exception f1 L3 !ZeroDivisionError: division by zero
            line f1 L5
            line f1 L6
            exception f1 L6 !ValueError: invalid literal for int() with base 10: 'x'
            line f1 L7
            handled f1 L7 !ValueError: invalid literal for int() with base 10: 'x'
            line f1 L8
            unwind f1 L8 !ZeroDivisionError: division by zero
            exception f0 L12 !ZeroDivisionError: division by zero
            line f0 L13
            handled f0 L13 !ZeroDivisionError: division by zero
            line f0 L14
            return f0 L14 -> 'caught'
            returned 'caught'
        "#]],
    );
}

#[test]
fn an_exception_ends_the_call() {
    check(
        call("def f(x):\n    return x.missing\n", "f(1)"),
        expect![[r#"
            call f0 L1 f parent=None depth=0 +l:x=1
            line f0 L2
            exception f0 L2 !AttributeError: 'int' object has no attribute 'missing'
            unwind f0 L2 !AttributeError: 'int' object has no attribute 'missing'
            raised AttributeError: 'int' object has no attribute 'missing' at Some(2)
        "#]],
    );
}

#[test]
fn the_end_of_a_python_iterator_is_an_exception() {
    check(
        call(
            "class It:\n    def __init__(self):\n        self.n = 0\n    def __iter__(self):\n        return self\n    def __next__(self):\n        self.n += 1\n        if self.n > 1:\n            raise StopIteration\n        return self.n\n\ndef f():\n    for x in It():\n        pass\n    return x\n",
            "f()",
        ),
        expect![[r#"
            call f0 L12 f parent=None depth=0
            line f0 L13
            call f1 L2 It.__init__ parent=Some(0) depth=1 +l:self=It()
            line f1 L3
            return f1 L3 ~l:self=It(n=0) -> None
            call f2 L4 It.__iter__ parent=Some(0) depth=1 +l:self=It(n=0)
            line f2 L5
            return f2 L5 -> It(n=0)
            call f3 L6 It.__next__ parent=Some(0) depth=1 +l:self=It(n=0)
            line f3 L7
            line f3 L8 ~l:self=It(n=1)
            line f3 L10
            return f3 L10 -> 1
            line f0 L14 +l:x=1 +i:for 13=It(n=0)[1 drawn, ? left]
            line f0 L13
            call f4 L6 It.__next__ parent=Some(0) depth=1 +l:self=It(n=1)
            line f4 L7
            line f4 L8 ~l:self=It(n=2)
            line f4 L9
            exception f4 L9 !StopIteration
            unwind f4 L9 !StopIteration
            exception f0 L13 !StopIteration
            line f0 L15 -i:for 13=
            return f0 L15 -> 1
            returned 1
        "#]],
    );
}

#[test]
fn a_with_block_and_a_context_manager() {
    check(
        call(
            "from contextlib import contextmanager\n\n@contextmanager\ndef box(log):\n    log.append('in')\n    yield 7\n    log.append('out')\n\ndef f():\n    log = []\n    with box(log) as v:\n        log.append(v)\n    return log\n",
            "f()",
        ),
        expect![[r#"
            call f0 L9 f parent=None depth=0
            line f0 L10
            line f0 L11 +l:log=[]
            call f1 L3 box parent=Some(0) depth=1 +l:log=[]
            line f1 L5
            line f1 L6 ~l:log=['in']
            yield f1 L6 -> 7
            line f0 L12 ~l:log=['in'] +l:v=7
            line f0 L11 ~l:log=['in', 7]
            resume f1 L6 ~l:log=['in', 7]
            line f1 L7
            return f1 L7 ~l:log=['in', 7, 'out'] -> None
            line f0 L13 ~l:log=['in', 7, 'out']
            return f0 L13 -> ['in', 7, 'out']
            returned ['in', 7, 'out'] imports ["contextlib"]
        "#]],
    );
}
