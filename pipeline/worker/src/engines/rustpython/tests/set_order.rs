//! Sets in CPython's order wherever a program can see it, and the label where the order is not certain.

use super::*;

/// Programs that make a set `s`, and `list(s)` as CPython 3.13 gives it with a hash seed of 0.
const GOLDEN: &str = include_str!("set_order_golden.txt");

#[test]
fn sets_have_cpythons_order() {
    let (programs, lists): (Vec<&str>, Vec<&str>) = GOLDEN.lines().filter_map(|line| line.rsplit_once(" # ")).unzip();
    let source: String = programs.iter().map(|program| format!("{program}\nprint(list(s))\n")).collect();
    let (_, execution) = run_one(program(&source));
    for ((program, expected), found) in programs.iter().zip(&lists).zip(execution.finished.stdout.lines()) {
        assert_eq!(found, *expected, "{program}");
    }
    assert_eq!(execution.finished.stdout.lines().count(), lists.len());
    assert_eq!(execution.finished.labels, ["hash_order"]);
}

fn labels(source: &str) -> Vec<String> {
    run_one(program(source)).1.finished.labels
}

#[test]
fn every_way_to_read_a_set_gives_its_order() {
    let source = "\
import itertools
s = set(['pear', 'apple', 'fig', 'kiwi'])
print(s, repr(s), str([s]), f'{s}')
print(list(s), tuple(s), [*s], (*s,), [x for x in s], sep='\\n')
a, *b = s
print(a, b, dict.fromkeys(s, 0), ' '.join(s), list(zip(s, range(4))))
l = []
l += s
l.extend(s)
l[:] = [x for x in l[:4]]
print(l, list(enumerate(s)), list(map(len, s)), *s)
print(list(itertools.combinations(s, 2)), sorted(s, key=len), max(s, key=len))
print(s.pop(), s.pop(), s)
";
    check_ending(
        program(source),
        expect![[r#"
        returned stdout "{'pear', 'kiwi', 'apple', 'fig'} {'pear', 'kiwi', 'apple', 'fig'} [{'pear', 'kiwi', 'apple', 'fig'}] {'pear', 'kiwi', 'apple', 'fig'}\n['pear', 'kiwi', 'apple', 'fig']\n('pear', 'kiwi', 'apple', 'fig')\n['pear', 'kiwi', 'apple', 'fig']\n('pear', 'kiwi', 'apple', 'fig')\n['pear', 'kiwi', 'apple', 'fig']\npear ['kiwi', 'apple', 'fig'] {'pear': 0, 'kiwi': 0, 'apple': 0, 'fig': 0} pear kiwi apple fig [('pear', 0), ('kiwi', 1), ('apple', 2), ('fig', 3)]\n['pear', 'kiwi', 'apple', 'fig'] [(0, 'pear'), (1, 'kiwi'), (2, 'apple'), (3, 'fig')] [4, 4, 5, 3] pear kiwi apple fig\n[('pear', 'kiwi'), ('pear', 'apple'), ('pear', 'fig'), ('kiwi', 'apple'), ('kiwi', 'fig'), ('apple', 'fig')] ['fig', 'pear', 'kiwi', 'apple'] apple\npear kiwi {'apple', 'fig'}\n" imports ["itertools"]
    "#]],
    );
    assert_eq!(labels(source), ["hash_order"]);
}

#[test]
fn events_show_sets_in_order() {
    let source = "\
def f():
    seen = set()
    for word in ['pear', 'apple', 'fig', 'kiwi', 'plum']:
        seen.add(word)
    seen.discard('fig')
    return seen, frozenset(seen)
";
    check(
        call(source, "f()"),
        expect![[r#"
        call f0 L1 f parent=None depth=0
        line f0 L2
        line f0 L3 +l:seen=set()
        line f0 L4 +l:word='pear' +i:for 3=('pear', 'apple', 'fig', 'kiwi', 'plum')[1 drawn, 4 left]
        line f0 L3 ~l:seen={'pear'}
        line f0 L4 =l:word='apple' =i:for 3=2
        line f0 L3 ~l:seen={'pear', 'apple'}
        line f0 L4 =l:word='fig' =i:for 3=3
        line f0 L3 ~l:seen={'pear', 'apple', 'fig'}
        line f0 L4 =l:word='kiwi' =i:for 3=4
        line f0 L3 ~l:seen={'pear', 'kiwi', 'apple', 'fig'}
        line f0 L4 =l:word='plum' =i:for 3=5
        line f0 L3 ~l:seen={'apple', 'fig', 'pear', 'plum', 'kiwi'}
        line f0 L5 -i:for 3=
        line f0 L6 ~l:seen={'apple', 'pear', 'plum', 'kiwi'}
        return f0 L6 -> ({'apple', 'pear', 'plum', 'kiwi'}, frozenset({'plum', 'pear', 'kiwi', 'apple'}))
        returned ({'apple', 'pear', 'plum', 'kiwi'}, frozenset({'plum', 'pear', 'kiwi', 'apple'}))
    "#]],
    );
}

#[test]
fn sets_among_the_arguments_are_literals_too() {
    for (argument, expected, labels) in [
        ("{9, 1, 8, 0, 17}", "[0, 1, 17, 8, 9]", vec![]),
        ("set([9, 1, 8, 0, 17])", "[0, 1, 8, 9, 17]", vec![]),
        ("{'b', 'a'}", "['a', 'b']", vec!["hash_order"]),
    ] {
        let job = call("def f(s):\n    return list(s)\n", &format!("f({argument})"));
        let finished = run_one(job).1.finished;
        assert_eq!(finished.result.map(|value| value.repr()), Some(expected.to_owned()), "{argument}");
        assert_eq!(finished.labels, labels, "{argument}");
    }
}

#[test]
fn a_set_that_changes_under_its_iterator_is_the_programs_error() {
    check_ending(
        program("s = {8, 1, 16}\nfor x in s:\n    print(x)\n    for y in s:\n        pass\n    s.add(x + 100)\n"),
        expect![[r#"
            raised RuntimeError: Set changed size during iteration at Some(2) stdout "8\n"
        "#]],
    );
}

#[test]
fn what_is_in_doubt_is_labelled() {
    let own = "class A: pass\n";
    for (source, expected) in [
        ("print({3, 1, 2})", vec![]),
        ("print(list({object(), object()}) == 1)", vec!["set_order"]),
        ("s = {A(), A()}\nprint(len(s))", vec!["set_order"]),
        ("class S(set): pass\nprint(list(S([1, 2])))", vec!["set_order"]),
        ("print(len(tuple(set(range(20_000)))))", vec!["set_order"]),
        ("s = {A(), 1}\ns.pop()", vec!["set_order"]),
        // The compiler may have made the constant set twice.
        ("for x in {7, 13, 20, 15}: pass", vec!["set_order"]),
        ("print(sorted({7, 13, 20, 15}))", vec![]),
        ("def f():\n    return {7, 15, 1}\ndef g():\n    return {15, 7, 1}\nprint(f(), g())", vec!["set_order"]),
        ("print({7, 13, 20, int('15')})", vec![]),
        ("print({'a', 'b'})", vec!["hash_order"]),
        ("print(*{(1, b'a'), 2})", vec!["hash_order"]),
        ("{'b', frozenset(['a'])}.pop()", vec!["hash_order"]),
        ("print({'a'}, len({'a', 'b'}), sorted({'a', 'b'}), 'a' in {'a', 'b'})", vec![]),
        ("print({-1, -2, -3})", vec!["hash_order"]),
        ("print({(1, 2), (3, 4)})", vec!["hash_order"]),
        ("print({0.5, 1}, {1.0, 2})", vec!["hash_order"]),
        ("import math\nprint(math.sin(1.0))", vec!["libm"]),
        ("import math\nprint(math.sqrt(2.0), math.floor(1.5))", vec![]),
    ] {
        assert_eq!(labels(&format!("{own}{source}\n")), expected, "{source}");
    }
}

#[test]
fn what_ran_before_does_not_change_an_order() {
    let source =
        "s = set('some words of a text'.split())\ns.remove('of')\ns |= {'x', 'y'}\nprint(s, s.pop(), s - {'a'})\n";
    let other = "for n in range(200):\n    s = set(map(str, range(n)))\n    s.discard('3')\n    s.pop() if s else 0\nprint(len(s))\n";
    let texts: Vec<String> = run(vec![program(source), program(other), program(source)])
        .iter()
        .map(|(events, execution)| show(events, execution))
        .collect();
    assert_eq!(texts[0], texts[2]);
}
