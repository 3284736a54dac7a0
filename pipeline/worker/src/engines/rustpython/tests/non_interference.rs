//! Recording runs no code of the program, and records what the program itself changes meanwhile.

use super::*;

fn ending(source: &str) -> (String, Vec<String>) {
    let finished = run_one(call(source, "f()")).1.finished;
    (finished.result.map_or_else(|| format!("{:?}", finished.outcome), |value| value.repr()), finished.labels)
}

/// Result and labels.
fn ends(source: &str, expected: &str, labels: &[&str]) {
    let (result, found) = ending(source);
    assert_eq!(
        (result.as_str(), found),
        (expected, labels.iter().map(|&label| label.to_owned()).collect()),
        "{source}"
    );
}

#[test]
fn how_much_is_left_is_not_asked_of_the_program() {
    let class = "class R:\n    def __init__(self):\n        self.log = []\n    def __getitem__(self, i):\n        if i > 1:\n            raise IndexError\n        return i\n    def __len__(self):\n        self.log.append('len')\n        return 2\n";
    ends(&format!("{class}def f():\n    r = R()\n    for x in r:\n        pass\n    return r.log\n"), "[]", &[]);
    // `reversed` itself asks once.
    ends(
        &format!("{class}def f():\n    r = R()\n    for x in reversed(r):\n        pass\n    return r.log\n"),
        "['len']",
        &[],
    );
}

#[test]
fn a_class_is_shown_without_its_metaclass() {
    let source = "class M(type):\n    asked = []\n    def __getattribute__(c, n):\n        M.asked.append(n)\n        return type.__getattribute__(c, n)\nclass Q(metaclass=M):\n    pass\ndef f():\n    r = [Q]\n    r = Q\n    return list(M.asked)\n";
    ends(source, "[]", &[]);
}

#[test]
fn a_list_that_changes_under_its_loop_is_told_anew() {
    check(
        call(
            "def f():\n    xs = [1, 2]\n    for x in xs:\n        if len(xs) < 4:\n            xs.append(x)\n        else:\n            xs.pop()\n",
            "f()",
        ),
        expect![[r#"
            call f0 L1 f parent=None depth=0
            line f0 L2
            line f0 L3 +l:xs=[1, 2]
            line f0 L4 +l:x=1 +i:for 3=[1, 2][1 drawn, 1 left]
            line f0 L5
            line f0 L3 ~l:xs=[1, 2, 1] =i:for 3=[1, 2, 1][1 drawn, 2 left]
            line f0 L4 =l:x=2 =i:for 3=2
            line f0 L5
            line f0 L3 ~l:xs=[1, 2, 1, 2] =i:for 3=[1, 2, 1, 2][2 drawn, 2 left]
            line f0 L4 =l:x=1 =i:for 3=3
            line f0 L7
            line f0 L3 ~l:xs=[1, 2, 1] =i:for 3=[1, 2, 1][3 drawn, 0 left]
            return f0 L3 -i:for 3= -> None
            returned None
        "#]],
    );
}

#[test]
fn how_much_is_left_of_an_iterator_of_the_programs_own_is_not_known() {
    check(
        call("def f():\n    it = iter([1, 2, 3])\n    for x in it:\n        next(it, None)\n", "f()"),
        expect![[r#"
        call f0 L1 f parent=None depth=0
        line f0 L2
        line f0 L3 +l:it=<list_iterator>
        line f0 L4 +l:x=1 +i:for 3=[1, 2, 3][1 drawn, ? left]
        line f0 L3
        line f0 L4 =l:x=3 =i:for 3=2
        line f0 L3
        return f0 L3 -i:for 3= -> None
        returned None
    "#]],
    );
}

#[test]
fn a_program_may_lower_its_recursion_limit_and_not_raise_it() {
    let deep = "import sys\ndef g(n):\n    return 0 if n == 0 else 1 + g(n - 1)\n";
    ends(&format!("{deep}def f():\n    return g(900), sys.getrecursionlimit()\n"), "(900, 1000)", &[]);
    let lower = "def f():\n    sys.setrecursionlimit(100)\n    try:\n        g(200)\n    except RecursionError:\n        return sys.getrecursionlimit()\n";
    ends(&format!("{deep}{lower}"), "100", &["wording"]);
    ends(&format!("{deep}def f():\n    sys.setrecursionlimit(10**6)\n    return g(900)\n"), "900", &["depth"]);
    ends(&format!("{deep}def f():\n    sys.setrecursionlimit(1)\n"), "Raised", &["wording"]);
    // The next program has its own.
    ends(&format!("{deep}def f():\n    return sys.getrecursionlimit()\n"), "1000", &[]);
}
