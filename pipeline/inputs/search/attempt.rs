//! A candidate on its way through the search: an [`Attempt`] before its run, [`Tried`] after it.

use tracemill_schemas::functions::FunctionsRow;

use super::runner::RunResult;
use super::tree::{Call, Callee, Tree};
use crate::inputs::candidate::Candidate;

/// A candidate that was run.
#[derive(Debug, Clone)]
pub(super) struct Tried {
    pub(super) candidate: Candidate,
    pub(super) tree: Option<Tree>,
    /// How often it was changed since it was offered.
    pub(super) generation: u32,
    pub(super) ran: RunResult,
}

/// A candidate that is to be run.
pub(super) struct Attempt {
    pub(super) candidate: Candidate,
    /// What it was written from; read from its text when it is `None`.
    pub(super) tree: Option<Tree>,
    pub(super) generation: u32,
}

impl Attempt {
    pub(super) fn offered(candidate: Candidate) -> Self {
        Attempt { candidate, tree: None, generation: 0 }
    }

    pub(super) fn key(&self) -> (String, String, String) {
        let Candidate { setup, call, stdin, .. } = &self.candidate;
        (setup.clone(), call.clone(), stdin.clone())
    }
}

/// What a candidate is made of: for a program the lines that it reads.
pub(super) fn of_candidate(candidate: &Candidate, row: &FunctionsRow) -> Option<Tree> {
    if row.kind != "program" {
        return Tree::read(&candidate.call);
    }
    let lines = candidate.stdin.lines().map(|line| (None, Tree::Str(line.to_owned()))).collect();
    Some(Tree::Call(Box::new(Call { callee: Callee::Text("stdin".to_owned()), arguments: lines })))
}

/// The candidate with what the tree says in place of its call, or of what it reads.
pub(super) fn with_tree(candidate: &Candidate, tree: &Tree) -> Candidate {
    // What was known of the result is not known any more.
    let mut changed = Candidate { check: None, is_free: false, ..candidate.clone() };
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
