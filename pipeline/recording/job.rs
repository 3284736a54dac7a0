//! The one place that builds jobs. Used by the stages that run programs, the command line, tests and benchmarks.

use tracemill_schemas::UnitSlice;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_trace::{Granularity, Job, JobKind, Limits, Slice, Subscription};

/// A program, or a call of a unit, that is to run.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a> {
    /// A program or a call.
    pub kind: JobKind,
    /// The source of the program, or of the unit.
    pub source: &'a str,
    /// The modules that it consists of; empty for one without a name.
    pub slices: &'a [UnitSlice],
    /// Statements between the source and the call.
    pub setup: &'a str,
    /// The call; empty for a program.
    pub call: &'a str,
    /// An expression that compares the result with the recorded one.
    pub check: Option<&'a str>,
    /// Its standard input.
    pub stdin: &'a str,
}

impl<'a> Invocation<'a> {
    /// A program.
    #[must_use]
    pub fn program(source: &'a str) -> Self {
        Invocation { kind: JobKind::Program, source, slices: &[], setup: "", call: "", check: None, stdin: "" }
    }

    /// A call.
    #[must_use]
    pub fn call(source: &'a str, call: &'a str) -> Self {
        Invocation { kind: JobKind::Call, call, ..Invocation::program(source) }
    }

    /// A unit, still without an input.
    #[must_use]
    pub fn unit(function: &'a FunctionsRow) -> Self {
        let kind = if function.kind == "program" { JobKind::Program } else { JobKind::Call };
        Invocation { kind, slices: &function.slices, ..Invocation::program(&function.source) }
    }

    /// A unit with an input.
    #[must_use]
    pub fn input(function: &'a FunctionsRow, input: &'a InputsRow) -> Self {
        let InputsRow { setup, call, check, stdin, .. } = input;
        Invocation { setup, call, check: check.as_deref(), stdin, ..Invocation::unit(function) }
    }

    /// The job that records events.
    #[must_use]
    pub fn recorded(self, subscription: Subscription, limits: Limits) -> Job {
        let Invocation { kind, source, slices, setup, call, check, stdin } = self;
        Job {
            ticket: 0, // the supervisor numbers its jobs
            kind,
            source: source.to_owned(),
            slices: slices.iter().map(job_slice).collect(),
            setup: setup.to_owned(),
            call: call.to_owned(),
            check: check.map(str::to_owned),
            stdin: stdin.to_owned(),
            subscription,
            records_coverage: false,
            limits,
        }
    }

    /// The job that has no events, and coverage instead.
    #[must_use]
    pub fn covered(self, limits: Limits) -> Job {
        let subscription = Subscription { granularity: Granularity::Outcome, own_repr: false };
        Job { records_coverage: true, ..self.recorded(subscription, limits) }
    }
}

/// The slice as a job has it.
fn job_slice(slice: &UnitSlice) -> Slice {
    Slice {
        module: slice.module.clone(),
        is_package: slice.is_package,
        first_line: u32::try_from(slice.first_line).unwrap_or(1),
        line_count: u32::try_from(slice.line_count).unwrap_or(0),
    }
}
