//! What is recorded.

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
fn a_container_that_changes_in_place_is_mutated() {
    check(
        call(
            "def f():\n    a = [1]\n    a.append(2)\n    a = [1, 2, 3]\n    d = {}\n    d['k'] = a\n    a.append(4)\n    del a\n    return d\n",
            "f()",
        ),
        expect![[r#"
            call f0 L1 f parent=None depth=0
            line f0 L2
            line f0 L3 +l:a=[1]
            line f0 L4 ~l:a=[1, 2]
            line f0 L5 =l:a=[1, 2, 3]
            line f0 L6 +l:d={}
            line f0 L7 ~l:d={'k': [1, 2, 3]}
            line f0 L8 ~l:a=[1, 2, 3, 4] ~l:d={'k': [1, 2, 3, 4]}
            line f0 L9 -l:a=
            return f0 L9 -> {'k': [1, 2, 3, 4]}
            returned {'k': [1, 2, 3, 4]}
        "#]],
    );
}

#[test]
fn a_callee_mutates_what_the_caller_sees_next() {
    check(
        call("def g(xs):\n    xs.append(1)\ndef f():\n    xs = []\n    g(xs)\n    return xs\n", "f()"),
        expect![[r#"
            call f0 L3 f parent=None depth=0
            line f0 L4
            line f0 L5 +l:xs=[]
            call f1 L1 g parent=Some(0) depth=1 +l:xs=[]
            line f1 L2
            return f1 L2 ~l:xs=[1] -> None
            line f0 L6 ~l:xs=[1]
            return f0 L6 -> [1]
            returned [1]
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
fn a_generator_keeps_its_frame() {
    check(
        call(
            "def g(n):\n    for i in range(n):\n        yield i\n\ndef f():\n    s = 0\n    for v in g(2):\n        s += v\n    return s\n",
            "f()",
        ),
        expect![[r#"
            call f0 L5 f parent=None depth=0
            line f0 L6
            line f0 L7 +l:s=0
            call f1 L1 g parent=Some(0) depth=1 +l:n=2
            line f1 L2
            line f1 L3 +l:i=0 +i:for 2=range(0, 2)[1 drawn, 1 left]
            yield f1 L3 -> 0
            line f0 L8 +l:v=0 +i:for 7=<generator g>[1 drawn, ? left]
            line f0 L7
            resume f1 L3
            line f1 L2
            line f1 L3 =l:i=1 =i:for 2=2
            yield f1 L3 -> 1
            line f0 L8 =l:v=1 =i:for 7=2
            line f0 L7 =l:s=1
            resume f1 L3
            line f1 L2
            return f1 L2 -i:for 2= -> None
            line f0 L9 -i:for 7=
            return f0 L9 -> 1
            returned 1
        "#]],
    );
}

#[test]
fn two_generators_interleave() {
    check(
        call(
            "def g(t):\n    yield t\n    yield t + t\n\ndef f():\n    return [x for p in zip(g(1), g('a')) for x in p]\n",
            "f()",
        ),
        expect![[r#"
            call f0 L5 f parent=None depth=0
            line f0 L6
            call f1 L1 g parent=Some(0) depth=1 +l:t=1
            line f1 L2
            yield f1 L2 -> 1
            call f2 L1 g parent=Some(0) depth=1 +l:t='a'
            line f2 L2
            yield f2 L2 -> 'a'
            line f0 L6 +l:p=(1, 'a') +l:x=1 +i:for 6=zip(<generator g>, <generator g>)[1 drawn, ? left] +i:for 6=(1, 'a')[1 drawn, 1 left]
            line f0 L6 =l:x='a' =i:for 6=2
            line f0 L6 -i:for 6=
            resume f1 L2
            line f1 L3
            yield f1 L3 -> 2
            resume f2 L2
            line f2 L3
            yield f2 L3 -> 'aa'
            line f0 L6 =l:p=(2, 'aa') =l:x=2 =i:for 6=2 +i:for 6=(2, 'aa')[1 drawn, 1 left]
            line f0 L6 =l:x='aa' =i:for 6=2
            line f0 L6 -i:for 6=
            resume f1 L3
            return f1 L3 -> None
            resume f2 L3
            exception f2 L3 !GeneratorExit
            unwind f2 L3 !GeneratorExit
            return f0 L6 -l:p= -l:x= -i:for 6= -> [1, 'a', 2, 'aa']
            returned [1, 'a', 2, 'aa']
        "#]],
    );
}

#[test]
fn a_generator_is_left_as_a_value() {
    check(
        call("def g():\n    yield 1\n", "g()"),
        expect![[r#"
            returned <generator g>
        "#]],
    );
}

#[test]
fn what_is_sent_and_thrown_into_a_generator() {
    check(
        call(
            "def g():\n    try:\n        x = yield 1\n        yield x\n    except ValueError as e:\n        yield str(e)\n\ndef f():\n    it = g()\n    next(it)\n    it.send(5)\n    r = it.throw(ValueError('no'))\n    return r\n",
            "f()",
        ),
        expect![[r#"
            call f0 L8 f parent=None depth=0
            line f0 L9
            line f0 L10 +l:it=<generator g>
            call f1 L1 g parent=Some(0) depth=1
            line f1 L2
            line f1 L3
            yield f1 L3 -> 1
            line f0 L11
            resume f1 L3
            line f1 L4 +l:x=5
            yield f1 L4 -> 5
            line f0 L12
            resume f1 L4
            exception f1 L4 !ValueError: no
            line f1 L5
            handled f1 L5 !ValueError: no
            line f1 L6 +l:e=ValueError('no')
            yield f1 L6 -> 'no'
            line f0 L13 +l:r='no'
            return f0 L13 -> 'no'
            resume f1 L6
            exception f1 L6 !GeneratorExit
            unwind f1 L6 -l:e= !GeneratorExit
            returned 'no'
        "#]],
    );
}

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
fn a_closure_shows_what_it_captured() {
    check(
        call(
            "def counter():\n    n = 0\n    def bump():\n        nonlocal n\n        n += 1\n        return n\n    bump()\n    return bump() + n\n",
            "counter()",
        ),
        expect![[r#"
            call f0 L1 counter parent=None depth=0
            line f0 L2
            line f0 L3 +l:n=0
            line f0 L7 +l:bump=<function counter.<locals>.bump>
            call f1 L3 counter.<locals>.bump parent=Some(0) depth=1 +c:n=0
            line f1 L5
            line f1 L6 =c:n=1
            return f1 L6 -> 1
            line f0 L8 =l:n=1
            call f2 L3 counter.<locals>.bump parent=Some(0) depth=1 +c:n=1
            line f2 L5
            line f2 L6 =c:n=2
            return f2 L6 -> 2
            return f0 L8 =l:n=2 -> 4
            returned 4
        "#]],
    );
}

#[test]
fn globals_that_hold_data_are_shown() {
    check(
        call(
            "LIMIT = 2\nseen = []\ndef helper():\n    return LIMIT\ndef f(x):\n    global LIMIT\n    seen.append(x)\n    LIMIT = helper() + 1\n    return len(seen)\n",
            "f(1)",
        ),
        expect![[r#"
            call f0 L5 f parent=None depth=0 +l:x=1 +g:seen=[] +g:LIMIT=2
            line f0 L7
            line f0 L8 ~g:seen=[1]
            call f1 L3 helper parent=Some(0) depth=1 +g:LIMIT=2
            line f1 L4
            return f1 L4 -> 2
            line f0 L9 =g:LIMIT=3
            return f0 L9 -> 1
            returned 1
        "#]],
    );
}

#[test]
fn objects_are_shown_by_their_attributes() {
    check(
        call(
            "class Point:\n    def __init__(self, x):\n        self.x = x\n    def move(self, by):\n        self.x += by\n        return self\n    def __repr__(self):\n        return 1 / 0\n\ndef f():\n    p = Point(1)\n    p.move(2)\n    return p\n",
            "f()",
        ),
        expect![[r#"
            call f0 L10 f parent=None depth=0
            line f0 L11
            call f1 L2 Point.__init__ parent=Some(0) depth=1 +l:self=Point() +l:x=1
            line f1 L3
            return f1 L3 ~l:self=Point(x=1) -> None
            line f0 L12 +l:p=Point(x=1)
            call f2 L4 Point.move parent=Some(0) depth=1 +l:self=Point(x=1) +l:by=2
            line f2 L5
            line f2 L6 ~l:self=Point(x=3)
            return f2 L6 -> Point(x=3)
            line f0 L13 ~l:p=Point(x=3)
            return f0 L13 -> Point(x=3)
            returned Point(x=3)
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
fn a_program_has_its_globals_as_locals() {
    check(
        program(
            "import math\nx = 1\n\ndef double(v):\n    return v * 2\n\nclass C:\n    size = 3\n\ny = double(x) + math.floor(2.5)\nprint(y)\ndel x\nif __name__ == '__main__':\n    z = [y]\n    z.append(C.size)\n",
        ),
        expect![[r#"
            call f0 L1 <module> parent=None depth=0
            line f0 L1
            line f0 L2 +l:math=<module math>
            line f0 L4 +l:x=1
            line f0 L7 +l:double=<function double>
            call f1 L7 C parent=Some(0) depth=1
            line f1 L7
            line f1 L8
            return f1 L8 +l:size=3 -> None
            line f0 L10 +l:C=<class C>
            call f2 L4 double parent=Some(0) depth=1 +l:v=1
            line f2 L5
            return f2 L5 -> 2
            line f0 L11 +l:y=4
            line f0 L12 print "4\n"
            line f0 L13 -l:x=
            line f0 L14
            line f0 L15 +l:z=[4]
            return f0 L15 ~l:z=[4, 3] -> None
            returned stdout "4\n" imports ["math"]
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
fn a_coroutine_is_driven_to_its_end() {
    check(
        call("async def g():\n    return 2\n\nasync def f():\n    x = await g()\n    return x + 1\n", "f()"),
        expect![[r#"
            call f0 L4 f parent=None depth=0
            line f0 L5
            call f1 L1 g parent=Some(0) depth=1
            line f1 L2
            return f1 L2 -> 2
            line f0 L6 +l:x=2
            return f0 L6 -> 3
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
fn a_generator_that_is_closed_in_a_try_block_goes_on() {
    check(
        call(
            "def g():\n    try:\n        yield 1\n    finally:\n        print('closed')\n\ndef f():\n    it = g()\n    next(it)\n    it.close()\n    return 2\n",
            "f()",
        ),
        expect![[r#"
            call f0 L7 f parent=None depth=0
            line f0 L8
            line f0 L9 +l:it=<generator g>
            call f1 L1 g parent=Some(0) depth=1
            line f1 L2
            line f1 L3
            yield f1 L3 -> 1
            line f0 L10
            resume f1 L3
            exception f1 L3 !GeneratorExit
            line f1 L5
            unwind f1 L5 !GeneratorExit print "closed\n"
            line f0 L11
            return f0 L11 -> 2
            returned 2 stdout "closed\n"
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

#[test]
fn values_are_cut_at_the_limit() {
    let mut job = call("def f(s):\n    t = s * 2\n    return t\n", "f('abcdefgh')");
    job.limits.value_chars = 10;
    check(
        job,
        expect![[r#"
        call f0 L1 f parent=None depth=0 +l:s='abcdefgh'
        line f0 L2
        line f0 L3 +l:t='abcdefgha
        return f0 L3 -> 'abcdefgha
        returned 'abcdefgha
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

#[test]
fn a_global_that_is_bound_through_its_dictionary_shows() {
    let source = "n = 1\nd = globals()\ndef f():\n    a = n\n    d['n'] = 2\n    b = n\n    return b\n";
    check(
        call(source, "f()"),
        expect![[r#"
            call f0 L3 f parent=None depth=0 +g:n=1 +g:d={'__name__': 'unit', '__doc__': None, '__package__': None, '__loader__': None, '__spec__': None, '__builtins__': <module builtins>, 'n': 1, 'd': {...}, 'f': <function f>}
            line f0 L4
            line f0 L5 +l:a=1
            line f0 L6 =g:n=2 ~g:d={'__name__': 'unit', '__doc__': None, '__package__': None, '__loader__': None, '__spec__': None, '__builtins__': <module builtins>, 'n': 2, 'd': {...}, 'f': <function f>}
            line f0 L7 +l:b=2
            return f0 L7 -> 2
            returned 2
        "#]],
    );
}
