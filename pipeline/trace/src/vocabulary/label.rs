//! Labels: known causes why an execution may differ from CPython, or between runs.
//!
//! An engine notes most of them when it sees the cause; the supervisor adds `killed` and `wall_clock`, and the
//! executions stage adds `address`. [`Label::reproducibility`] is the one list of what is irreproducible: the search for
//! inputs, `tracemill verify` and the filter `_verdicts` follow it.

super::words! {
    /// A known cause why an execution may differ from CPython, or between runs.
    pub enum Label {
        Address = "address": "A value or the output shows the address of an object.",
        BareRaise = "bare_raise": "A bare `raise` had nothing to raise again: its event is missing.",
        Clock = "clock": "The program read the time, which only reads and sleeps advance.",
        Code = "code": "The program looked at its own code or frames, where the tracer's probes show.",
        Constant = "constant": "Two literal numbers, one of them with a point, are floor-divided: the engine's \
            compiler gets some of these wrong.",
        Depth = "depth": "The program set a recursion limit above the configured one.",
        EndOrder = "end_order": "A frame that returned left several suspended generators behind, an asynchronous \
            generator was left before its end, or a class has `__del__`: CPython may end objects in another order, \
            or at all.",
        Hash = "hash": "The program called `hash` on something other than a number: the result depends on the hash \
            seed or on an address.",
        HashOrder = "hash_order": "A set was iterated or shown in an order that follows from hashes which depend on \
            the hash seed (texts, bytes) or on the size of a machine word (tuples, frozen sets, fractions, numbers \
            below zero or above 31 bits). It is CPython's order on 64 bits with seed 0.",
        Id = "id": "The program called `id`, which returns an address.",
        Killed = "killed": "Something outside ended the worker again and again, and the execution was given up.",
        Libm = "libm": "The program called a function of `math` or `cmath` whose last digits CPython leaves to the C \
            library.",
        Random = "random": "The program used random numbers: unless seeded, the stream is not CPython's.",
        SetOrder = "set_order": "A set was iterated or shown in an order that is not known to be CPython's.",
        Size = "size": "The program called `sys.getsizeof`.",
        Threads = "threads": "A thread was started: it runs to its end at once.",
        WallClock = "wall_clock": "The limit on wall time ended it, at a point that depends on the machine.",
        Wording = "wording": "The interpreter raised an exception whose message is not of a kind that was measured \
            to be CPython's.",
    }
}

/// What another run of the same input shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reproducibility {
    /// The same.
    Same,
    /// The same where the worker has the same hash seed, which every stage gives it.
    SameSeed,
    /// Perhaps something else.
    Varies,
    /// Something else: what is stored is not what the program does.
    Lost,
}

impl Reproducibility {
    /// What another run shows, as the data dictionary prints it.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Reproducibility::Same => "the same",
            Reproducibility::SameSeed => "the same with the same hash seed",
            Reproducibility::Varies => "perhaps something else",
            Reproducibility::Lost => "something else",
        }
    }
}

impl Label {
    /// What another run of an execution with this label shows.
    #[must_use]
    pub const fn reproducibility(self) -> Reproducibility {
        match self {
            Label::Address | Label::Hash | Label::Id | Label::WallClock => Reproducibility::Varies,
            Label::Killed => Reproducibility::Lost,
            Label::SetOrder => Reproducibility::SameSeed,
            Label::BareRaise
            | Label::Clock
            | Label::Code
            | Label::Constant
            | Label::Depth
            | Label::EndOrder
            | Label::HashOrder
            | Label::Libm
            | Label::Random
            | Label::Size
            | Label::Threads
            | Label::Wording => Reproducibility::Same,
        }
    }

    /// Whether another run may show something else. No samples are made of such an execution, and the search keeps no
    /// such input.
    #[must_use]
    pub const fn is_irreproducible(self) -> bool {
        matches!(self.reproducibility(), Reproducibility::Varies | Reproducibility::Lost)
    }

    /// Whether two runs with different hash seeds may differ without a fault of ours. What was lost is a fault: the
    /// stored rows are not the program's.
    #[must_use]
    pub const fn may_differ_between_seeds(self) -> bool {
        matches!(self.reproducibility(), Reproducibility::Varies | Reproducibility::SameSeed)
    }

    /// Whether CPython may show something else; the other labels are about our own processes.
    #[must_use]
    pub const fn may_differ_from_cpython(self) -> bool {
        !matches!(self, Label::Killed | Label::WallClock)
    }
}
