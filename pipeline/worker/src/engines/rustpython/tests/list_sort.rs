//! The comparisons of a sort, and those of tuples and lists, against CPython.

use super::*;

/// A job that may take as long as it likes.
fn patient(source: &str, call: &str) -> Job {
    let limits = Limits { events_max: 1 << 31, output_bytes: 1 << 24, ..Limits::default() };
    let subscription = Subscription { granularity: tracemill_trace::Granularity::Outcome, ..Subscription::default() };
    Job { limits, subscription, ..self::call(source, call) }
}

#[test]
fn the_comparisons_of_a_sort_are_cpythons() {
    // Made by CPython 3.14.2: `import sorts; sorts.f(0, 200)`. 3.13 gives the same, 3.12 does not.
    let golden = include_str!("list_sort_golden.txt");
    let finished = run_one(patient(include_str!("list_sort.py"), "f(0, 200)")).1.finished;
    let differing: Vec<_> =
        finished.stdout.lines().zip(golden.lines()).filter(|(ours, theirs)| ours != theirs).collect();
    assert!(differing.is_empty(), "{} differ: {differing:#?}", differing.len());
    assert_eq!(finished.stdout.lines().count(), 200, "{finished:?}");
    assert_eq!(finished.labels, [""; 0]);
}

/// What `f()` prints.
fn printed(source: &str) -> String {
    let finished = run_one(call(source, "f()")).1.finished;
    assert_eq!((finished.outcome, finished.labels.as_slice()), (Outcome::Returned, &[][..]), "{source}");
    finished.stdout
}

#[test]
fn a_list_is_empty_while_it_is_sorted() {
    let source = "\
def f():
    xs = [3, 1, 2]
    xs.sort(key=lambda x: print(xs) or -x)
    print(xs)
    def fills(x):
        xs.append(x)
        return x
    try:
        xs.sort(key=fills)
    except ValueError as error:
        print(error, xs)
    def fails(x):
        if x == 1: raise KeyError(x)
        return -x
    try:
        xs.sort(key=fails, reverse=True)
    except KeyError as error:
        print(error, xs)
    try:
        [1, 'a', 0, 'b'].sort()
    except TypeError as error:
        print(error)
    mixed = [5, 4, 'a', 3]
    try:
        mixed.sort()
    except TypeError as error:
        print(error, mixed)
    nan = float('nan')
    print(sorted([3.0, nan, 1.0, 2.0, nan, 0.5]), sorted([3.0, nan, 1.0], reverse=True))
    print(sorted('bca', reverse=1), sorted({'b': 1, 'a': 2}), sorted([(1, 'b'), (1, 'a'), (0, 'c')]), sorted(iter([2, 1])))
";
    // As CPython 3.14 prints it.
    expect![[r#"
        []
        []
        []
        [3, 2, 1]
        list modified during sort [1, 2, 3]
        1 [1, 2, 3]
        '<' not supported between instances of 'str' and 'int'
        '<' not supported between instances of 'str' and 'int' [5, 4, 'a', 3]
        [3.0, nan, 1.0, 2.0, nan, 0.5] [3.0, nan, 1.0]
        ['c', 'b', 'a'] ['a', 'b'] [(0, 'c'), (1, 'a'), (1, 'b')] [1, 2]
    "#]]
    .assert_eq(&printed(source));
}

#[test]
fn tuples_and_lists_ask_their_elements_what_cpython_asks() {
    let source = "\
class E:
    def __init__(self, v): self.v = v
    def __repr__(self): return f'{self.v}'
for name in ['lt', 'le', 'eq', 'ne', 'gt', 'ge']:
    def method(self, other, name=name):
        print(name, self, other, end='; ')
        a, b = self.v, other.v
        return {'lt': a < b, 'le': a <= b, 'eq': a == b, 'ne': a != b, 'gt': a > b, 'ge': a >= b}[name] and [self.v]
    setattr(E, f'__{name}__', method)
E.__hash__ = None

def f():
    import operator
    for make in tuple, list:
        for a, b in [([1, 2], [1, 3]), ([1], [1, 2]), ([2], [1]), ([1], [1]), ([], [1])]:
            for op in operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge:
                print(op(make(map(E, a)), make(map(E, b))))
    same = E(1)
    print((same, E(2)) < (same, E(3)), (same,) == (same,), [same] <= [same])
";
    let reference = include_str!("comparisons_golden.txt");
    let source = source.to_owned();
    let finished = run_one(call(&source, "f()")).1.finished;
    assert_eq!(finished.stdout, reference);
}

#[test]
fn a_list_that_changes_while_it_is_compared() {
    let source = "\
class Shrinks:
    def __init__(self, of): self.of = of
    def __eq__(self, other):
        self.of.clear()
        return False
    def __lt__(self, other):
        print('asked')
        return True

def f():
    xs = []
    xs += [1, Shrinks(xs)]
    print(xs < [1, Shrinks(xs)], xs)
    ys = []
    ys += [Shrinks(xs)]
    print(ys < [1], ys == [1], ys != [1], ys > [])
";
    expect![[r#"
        True []
        asked
        True False True True
    "#]]
    .assert_eq(&printed(source));
}
