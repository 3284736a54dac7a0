//! Searches over small units, on an engine in this process.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Mutex;

use proptest::prelude::*;
use tracemill_schemas::Parameter;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_trace::{Coverage, Finished, Granularity, Job, Limits, Outcome, Subscription};
use tracemill_worker::engines::rustpython::{KIND, RustPython};
use tracemill_worker::outbox::Outbox;
use tracemill_worker::serve::run_job;

use super::constants::Constants;
use super::driver::ROUND;
use super::exception_hints;
use super::hinted_calls;
use super::mutation::Mutator;
use super::runner::{RunResult, Runner, job};
use super::tree::{Call, Callee, Tree};
use crate::config::{Overrides, load};
use crate::error::Result;
use crate::inputs::candidate::Candidate;
use crate::inputs::collect::{Settings, UnitInputs, collect};
use crate::inputs::random::Random;
use crate::recording::Invocation;
use crate::workers::Placement;

/// The engine's flag for pending signals belongs to the process, so one interpreter runs at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// An engine without process or sandbox.
struct Here {
    engine: RustPython,
    /// Jobs that it was given.
    jobs: usize,
}

impl Runner for Here {
    fn run(&mut self, jobs: Vec<Job>, _: Placement) -> Result<Vec<Finished>> {
        self.jobs += jobs.len();
        let one = |job: &Job| {
            let outbox = Outbox::new(Vec::new(), job.ticket, job.limits, Vec::new());
            run_job(&mut self.engine, job, Rc::new(RefCell::new(outbox))).finished
        };
        Ok(jobs.iter().map(one).collect())
    }

    fn runs_isolated(&self, job: &Job) -> bool {
        (KIND.leaves_nothing_behind)(job)
    }
}

/// Runs something on an engine, on a thread like a worker's.
fn on_an_engine<T: Send + 'static>(run: impl FnOnce(&mut Here) -> T + Send + 'static) -> T {
    let guard = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let thread = std::thread::Builder::new().stack_size(KIND.stack_bytes).spawn(move || {
        let mut here = Here { engine: RustPython::start(0).unwrap(), jobs: 0 };
        let done = run(&mut here);
        std::mem::forget(here);
        done
    });
    let done = thread.unwrap().join().unwrap();
    drop(guard);
    done
}

/// The row of a function `f` with these parameters, none of them annotated.
fn function(source: &str, parameters: &[&str]) -> FunctionsRow {
    let first = source.lines().position(|line| line.trim_start().starts_with("def f(")).unwrap();
    let indent = source.lines().nth(first).unwrap().find("def").unwrap();
    let is_inside = |line: &&str| line.is_empty() || line.len() - line.trim_start().len() > indent;
    let own = source.lines().skip(first + 1).take_while(is_inside).count();
    let parameter = |name: &&str| Parameter {
        name: (*name).to_owned(),
        kind: "positional_or_keyword".to_owned(),
        annotation: None,
        default: None,
    };
    FunctionsRow {
        function_id: "0123".to_owned(),
        kind: "function".to_owned(),
        qualified_name: "f".to_owned(),
        source: source.to_owned(),
        parameters: parameters.iter().map(parameter).collect(),
        unit_line_number: i32::try_from(first + 1).unwrap(),
        line_count: i32::try_from(own + 1).unwrap(),
        ..FunctionsRow::default()
    }
}

fn searched(row: FunctionsRow) -> UnitInputs {
    on_an_engine(move |here| {
        let config = load(None, &Overrides::default()).unwrap();
        let settings = Settings { config: &config.inputs, limits: Limits::default(), seed: 7 };
        collect(&row.clone().into(), settings, &[], Some(here)).unwrap()
    })
}

/// All of the function is reached.
fn check_whole(source: &str, parameters: &[&str]) -> UnitInputs {
    check_row(function(source, parameters))
}

/// All of the method `f` of the class `C` is reached.
fn check_method(source: &str, parameters: &[&str]) -> UnitInputs {
    let (kind, class_name) = ("method".to_owned(), Some("C".to_owned()));
    check_row(FunctionsRow { kind, qualified_name: "C.f".to_owned(), class_name, ..function(source, parameters) })
}

fn check_row(row: FunctionsRow) -> UnitInputs {
    let found = searched(row);
    let search = &found.search;
    let calls: Vec<&str> = found.rows.iter().map(|row| row.call.as_str()).collect();
    assert_eq!((search.lines_reached, search.branches_reached), (search.line_count, search.branch_count), "{calls:?}");
    assert_eq!(search.reason, None, "{calls:?}");
    found
}

