//! One side's trace of an execution without known differences, so that other differences show. Called by `report.rs`,
//! compared by `compare.rs`.

use crate::compare;
use crate::execution::Execution;

/// What is left out; each also leaves out those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Normalisation {
    /// Nothing.
    Nothing,
    /// The order in which sets are shown.
    SetOrder,
}

impl Normalisation {
    /// In order.
    pub(crate) const ALL: [Normalisation; 2] = [Normalisation::Nothing, Normalisation::SetOrder];
}

/// A normalised trace.
pub(crate) struct NormalisedTrace {
    /// The form that is compared.
    pub(crate) execution: Execution,
    /// The original events as text, for the report.
    pub(crate) shown: Vec<String>,
}

impl NormalisedTrace {
    /// Leaves things out.
    pub(crate) fn new(execution: &Execution, without: Normalisation) -> Self {
        let mut execution = execution.clone();
        let shown = execution.events.iter().map(compare::show).collect();
        if without >= Normalisation::SetOrder {
            without_set_order(&mut execution);
        }
        NormalisedTrace { execution, shown }
    }

    /// The original text of an event.
    pub(crate) fn shown(&self, at: usize) -> &str {
        self.shown.get(at).map_or("no event", String::as_str)
    }
}

/// Sorts the characters of each text that shows a set: unreadable, but equal for equal sets.
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
