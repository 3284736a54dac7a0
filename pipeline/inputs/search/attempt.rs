//! A candidate on its way through the search: a [`PendingCandidate`] before its run, an
//! [`EvaluatedCandidate`] after it.

use tracemill_schemas::functions::FunctionsRow;

use super::runner::RunResult;
use super::tree::{Call, Callee, Tree};
use crate::inputs::candidate::Candidate;

/// A candidate after its run.
#[derive(Debug, Clone)]
pub(super) struct EvaluatedCandidate {
    pub(super) candidate: Candidate,
    /// Its call as a tree; `None` where that is no expression.
    pub(super) tree: Option<Tree>,
    /// Mutations since it was offered.
    pub(super) generation: u32,
    pub(super) ran: RunResult,
}

/// A candidate before its run.
pub(super) struct PendingCandidate {
    pub(super) candidate: Candidate,
    /// The tree that its text was written from; `None` where it is still to be read from the text.
    pub(super) tree: Option<Tree>,
    pub(super) generation: u32,
}

impl PendingCandidate {
    /// An attempt at a candidate that was offered.
    pub(super) fn offered(candidate: Candidate) -> Self {
        PendingCandidate { candidate, tree: None, generation: 0 }
    }

    /// Equal for attempts that would run the same.
    pub(super) fn key(&self) -> (String, String, String) {
        let Candidate { setup, call, stdin, .. } = &self.candidate;
        (setup.clone(), call.clone(), stdin.clone())
    }
}

/// The tree of a candidate: its call; for a program a call whose arguments are the lines of standard input. `None`
/// where the call is no expression.
pub(super) fn tree_of(candidate: &Candidate, row: &FunctionsRow) -> Option<Tree> {
    if row.kind != "program" {
        return Tree::read(&candidate.call);
    }
    let lines = candidate.stdin.lines().map(|line| (None, Tree::Str(line.to_owned()))).collect();
    Some(Tree::Call(Box::new(Call { callee: Callee::Text("stdin".to_owned()), arguments: lines })))
}

/// The candidate with the tree in place of its call, or of its standard input.
pub(super) fn with_tree(candidate: &Candidate, tree: &Tree) -> Candidate {
    // The result of a changed call is unknown.
    let mut changed = Candidate { check: None, exempt_from_limit: false, ..candidate.clone() };
    match tree {
        Tree::Call(call) if candidate.call.is_empty() => {
            let lines = call.arguments.iter().map(|(_, line)| match line {
                Tree::Str(text) => text.clone() + "\n",
                other => other.text() + "\n",
            });
            changed.stdin = lines.collect();
        }
        tree => {
            changed.call = tree.text();
            changed.origin = "searched";
        }
    }
    changed
}