#[test]
fn constants_of_the_unit_reach_the_code_behind_comparisons() {
    check_whole(
        "\
def f(kind, n):
    if kind == 'volume':
        if n == 4711:
            return 'found'
        return 'near'
    elif kind.startswith('sq-'):
        return n * n
    return None
",
        &["kind", "n"],
    );
}

#[test]
fn texts_are_shaped_like_the_patterns_that_they_must_match() {
    check_whole(
        r"
import re
def f(text):
    found = re.fullmatch(r'([A-Z]{2})-(\d{4})', text)
    if found is None:
        return 'no plate'
    if found.group(1) == 'QQ':
        return int(found.group(2))
    return found.groups()
",
        &["text"],
    );
}

#[test]
fn loops_run_not_at_all_once_and_often() {
    let found = check_whole(
        "\
def f(xs):
    total = 0
    for x in xs:
        if x < 0:
            continue
        total += x
        if total > 1000:
            break
    else:
        return total
    return -1
",
        &["xs"],
    );
    let paths: BTreeSet<&Option<String>> = found.rows.iter().map(|row| &row.path_hash).collect();
    assert_eq!(paths.len(), found.rows.len(), "each input takes a path of its own");
}

#[test]
fn exceptions_say_what_was_wanted() {
    // Nothing but the exception tells that the values are lists of pairs.
    check_whole(
        "\
def f(table, key):
    out = []
    rows = helper(table, key)
    for name, amount in rows:
        out.append(name.upper() + str(amount + 1))
    return out
def helper(table, key):
    return getattr(table, 'it' + 'ems')() if key else getattr(table, 'it' + 'ems')()
",
        &["table", "key"],
    );
}

#[test]
fn messages_name_what_is_allowed() {
    // The texts and the numbers are not in the source, but for the messages.
    check_whole(
        "\
def f(kind, n):
    allowed = '-'.join(('red', 'hot')), '-'.join(('ice', 'cold'))
    if kind not in allowed:
        raise ValueError('kind is one of %r and %r, not %r' % (*allowed, kind))
    least = int('43' + '21')
    if n < least:
        raise ValueError('n is %d or more, not %d' % (least, n))
    return kind, n
",
        &["kind", "n"],
    );
}

#[test]
fn what_was_put_in_is_asked_for() {
    check_method(
        "\
class C:
    def __init__(self):
        self.rows = []
    def add(self, one, two, three, four):
        self.rows.append('%s,%s,%s,%s' % (one, two, three, four))
    def f(self, four, three, two, one):
        if '%s,%s,%s,%s' % (one, two, three, four) in self.rows:
            return 'there'
        return 'not there'
",
        &["four", "three", "two", "one"],
    );
}

#[test]
fn some_of_what_may_be_left_out_is_given() {
    // One of the two, not both, and a set.
    check_method(
        "\
class C:
    def __init__(self, inside=None, outside=None):
        if inside is None:
            assert type(outside) in (set, frozenset)
        elif outside is not None:
            raise ValueError
        self.inside, self.outside = inside, outside
    def f(self):
        if self.inside is None:
            return 1
        return 2
",
        &[],
    );
}

#[test]
fn no_two_inputs_behave_alike_and_few_end_with_an_exception() {
    let found = check_whole("def f(a, b):\n    return a // b\n", &["a", "b"]);
    let rows = found.rows;
    assert!(rows.len() >= 3);
    let row = function("def f(a, b):\n    return a // b\n", &["a", "b"]);
    let candidates: Vec<Candidate> =
        rows.iter().map(|row| Candidate::new("searched", &row.setup, row.call.clone(), None)).collect();
    let finished = on_an_engine(move |here| {
        let jobs = candidates.iter().map(|candidate| job(&row, candidate, Limits::default())).collect();
        here.run(jobs, Placement::Search).unwrap()
    });
    let behaviour = |finished: &Finished| {
        let exception = finished.exception.as_ref().map(|exception| exception.type_name.clone());
        (exception, finished.result.as_ref().map(tracemill_trace::Value::repr).map(|repr| repr.to_string()))
    };
    let behaviours: BTreeSet<_> = finished.iter().map(behaviour).collect();
    assert_eq!(behaviours.len(), rows.len(), "{behaviours:?}");
    let raised = behaviours.iter().filter(|(exception, _)| exception.is_some()).count();
    assert!(raised * 3 <= rows.len() + 2, "{behaviours:?}");
}

