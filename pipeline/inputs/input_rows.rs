//! The rows of `inputs` of one unit: numbers them, and drops candidates that are too long, repeated or too many. Called
//! by `collect`.

use std::collections::BTreeSet;

use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;

use crate::config::InputsConfig;
use crate::dataset::Severity;
use crate::hash;
use crate::inputs::candidate::Candidate;

/// The rows of a unit so far.
#[derive(Debug)]
pub(super) struct InputRows<'a> {
    function: &'a FunctionsRow,
    config: &'a InputsConfig,
    /// Rows that count towards `inputs.per_function`.
    counted: usize,
    pub(super) rows: Vec<InputsRow>,
    /// Set-up, call and standard input of each row.
    seen: BTreeSet<(String, String, String)>,
    /// Candidates that were dropped, for `stats`.
    pub(super) dropped: Vec<(&'static str, Severity)>,
}

impl<'a> InputRows<'a> {
    /// No rows yet.
    pub(super) fn new(function: &'a FunctionsRow, config: &'a InputsConfig) -> Self {
        InputRows { function, config, counted: 0, rows: Vec::new(), seen: BTreeSet::new(), dropped: Vec::new() }
    }

    /// Whether only candidates that do not count are still taken.
    pub(super) fn is_full(&self) -> bool {
        self.counted >= self.config.per_function
    }

    /// Whether the candidate is short enough; one that is not is counted as dropped.
    pub(super) fn fits(&mut self, candidate: &Candidate) -> bool {
        let fits = candidate.bytes() <= self.config.input_bytes_max;
        if !fits {
            self.dropped.push(("too_long", Severity::Failure));
        }
        fits
    }

    /// Takes a candidate unless there are enough rows, it is too long, or it is there already; repetitions are counted
    /// where `counts_repeats`. Gives the new row.
    pub(super) fn offer(&mut self, candidate: Candidate, counts_repeats: bool) -> Option<&mut InputsRow> {
        if self.is_full() && !candidate.exempt_from_limit || !self.fits(&candidate) {
            return None;
        }
        let Candidate { origin, setup, call, check, stdin, exempt_from_limit } = candidate;
        if !self.seen.insert((setup.clone(), call.clone(), stdin.clone())) {
            if counts_repeats {
                self.dropped.push(("duplicate", Severity::Info));
            }
            return None;
        }
        self.counted += usize::from(!exempt_from_limit);
        let function_id = self.function.function_id.clone();
        self.rows.push(InputsRow {
            input_id: hash::id(&[function_id.as_bytes(), setup.as_bytes(), call.as_bytes(), stdin.as_bytes()]),
            function_id,
            input_index: i32::try_from(self.rows.len()).unwrap_or(i32::MAX),
            origin: origin.to_owned(),
            setup,
            call,
            check,
            stdin,
            ..InputsRow::default()
        });
        self.rows.last_mut()
    }
}
