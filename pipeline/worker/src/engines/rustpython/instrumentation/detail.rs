//! The granularity of instrumentation, and properties of a source as a whole.

/// How finely code is instrumented.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Detail {
    /// Lines are counted: the set-up, the call and the check.
    Count,
    /// Points of coverage are noted, see `coverage_points`.
    Cover {
        /// In the whole source, not in its functions alone.
        whole: bool,
    },
    /// Lines are recorded.
    Lines,
    /// Instructions are recorded too.
    Instructions {
        /// Each of them is observed.
        each: bool,
    },
}

/// Properties of a source as a whole.
#[derive(Clone, Copy)]
pub(crate) struct SourceTraits {
    /// Dropping a value may run its code.
    pub(crate) drops: bool,
    /// It may bind a global through a dictionary.
    pub(crate) reaches_globals: bool,
    /// Its own statements run before a call, and only the call is recorded.
    pub(crate) is_called: bool,
}