#[test]
fn what_cannot_run_says_why() {
    let reason = |source: &str, parameters: &[&str]| {
        let made = searched(function(source, parameters));
        (made.search.reason.unwrap_or_default(), made.rows.len())
    };
    assert_eq!(reason("import numpy\ndef f(x):\n    return x\n", &["x"]), ("unsupported_import".to_owned(), 1));
    assert_eq!(reason("1 / 0\ndef f(x):\n    return x\n", &["x"]), ("setup_failed".to_owned(), 1));
    assert_eq!(reason("def f(x):\n    while True:\n        pass\n", &["x"]), ("step_limit".to_owned(), 1));
    assert_eq!(reason("def f(x):\n    raise RuntimeError('never')\n", &["x"]), ("RuntimeError".to_owned(), 1));
}

#[test]
fn new_lines_and_ways_add_up_to_what_is_reached() {
    let found = searched(function(
        "\
def f(n):
    if n > 10:
        return 'big'
    if n < 0:
        return 'small'
    return 'usual'
",
        &["n"],
    ));
    let rows = &found.rows;
    let sum = |of: fn(&tracemill_schemas::inputs::InputsRow) -> Option<i32>| rows.iter().filter_map(of).sum::<i32>();
    let search = &found.search;
    assert_eq!((search.line_count, search.branch_count), (Some(5), Some(4)));
    assert_eq!((Some(sum(|row| row.lines_new)), Some(sum(|row| row.branches_new))), (Some(5), Some(4)));
    assert!(found.coverage.unwrap().missing.is_empty());
}

#[test]
fn the_same_seed_gives_the_same_inputs_and_another_one_others() {
    let row = function("def f(s, n):\n    return s[n:] + s[:n] if n < len(s) else s * n\n", &["s", "n"]);
    let calls = |seed: u64| {
        let row = row.clone();
        on_an_engine(move |here| {
            let config = load(None, &Overrides::default()).unwrap();
            let settings = Settings { config: &config.inputs, limits: Limits::default(), seed };
            let rows = collect(&row.clone().into(), settings, &[], Some(here)).unwrap().rows;
            rows.into_iter().map(|row| row.call).collect::<Vec<_>>()
        })
    };
    assert_eq!(calls(7), calls(7));
    assert_ne!(calls(7), calls(8));
}

#[test]
fn a_search_ends_when_its_budget_does() {
    let row = function("def f(n):\n    return hash(str(n)) % 1000003 == 7\n", &["n"]);
    let jobs = on_an_engine(move |here| {
        let mut config = load(None, &Overrides::default()).unwrap();
        config.inputs.search.executions = 20;
        let settings = Settings { config: &config.inputs, limits: Limits::default(), seed: 7 };
        collect(&row.clone().into(), settings, &[], Some(here)).unwrap();
        here.jobs
    });
    // A round is not cut short, and what was chosen may be shortened.
    assert!((2..20 + 2 * ROUND + 8).contains(&jobs), "{jobs}");
}

#[test]
fn a_set_up_that_reaches_its_limit_costs_as_much_as_a_process() {
    let cost = |finished| RunResult::from_finished(finished, &mut Vec::new()).cost;
    let stopped = Finished::bare(Outcome::StepLimit);
    let coverage = Coverage { points: Vec::new(), hits: Vec::new(), path: 0, lines_begun: 3 };
    assert_eq!(cost(stopped.clone()), cost(Finished::bare(Outcome::MemoryLimit)));
    assert_eq!(cost(Finished { coverage: Some(coverage), ..stopped }), cost(Finished::bare(Outcome::Returned)));
}

/// Values of every kind that a tree has, nested.
fn trees() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::None),
        any::<bool>().prop_map(Tree::Bool),
        any::<i64>().prop_map(|number| Tree::Int(i128::from(number))),
        any::<f64>().prop_map(Tree::Float),
        prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(f64::NAN), Just(-0.0), Just(5e-324)]
            .prop_map(Tree::Float),
        any::<String>().prop_map(Tree::Str),
        "[\\\\'\"\n\r\t{}a]{0,6}".prop_map(Tree::Str),
        proptest::collection::vec(any::<u8>(), 0..6).prop_map(Tree::Bytes),
        Just(Tree::Raw("10 ** 40".to_owned())),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let many = proptest::collection::vec(inner.clone(), 0..4);
        let call = |name: &'static str| {
            move |items: Vec<Tree>| {
                let callee = Callee::Text(name.to_owned());
                Tree::Call(Box::new(Call { callee, arguments: vec![(None, Tree::List(items))] }))
            }
        };
        let hashable = proptest::collection::vec(any::<i64>().prop_map(|number| Tree::Int(i128::from(number))), 0..4);
        prop_oneof![
            many.clone().prop_map(Tree::List),
            many.clone().prop_map(Tree::Tuple),
            hashable.clone().prop_map(Tree::Set),
            hashable.prop_map(call("frozenset")),
            proptest::collection::vec((any::<String>().prop_map(Tree::Str), inner), 0..4).prop_map(Tree::Dict),
        ]
    })
}

