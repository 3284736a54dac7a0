//! Chooses the places of probes: lines, calls, returns, exceptions and loops. Where instructions are recorded, more are
//! added until the called probes determine which instructions ran. Called by `instrument`.

use std::collections::{BTreeMap, BTreeSet};

use rustpython_vm::bytecode::Opcode;

use super::{
    builder::{Builder, before, fall},
    detail::Detail,
    site::Site,
    stack_effects::{StackAction, Step, Successor},
};
use crate::engines::rustpython::analysis::{
    control_flow::{FlowGraph, Loop, Op},
    line_starts::{Jumping, LineStart},
};

impl Builder<'_> {
    /// Inserts the probe of a line, for any path to the instruction or for falling into it alone.
    fn insert_line(&mut self, site: Site, however: bool, at: usize, line: u32) {
        let probe = self.probe(site, at, line, 0);
        self.insertions.push((if however { before(at) } else { fall(at) }, probe));
    }

    /// Inserts all probes. Probes at one place are called in the order of their insertion.
    pub(crate) fn insert_probes(&mut self, flow: &FlowGraph, line_starts: &[LineStart], detail: Detail) {
        let further = match self.info.records_instructions() {
            true => further_places(flow, &self.info.steps, line_starts, detail),
            false => Places::default(),
        };
        let mut has_resumed = false;
        for (at, op) in flow.ops.iter().enumerate() {
            self.insert_line_probes(at, op, line_starts[at]);
            if further.before.contains(&at) {
                self.insert_before(Site::Instruction, at, op.line, 0);
            }
            self.insert_set_probes(at, op);
            if detail != Detail::Count {
                self.insert_event_probes(flow, at, op, has_resumed);
            }
            if let Some(entry) = further.behind.get(&at) {
                self.insert_behind(Site::Instruction, at, op.line, *entry);
            }
            has_resumed |= op.opcode == Opcode::Resume;
        }
    }

    /// Inserts the probes of a line that may begin at an instruction.
    fn insert_line_probes(&mut self, at: usize, op: &Op, start: LineStart) {
        match (start.by_falling, start.by_jumping) {
            (false, Jumping::Never) => {}
            (true, Jumping::Always) => self.insert_line(Site::Line, true, at, op.line),
            (true, Jumping::Never) => self.insert_line(Site::Line, false, at, op.line),
            (by_falling, by_jumping) => {
                let fallen = if by_falling { Site::LineFallenInto } else { Site::FallenInto };
                self.insert_line(fallen, false, at, op.line);
                let jumped = if by_jumping == Jumping::Always { Site::LineIfJumpedTo } else { Site::LineIfOtherBefore };
                self.insert_line(jumped, true, at, op.line);
            }
        }
        if start.again {
            self.insert_line(Site::Line, true, at, op.line);
        }
    }

    /// Inserts the probes of calls, returns, exceptions and loops.
    fn insert_event_probes(&mut self, flow: &FlowGraph, at: usize, op: &Op, has_resumed: bool) {
        if let Some((place, only_by_falling)) = flow.taken_at(at) {
            let probe = self.probe(Site::Handled, place, op.line, 1);
            self.insertions.push((if only_by_falling { fall(place) } else { before(place) }, probe));
        }
        match op.opcode {
            // The `RESUME` behind an `await` that has not suspended is no event of the program.
            Opcode::Resume if has_resumed => self.insert_behind(Site::Resume, at, op.line, 0),
            Opcode::Resume => self.insert_behind(Site::Call, at, self.info.first_line, 0),
            // The line before the handler's is then the one that raised first.
            Opcode::Reraise if op.argument > 0 && flow.handler_of(at).is_some() => {
                self.insert_before(Site::RaisesAgain, at, op.line, op.argument as u8 + 1);
            }
            Opcode::RaiseVarargs if op.argument == 0 => self.insert_before(Site::BareRaise, at, op.line, 0),
            Opcode::ReturnValue => self.insert_before(Site::Return, at, op.line, 1),
            Opcode::YieldValue => self.insert_before(Site::Yield, at, op.line, 1),
            Opcode::ForIter => {
                if let Some(number) = flow.loops.iter().position(|known| known.head == at) {
                    let makes_its_iterator = flow.ops[flow.loops[number].source].opcode == Opcode::GetIter;
                    let number = number as u32;
                    let (site, entry) = match makes_its_iterator {
                        true => (Site::LoopItem(number), u8::from(self.info.records_instructions())),
                        false => (Site::GivenLoopItem(number), 2),
                    };
                    self.insert_behind(site, at, op.line, entry);
                }
                if let Some(target) = op.target.filter(|target| flow.ops[*target].opcode == Opcode::EndFor) {
                    self.insert_at(Site::LoopExhausted, at, target + 1, op.line, 0);
                }
            }
            Opcode::GetIter => {
                if let Some(number) = flow.loops.iter().position(|known| known.source == at) {
                    self.insert_before(Site::LoopIterable(number as u32), at, op.line, 1);
                    self.insert_behind(Site::LoopIterator(number as u32), at, op.line, 1);
                }
            }
            _ => {}
        }
    }
}

