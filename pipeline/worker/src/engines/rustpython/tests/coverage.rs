//! What a run covers: lines, both branches of conditions and loops, and the path.

use tracemill_trace::{Coverage, Granularity, Job, Outcome, PointKind, Subscription};

use super::{call, program, run_one};

fn covering(job: Job) -> Job {
    Job {
        subscription: Subscription { granularity: Granularity::Outcome, ..job.subscription },
        records_coverage: true,
        ..job
    }
}

fn cover(source: &str, expression: &str) -> Coverage {
    run_one(covering(call(source, expression))).1.finished.coverage.expect("a coverage")
}

/// The points as `line kind hits`, one a line.
fn shown(coverage: &Coverage) -> Vec<String> {
    let points = coverage.points.iter().zip(&coverage.hits);
    let kind = |kind| match kind {
        PointKind::Line => "line",
        PointKind::Taken => "taken",
        PointKind::NotTaken => "not",
    };
    points.map(|(point, hits)| format!("{} {} {hits}", point.line_number, kind(point.kind))).collect()
}

#[test]
fn lines_and_both_ways_of_a_condition() {
    let source = "\
def f(x):
    if x > 2:
        return 'big'
    return 'small'
";
    let big = cover(source, "f(3)");
    assert_eq!(shown(&big), ["2 line 1", "2 taken 1", "2 not 0", "3 line 1", "4 line 0"]);
    let small = cover(source, "f(1)");
    assert_eq!(shown(&small), ["2 line 1", "2 taken 0", "2 not 1", "3 line 0", "4 line 1"]);
    assert_ne!(big.path, small.path);
    assert_eq!(big.path, cover(source, "f(300)").path);
    assert_eq!((big.lines_begun, small.lines_begun), (2, 2));
}

#[test]
fn loops_are_drawn_from_and_exhausted() {
    let source = "\
def f(xs):
    n = 0
    for x in xs:
        n += x
    return n
";
    let none = cover(source, "f([])");
    // The line of a `for` begins before its iterator is made, and at each round.
    assert_eq!(shown(&none), ["2 line 1", "3 line 1", "3 line 1", "3 taken 0", "3 not 1", "4 line 0", "5 line 1"]);
    let five = cover(source, "f([1, 2, 3, 4, 5])");
    assert_eq!(shown(&five)[3..6], ["3 taken 4", "3 not 1", "4 line 4"]);
}

#[test]
fn values_of_any_kind_decide() {
    let source = "\
def f(x, y=None):
    a = x and y
    b = 1 if y is None else 2
    while x:
        x = None
    return [a for a in (1, 2) if a is not x and x is None]
";
    let one = |expression: &str, line: u32| {
        let coverage = cover(source, expression);
        let points = coverage.points.iter().zip(&coverage.hits);
        let ways = points.filter(|(point, _)| point.line_number == line && point.kind != PointKind::Line);
        ways.map(|(_, hits)| *hits).collect::<Vec<_>>()
    };
    assert_eq!(one("f([], 1)", 2), [0, 1]);
    assert_eq!(one("f([0], 1)", 2), [1, 0]);
    // `False` is not `None`.
    assert_eq!(one("f(1, False)", 3), [1, 0]);
    assert_eq!(one("f(1)", 3), [0, 1]);
    assert_eq!(one("f('')", 4), [0, 1]);
    assert_eq!(one("f('a')", 4), [1, 1]);
}

#[test]
fn what_evaluates_annotations_is_no_code_of_the_program() {
    let source = "def f(x: int, y: 'str' = 'a') -> list[int]:\n    z: int = x\n    return [z]\n";
    assert_eq!(shown(&cover(source, "f(1)")), ["2 line 1", "3 line 1"]);
}

#[test]
fn the_module_counts_for_programs_alone() {
    let source = "\
x = 3
if x > 2:
    print(x)
def f():
    return x
";
    let points = |coverage: &Coverage| coverage.points.iter().map(|point| point.line_number).collect::<Vec<_>>();
    assert_eq!(points(&cover(source, "f()")), [5]);
    let program = run_one(covering(program(source))).1.finished.coverage.expect("a coverage");
    assert_eq!(shown(&program), ["5 line 0", "1 line 1", "2 line 1", "2 taken 1", "2 not 0", "3 line 1", "4 line 1"]);
}

#[test]
fn a_run_without_end_is_stopped_and_what_it_reached_is_reported() {
    let source =
        "def f():\n    while True:\n        try:\n            1 / 0\n        except Exception:\n            pass\n";
    let finished = run_one(covering(call(source, "f()"))).1.finished;
    assert_eq!(finished.outcome, Outcome::StepLimit);
    let coverage = finished.coverage.expect("a coverage");
    assert!(coverage.lines_begun >= 1_000);
    assert!(coverage.hits.contains(&8));
}

#[test]
fn what_raises_before_the_call_has_no_coverage() {
    let finished = run_one(covering(call("1 / 0\ndef f(): pass\n", "f()"))).1.finished;
    assert_eq!((finished.outcome, finished.coverage), (Outcome::SetupFailed, None));
}

#[test]
fn the_set_up_of_a_candidate_has_a_lower_limit_than_that_of_an_execution() {
    let setup = "for i in range(50): pass";
    let mut job = call("def f():\n    return i", "f()");
    job.setup = setup.to_owned();
    // Each round of the loop is a line.
    for (events_max, expected) in [(4, Outcome::StepLimit), (8, Outcome::Returned)] {
        job.limits.events_max = events_max;
        assert_eq!(run_one(covering(job.clone())).1.finished.outcome, expected, "{events_max}");
        assert_eq!(run_one(job.clone()).1.finished.outcome, Outcome::Returned, "{events_max}");
    }
}