#[test]
fn only_a_surrogate_keeps_its_source_text() {
    let raw = |text: &str| Tree::Raw(format!("({text})"));
    for (source, expected) in [
        // The replacement character beside an escaped backslash and a `u`, as a key too.
        ("'\u{fffd}\\\\u'", Tree::Str("\u{fffd}\\u".to_owned())),
        ("{'\u{fffd}\\\\u': 1}", Tree::Dict(vec![(Tree::Str("\u{fffd}\\u".to_owned()), Tree::Int(1))])),
        (r"'\ufffd\ue000'", Tree::Str("\u{fffd}\u{e000}".to_owned())),
        (r"'\\ud800'", Tree::Str(r"\ud800".to_owned())),
        (r"r'\ud800'", Tree::Str(r"\ud800".to_owned())),
        (r"'\ud800'", raw(r"'\ud800'")),
        (r"'\\\udfff'", raw(r"'\\\udfff'")),
        (r"'a' '\U0000dc00'", raw(r"'a' '\U0000dc00'")),
        (r"['\ud83d\ude00']", Tree::List(vec![raw(r"'\ud83d\ude00'")])),
    ] {
        assert_eq!(Tree::read(source), Some(expected), "{source}");
    }
}

/// Numbers that are none are never equal: compared as text.
fn same(one: &Tree, other: &Tree) -> bool {
    one == other || one.text() == other.text()
}

proptest! {
    #[test]
    fn a_tree_reads_back_as_what_was_written(tree in trees()) {
        let read = Tree::read(&tree.text()).unwrap();
        prop_assert_eq!(Tree::read(&read.text()).unwrap().text(), read.text());
        // An empty set is a call, and other source text gets brackets: those read back as such.
        if !tree.text().contains("set()") && !tree.text().contains("**") {
            prop_assert!(same(&read, &tree), "{:?} {:?}", read, tree);
        }
    }

    #[test]
    fn whatever_is_changed_is_still_an_expression(tree in trees(), seed in any::<[u8; 32]>()) {
        let mut random = Random::new(seed);
        let constants = Constants::in_statements(crate::python::parse("x = [3, 'abc', 2.5, b'q']").unwrap().suite());
        let call = Tree::Call(Box::new(Call { callee: Callee::Text("f".into()), arguments: vec![(None, tree)] }));
        let mutator = Mutator { unit: "f", constants: &constants };
        let changed = mutator.mutated(&call, &[&call], &mut random);
        let read = Tree::read(&changed.text());
        prop_assert!(matches!(&read, Some(Tree::Call(call)) if call.callee == Callee::Text("f".into())), "{}", changed.text());
        for (type_name, message) in [("TypeError", "'int' object is not iterable"), ("IndexError", "x"), ("KeyError", "'k'")] {
            for hint in exception_hints::read(type_name, message) {
                if let Some(heeded) = hinted_calls::follow(&hint, &call, "f", &constants, &mut random) {
                    prop_assert!(Tree::read(&heeded.text()).is_some(), "{}", heeded.text());
                }
            }
        }
    }
}

#[test]
fn values_are_what_their_text_says() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let texts: Vec<String> = (0..400).map(|_| trees().new_tree(&mut runner).unwrap().current().text()).collect();
    let repr_of = |text: &str| format!("f({text})");
    // The engine's `repr` of each value reads back as a tree of the same text.
    let shown = on_an_engine({
        let texts = texts.clone();
        move |here| {
            let job = |text: &String| {
                let subscription = Subscription { granularity: Granularity::Outcome, own_repr: false };
                let limits = Limits { value_chars: 100_000, ..Limits::default() };
                Invocation::call("def f(x):\n    return x\n", &repr_of(text)).recorded(subscription, limits)
            };
            here.run(texts.iter().map(job).collect(), Placement::Search).unwrap()
        }
    });
    for (text, finished) in texts.iter().zip(shown) {
        assert_eq!(finished.outcome, Outcome::Returned, "{text}");
        // The `repr` of a set or a dictionary has each element once, in an order of its own.
        let plain = !text.contains(['{', '*']) && !text.contains("set(");
        if plain {
            let shown = finished.result.unwrap().repr().replace("nan", "float('nan')").replace("inf", "float('inf')");
            let shown = shown.replace("-float('inf')", "float('-inf')");
            let has_inf_in_text = text.matches("inf").count() + text.matches("nan").count();
            let names = text.matches("float('").count();
            if has_inf_in_text == names {
                assert_eq!(Tree::read(&shown).unwrap().text(), Tree::read(text).unwrap().text(), "{text}");
            }
        }
    }
}
