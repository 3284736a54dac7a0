//! How finely code is probed, and what is known about a piece of source as a whole.

/// How finely code is probed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Detail {
    /// Lines are counted: set-up, call and check.
    Count,
    /// What is reached is noted, see `coverage`.
    Cover {
        /// Of the whole source, not of its functions alone.
        whole: bool,
    },
    /// What line granularity needs.
    Lines,
    /// Instructions too.
    Instructions {
        /// Each of them is looked at.
        each: bool,
    },
}

/// What is known about a piece as a whole.
#[derive(Clone, Copy)]
pub(crate) struct SourceTraits {
    /// Dropping a value may run code of it.
    pub(crate) drops: bool,
    /// It may bind a global by changing a dictionary.
    pub(crate) reaches_globals: bool,
    /// Its own statements run before a call, which alone is recorded.
    pub(crate) is_called: bool,
}
