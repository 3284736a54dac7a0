//! A candidate: an input that a source, a type, the search or a language model offers. Lowest file of the stage; the
//! sources make candidates, the search runs them, `collect` makes rows of them.

/// An input that may be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Its source, as the column `origin` of `inputs` names it.
    pub(super) origin: &'static str,
    /// Statements that run before the call, untraced; may be empty.
    pub(super) setup: String,
    /// The expression to trace; empty for a program.
    pub(super) call: String,
    /// An expression over `__result__` that holds for the expected result; `None` where no result is known.
    pub(super) check: Option<String>,
    /// Standard input of a program.
    pub(super) stdin: String,
    /// Whether it is kept beyond `inputs.per_function`.
    pub(super) exempt_from_limit: bool,
}

impl Candidate {
    /// A candidate without standard input that counts towards `inputs.per_function`.
    pub(super) fn new(origin: &'static str, setup: &str, call: String, check: Option<String>) -> Self {
        Candidate { origin, setup: setup.to_owned(), call, check, ..Candidate::default() }
    }

    /// Whether a person wrote it.
    pub(super) fn is_human_written(&self) -> bool {
        matches!(self.origin, "benchmark" | "assert" | "test" | "doctest" | "main")
    }

    /// Its length as source text.
    pub(super) fn bytes(&self) -> usize {
        self.setup.len() + self.call.len() + self.check.as_ref().map_or(0, String::len) + self.stdin.len()
    }
}

/// The expression as one that stands alone: in brackets where it spans several lines.
pub(super) fn parenthesised(expression: String) -> String {
    if expression.contains('\n') { format!("({expression})") } else { expression }
}
