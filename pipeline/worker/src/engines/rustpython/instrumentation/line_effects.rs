//! What the instructions of a line can have changed: the variables to which they store, and the objects that they
//! change in place. Called by `code_info`; the recorder compares only what can have changed.
//!
//! A line runs until another line begins. Some of its instructions may have another line number: the end of a statement
//! over several lines belongs to the first of them and begins no line. So the effect is collected from each beginning
//! along every branch to the next beginnings.

use rustpython_vm::bytecode::Opcode;

use super::detail::SourceTraits;
use crate::engines::rustpython::analysis::{
    control_flow::{FlowGraph, Op},
    line_starts::{Jumping, LineStart},
    side_effects::{Mutates, mutated_by},
};

/// The effect of what runs from the beginning of a line to that of the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineEffect {
    /// What it can change in place, apart from iterators of loops.
    pub(crate) mutates: Mutates,
    /// The slots that it can bind or unbind, a bit for each of the first 64.
    pub(crate) stored: u64,
    /// The loops that can draw an item, a bit for each.
    pub(crate) draws: u64,
}

/// The effect of each line, by the instruction at which it begins; `None` where no line does.
pub(crate) fn line_effects(
    flow: &FlowGraph,
    line_starts: &[LineStart],
    traits: SourceTraits,
) -> Vec<Option<LineEffect>> {
    // For each instruction the beginning from which it was visited last, so that no list is cleared in between.
    let mut met = vec![usize::MAX; flow.ops.len()];
    let mut waiting = Vec::new();
    let begins = |mark: &LineStart| *mark != LineStart::default();
    line_starts
        .iter()
        .enumerate()
        .map(|(start, mark)| {
            begins(mark).then(|| effect_from(flow, line_starts, traits, start, &mut met, &mut waiting))
        })
        .collect()
}

fn effect_from(
    flow: &FlowGraph,
    line_starts: &[LineStart],
    traits: SourceTraits,
    start: usize,
    met: &mut [usize],
    waiting: &mut Vec<usize>,
) -> LineEffect {
    let mut effect = LineEffect { mutates: Mutates::Nothing, stored: 0, draws: 0 };
    waiting.push(start);
    while let Some(at) = waiting.pop() {
        let Some(op) = flow.ops.get(at) else { continue };
        if std::mem::replace(&mut met[at], start) == start {
            continue;
        }
        let drawn = flow.loops.iter().position(|known| known.head == at).filter(|number| *number < 64);
        match drawn {
            Some(number) if op.opcode == Opcode::ForIter => effect.draws |= 1 << number,
            _ => effect.mutates = effect.mutates.max(mutates_here(op, traits)),
        }
        effect.stored |= stored_by(op.opcode, op.argument as usize);
        let mark = |to: usize| line_starts.get(to).copied().unwrap_or_default();
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
    effect
}

fn mutates_here(op: &Op, traits: SourceTraits) -> Mutates {
    match mutated_by(op.opcode, op.argument as usize) {
        Mutates::Objects if traits.reaches_globals => Mutates::Anything,
        mutates => mutates,
    }
}

/// The slots that an instruction binds or unbinds.
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
