//! The comparison as tables: how many are identical, what was not compared and why, and the causes of differences.
//! Called by `cpython.rs`.

use std::collections::BTreeMap;

use crate::compare::{self, Difference};
use crate::execution::Execution;
use crate::normalised::{Normalisation, NormalisedTrace};

/// Sources of no more lines are printed whole.
const WHOLE_LINES: usize = 25;
/// Of longer ones, this many lines on both sides of the difference.
const NEAR_LINES: i32 = 3;

/// Modules whose results depend on the machine.
const OUTSIDE: [&str; 12] = [
    "random",
    "secrets",
    "uuid",
    "time",
    "datetime",
    "os",
    "os.path",
    "pathlib",
    "tempfile",
    "socket",
    "platform",
    "threading",
];

/// Everything compared.
#[derive(Default)]
pub(crate) struct Report {
    pairs: Vec<Pair>,
}

/// One corpus on two sides.
#[derive(Default)]
struct Pair {
    corpus: String,
    one: String,
    other: String,
    identical: usize,
    differing: Vec<Differing>,
    /// Executions that did not run to their end, by the outcome on each side.
    not_compared: BTreeMap<(String, String), usize>,
}

/// Two traces of one execution that differ.
struct Differing {
    id: String,
    source: String,
    call: String,
    labels: Vec<String>,
    /// Imported modules whose results depend on the machine: random numbers, clock, files.
    outside: Vec<String>,
    /// The least normalisation that makes them equal, if one does.
    equal_after: Option<Normalisation>,
    /// Another CPython agrees with the first side up to the first difference.
    is_vouched: bool,
    difference: Difference,
}

impl Report {
    /// Compares all executions of one corpus on two sides; `witnesses` are the other CPythons.
    pub(crate) fn add(
        &mut self,
        corpus: &str,
        (one, other): (&str, &str),
        (ones, others): (&BTreeMap<String, Execution>, &BTreeMap<String, Execution>),
        witnesses: &[&BTreeMap<String, Execution>],
        sources: &BTreeMap<String, String>,
    ) {
        let mut pair = Pair { corpus: corpus.to_owned(), one: one.into(), other: other.into(), ..Pair::default() };
        for (id, unit) in sources {
            let outcome = |execution: Option<&Execution>| {
                execution.map_or_else(|| "missing".to_owned(), |execution| execution.outcome.clone())
            };
            let (mine, theirs) = (ones.get(id), others.get(id));
            let both = mine.zip(theirs).filter(|(mine, theirs)| mine.ended() && theirs.ended());
            let Some((mine, theirs)) = both else {
                *pair.not_compared.entry((outcome(mine), outcome(theirs))).or_default() += 1;
                continue;
            };
            let (source, call) = unit.split_once('\0').unwrap_or((unit, ""));
            // The first difference that is left when the most is left out that still leaves one.
            let mut last: Option<Difference> = None;
            let mut equal_after = None;
            let mut place = None;
            for without in Normalisation::ALL {
                let (mine, theirs) = (NormalisedTrace::new(mine, without), NormalisedTrace::new(theirs, without));
                match compare::first_difference(&mine, &theirs, source) {
                    Some(difference) => {
                        place.get_or_insert(difference.event_index);
                        last = Some(difference);
                    }
                    None => {
                        equal_after = Some(without);
                        break;
                    }
                }
            }
            let Some(difference) = last else {
                pair.identical += 1;
                continue;
            };
            pair.differing.push(Differing {
                id: id.clone(),
                source: source.to_owned(),
                call: call.to_owned(),
                labels: mine.labels.iter().chain(&theirs.labels).cloned().collect(),
                outside: outside(mine),
                equal_after,
                is_vouched: witnesses
                    .iter()
                    .filter_map(|execution| execution.get(id))
                    .any(|execution| mine.agrees(execution, place.flatten())),
                difference,
            });
        }
        self.pairs.push(pair);
    }

