//! Which variables an event shows as changed, and how.

use super::*;

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