/// Further probes where instructions are recorded: in front of an instruction, and behind one with the entry of the
/// stack that it gets.
#[derive(Default)]
struct Places {
    before: BTreeSet<usize>,
    behind: BTreeMap<usize, u8>,
}

/// Chooses the places of further probes, so that what ran between two probes follows from the probes.
fn further_places(flow: &FlowGraph, steps: &[Step], line_starts: &[LineStart], detail: Detail) -> Places {
    let mut places = Places::default();
    if detail == (Detail::Instructions { each: true }) {
        places.before.extend((0..steps.len()).filter(|at| steps[*at].is_recorded));
        return places;
    }
    let begins = steps.iter().position(|step| step.is_recorded).unwrap_or(steps.len());
    // A line that may begin has a probe on each path to it.
    let has_line = |at: usize| line_starts.get(at).is_some_and(|mark| *mark != LineStart::default());
    // Targets of jumps.
    let handlers = flow.handlers.iter().map(|handler| handler.target);
    let jumps = flow.ops.iter().filter(|op| op.opcode != Opcode::ForIter).filter_map(|op| op.target);
    for target in handlers.chain(jumps) {
        let mark = line_starts[target];
        if !mark.again && mark.by_jumping == Jumping::Never && target >= begins {
            places.before.insert(target);
        }
    }
    // Instructions that are observed when they have run.
    let tracked = |at: usize, kind: fn(&Loop) -> usize| flow.loops.iter().any(|known| kind(known) == at);
    for (at, (step, op)) in steps.iter().zip(&flow.ops).enumerate().skip(begins) {
        let StackAction::Observed { pushed, .. } = step.action else { continue };
        let entry = match op.opcode {
            _ if !step.is_recorded || op.opcode.is_scope_exit() || op.opcode.is_unconditional_jump() => continue,
            // It has a probe of its own behind it.
            Opcode::YieldValue => continue,
            Opcode::ForIter if tracked(at, |known| known.head) => continue,
            Opcode::GetIter if tracked(at, |known| known.source) => continue,
            // The empty place lies on top.
            Opcode::LoadGlobal => pushed as u8,
            // It may push an empty place.
            Opcode::LoadFastAndClear => 0,
            _ if pushed == 0 && (has_line(at + 1) || places.before.contains(&(at + 1))) => continue,
            _ => u8::from(pushed == 1),
        };
        places.behind.insert(at, entry);
    }
    for (at, step) in steps.iter().enumerate().skip(begins) {
        let has_probe =
            |at: usize| has_line(at) || places.before.contains(&at) || (at > 0 && steps[at - 1].is_observed());
        let target = match step.successor {
            Successor::Jump(target) | Successor::NextOr(target) => target as usize,
            Successor::Next => continue,
        };
        match step.successor {
            // Falling through must not look like the jump.
            Successor::NextOr(_) if !step.is_observed() => {
                let next = (at + 1..steps.len()).find(|next| *next == target || has_probe(*next));
                if next == Some(target) && target > at + 1 {
                    places.behind.insert(at, 0);
                }
            }
            // Nor may an iteration of a loop look like no instruction at all.
            Successor::Jump(_) if target <= at && !(target + 1..=at).any(has_probe) => {
                places.before.insert(at);
            }
            _ => {}
        }
    }
    places
}