    /// Prints the tables.
    pub(crate) fn print(&self, causes: bool, show: usize) {
        println!(
            "{:<20} {:<34} {:>8} {:>9} {:>7} {:>8} {:>10} {:>9} {:>9} {:>12}",
            "corpus",
            "pair",
            "compared",
            "identical",
            "percent",
            "labelled",
            "unlabelled",
            "set order",
            "vouched",
            "not compared"
        );
        for pair in &self.pairs {
            let compared = pair.identical + pair.differing.len();
            let labelled = pair.differing.iter().filter(|differing| !differing.labels.is_empty()).count();
            println!(
                "{:<20} {:<34} {:>8} {:>9} {:>7.2} {:>8} {:>10} {:>9} {:>9} {:>12}",
                pair.corpus,
                pair.name(),
                compared,
                pair.identical,
                100.0 * pair.identical as f64 / compared.max(1) as f64,
                labelled,
                pair.differing.len() - labelled,
                pair.differing
                    .iter()
                    .filter(|differing| differing.equal_after == Some(Normalisation::SetOrder))
                    .count(),
                pair.differing.iter().filter(|differing| differing.is_vouched).count(),
                pair.not_compared.values().sum::<usize>(),
            );
        }
        for pair in &self.pairs {
            pair.print_not_compared();
        }
        for pair in &self.pairs {
            if causes {
                pair.print_causes();
            }
            for differing in pair.differing.iter().take(show) {
                println!("\n{} {}", pair.corpus, pair.name());
                differing.print(&pair.one, &pair.other);
            }
        }
    }
}

impl Pair {
    fn name(&self) -> String {
        format!("{} / {}", self.one, self.other)
    }

    fn print_not_compared(&self) {
        if self.not_compared.is_empty() {
            return;
        }
        println!("\nnot compared, {} {}:", self.corpus, self.name());
        for ((one, other), count) in &self.not_compared {
            println!("{count:>7}  {one} / {other}");
        }
    }

    fn print_causes(&self) {
        let mut causes: BTreeMap<&str, Vec<&Differing>> = BTreeMap::new();
        for differing in &self.differing {
            causes.entry(&differing.difference.cause).or_default().push(differing);
        }
        let mut causes: Vec<_> = causes.into_iter().collect();
        causes.sort_by_key(|(_, differing)| std::cmp::Reverse(differing.len()));
        if !causes.is_empty() {
            println!("\ncauses, {} {}: {} of {} kinds", self.corpus, self.name(), self.differing.len(), causes.len());
        }
        for (cause, differing) in causes {
            let labelled = differing.iter().filter(|differing| !differing.labels.is_empty()).count();
            let outside = differing.iter().filter(|differing| !differing.outside.is_empty()).count();
            println!("\n{:>5} ({labelled} labelled, {outside} ask the machine)  {cause}", differing.len());
            // The shortest program says it best.
            if let Some(shortest) = differing.iter().min_by_key(|differing| differing.source.len()) {
                shortest.print(&self.one, &self.other);
            }
        }
    }
}

impl Differing {
    fn print(&self, one: &str, other: &str) {
        println!("      input {} {:?} {:?}", self.id, self.labels, self.outside);
        // Of a long source what is near.
        let whole = self.source.lines().count() <= WHOLE_LINES || self.difference.lines.is_empty();
        let mut skipped = false;
        for (number, line) in (1_i32..).zip(self.source.lines()) {
            if whole || self.difference.lines.iter().any(|near| (near - number).abs() <= NEAR_LINES) {
                println!("      {number:>4} | {line}");
                skipped = false;
            } else if !std::mem::replace(&mut skipped, true) {
                println!("         …");
            }
        }
        println!("           > {}", cut(&self.call));
        match self.difference.event_index {
            Some(at) => println!("      event {at}, after {}", cut(&self.difference.before)),
            None => println!("      the events are equal"),
        }
        println!("      {one:>14}: {}\n      {other:>14}: {}", cut(&self.difference.one), cut(&self.difference.other));
    }
}

fn cut(text: &str) -> String {
    const LENGTH: usize = 400;
    if text.chars().count() > LENGTH { text.chars().take(LENGTH).chain(['…']).collect() } else { text.to_owned() }
}

/// The modules of [`OUTSIDE`] that an execution imported.
fn outside(execution: &Execution) -> Vec<String> {
    execution.imports.iter().filter(|name| OUTSIDE.contains(&name.as_str())).cloned().collect()
}
