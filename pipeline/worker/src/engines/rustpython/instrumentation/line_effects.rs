//! What can have happened between two lines: which variables the instructions of a line store to, and what they can
//! change in place. Called by `units`; the recorder asks.
//!
//! A line runs from where it begins to where another one does, and not all of that need be of its number: the end of a
//! statement over several lines belongs to the first of them and begins no line. So what runs is followed from each
//! beginning along every way to the next ones.

use rustpython_vm::bytecode::Opcode;

use super::detail::Traits;
use crate::engines::rustpython::analysis::{
    control_flow::{Flow, Op},
    line_starts::{Jumping, Mark},
    side_effects::{Mutates, mutated_by},
};

/// What runs from the beginning of a line to that of the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    /// What it can change in place, other than by drawing from iterators.
    pub(crate) mutates: Mutates,
    /// The slots that it can store to or empty, a bit for each of the first 64.
    pub(crate) stored: u64,
    /// The loops that it can draw for, a bit for each.
    pub(crate) draws: u64,
}

/// The regions by the instruction at which they begin; `None` where no line does.
pub(crate) fn regions(flow: &Flow, marks: &[Mark], traits: Traits) -> Vec<Option<Region>> {
    // The region in which an instruction was met last: no list is cleared between two.
    let mut met = vec![usize::MAX; flow.ops.len()];
    let mut waiting = Vec::new();
    let begins = |mark: &Mark| *mark != Mark::default();
    marks
        .iter()
        .enumerate()
        .map(|(start, mark)| begins(mark).then(|| region(flow, marks, traits, start, &mut met, &mut waiting)))
        .collect()
}

fn region(
    flow: &Flow,
    marks: &[Mark],
    traits: Traits,
    start: usize,
    met: &mut [usize],
    waiting: &mut Vec<usize>,
) -> Region {
    let mut region = Region { mutates: Mutates::Nothing, stored: 0, draws: 0 };
    waiting.push(start);
    while let Some(at) = waiting.pop() {
        let Some(op) = flow.ops.get(at) else { continue };
        if std::mem::replace(&mut met[at], start) == start {
            continue;
        }
        let drawn = flow.loops.iter().position(|known| known.head == at).filter(|number| *number < 64);
        match drawn {
            Some(number) if op.opcode == Opcode::ForIter => region.draws |= 1 << number,
            _ => region.mutates = region.mutates.max(mutates_here(op, traits)),
        }
        region.stored |= stored_by(op.opcode, op.argument as usize);
        let mark = |to: usize| marks.get(to).copied().unwrap_or_default();
        if !op.opcode.is_scope_exit() && !op.opcode.is_unconditional_jump() {
            let next = mark(at + 1);
            if !next.by_falling && !next.again {
                waiting.push(at + 1);
            }
        }
        if let Some(target) = op.target {
            // An exhausted loop skips `END_FOR`.
            let skips = op.opcode == Opcode::ForIter
                && flow.ops.get(target).is_some_and(|target| target.opcode == Opcode::EndFor);
            let target = target + usize::from(skips);
            let next = mark(target);
            if next.by_jumping != Jumping::Always && !next.again {
                waiting.push(target);
            }
        }
    }
    region
}

fn mutates_here(op: &Op, traits: Traits) -> Mutates {
    match mutated_by(op.opcode, op.argument as usize) {
        Mutates::Objects if traits.reaches_globals => Mutates::Anything,
        mutates => mutates,
    }
}

/// The slots that an instruction stores to or empties.
fn stored_by(opcode: Opcode, argument: usize) -> u64 {
    let slot = |at: usize| if at < 64 { 1 << at } else { 0 };
    match opcode {
        Opcode::StoreFast
        | Opcode::DeleteFast
        | Opcode::LoadFastAndClear
        | Opcode::StoreDeref
        | Opcode::DeleteDeref
        | Opcode::MakeCell => slot(argument),
        Opcode::StoreFastStoreFast => slot(argument >> 4) | slot(argument & 15),
        Opcode::StoreFastLoadFast => slot(argument >> 4),
        _ => 0,
    }
}
