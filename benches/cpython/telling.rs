//! One side's telling of an execution with what is known to differ left out, so that what else differs shows. Called
//! by `report.rs`, compared by `compare.rs`.

use std::collections::BTreeMap;

use crate::compare;
use crate::execution::{Change, Event, Execution};

/// What is left out; each also leaves out those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Without {
    /// Nothing.
    Nothing,
    /// The order in which sets are shown.
    SetOrder,
    /// The line events of generator expressions; what they found changed counts for the frame's next event.
    GeneratorLines,
}

impl Without {
    /// In order.
    pub(crate) const ALL: [Without; 3] = [Without::Nothing, Without::SetOrder, Without::GeneratorLines];
}

/// A telling.
pub(crate) struct Telling {
    /// To be compared.
    pub(crate) execution: Execution,
    /// The events as they were told, for people.
    pub(crate) shown: Vec<String>,
}

impl Telling {
    /// Leaves things out.
    pub(crate) fn new(execution: &Execution, without: Without) -> Self {
        let mut execution = execution.clone();
        if without >= Without::GeneratorLines {
            execution.events = without_generator_lines(std::mem::take(&mut execution.events));
        }
        let shown = execution.events.iter().map(compare::show).collect();
        if without >= Without::SetOrder {
            without_set_order(&mut execution);
        }
        Telling { execution, shown }
    }

    /// What was told at an event.
    pub(crate) fn shown(&self, at: usize) -> &str {
        self.shown.get(at).map_or("no event", String::as_str)
    }
}

/// Puts the letters of each text that shows a set into a fixed order: no text any more, but equal for equal sets.
fn without_set_order(execution: &mut Execution) {
    let order = |text: &mut String| {
        // A dictionary without a set in it keeps its order; telling it from a set would take a parser.
        if text.contains('{') {
            let mut letters: Vec<char> = text.chars().collect();
            letters.sort_unstable();
            *text = letters.into_iter().collect();
        }
    };
    for event in &mut execution.events {
        let values = event.changes.iter_mut().filter_map(|change| change.3.as_mut());
        values.chain(&mut event.value).chain(&mut event.exception).for_each(order);
        order(&mut event.output);
    }
    execution.result.iter_mut().for_each(order);
    order(&mut execution.stdout);
    if let Some(exception) = &mut execution.exception {
        order(&mut exception.message);
    }
}

fn without_generator_lines(events: Vec<Event>) -> Vec<Event> {
    let mut kept: Vec<Event> = Vec::new();
    let mut owed: BTreeMap<i32, Vec<Change>> = BTreeMap::new();
    let mut output = String::new();
    for mut event in events {
        event.output.insert_str(0, &std::mem::take(&mut output));
        let mut changes = owed.remove(&event.frame).unwrap_or_default();
        for change in event.changes {
            match changes.iter_mut().find(|earlier| (&earlier.0, &earlier.1) == (&change.0, &change.1)) {
                // The variable was bound, and then changed: it is bound to what it holds now.
                Some(earlier) => (earlier.3, earlier.4) = (change.3, change.4),
                None => changes.push(change),
            }
        }
        if event.kind == "line" && event.function.ends_with("<genexpr>") {
            output = event.output;
            owed.insert(event.frame, changes);
        } else {
            changes.sort();
            event.changes = changes;
            kept.push(event);
        }
    }
    kept
}
