//! Events of suspended frames: generators and coroutines.

use super::*;

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
