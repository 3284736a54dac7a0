//! Chooses the places of probes: lines, calls, returns, exceptions and loops. Where instructions are recorded, more are
//! added until the probes that were called say which instructions ran. Called by `instrument`.

use std::collections::{BTreeMap, BTreeSet};

use rustpython_vm::bytecode::Opcode;

use super::{
    builder::{Builder, before, fall},
    detail::Detail,
    site::Site,
    stack_effects::{StackAction, Step, Successor},
};
use crate::engines::rustpython::analysis::{
    control_flow::{FlowGraph, Loop},
    line_starts::{Jumping, LineStart},
};

impl Builder<'_> {
    /// Inserts the probe of a line, for any path to the instruction or for falling into it alone.
    fn insert_line(&mut self, site: Site, however: bool, at: usize, line: u32) {
        let probe = self.probe(site, at, line, 0);
        self.insertions.push((if however { before(at) } else { fall(at) }, probe));
    }

    /// Inserts all probes.
    pub(crate) fn insert_probes(&mut self, flow: &FlowGraph, line_starts: &[LineStart], detail: Detail) {
        let fine = self.info.records_instructions();
        let wanted = if fine { further_places(flow, &self.info.steps, line_starts, detail) } else { Places::default() };
        let mut begun = false;
        for (at, op) in flow.ops.iter().enumerate() {
            let is_resume = op.opcode == Opcode::Resume;
            let mark = line_starts[at];
            match (mark.by_falling, mark.by_jumping) {
                (false, Jumping::Never) => {}
                (true, Jumping::Always) => self.insert_line(Site::Line, true, at, op.line),
                (true, Jumping::Never) => self.insert_line(Site::Line, false, at, op.line),
                (by_falling, by_jumping) => {
                    self.insert_line(
                        if by_falling { Site::LineFallenInto } else { Site::FallenInto },
                        false,
                        at,
                        op.line,
                    );
                    self.insert_line(
                        if by_jumping == Jumping::Always { Site::LineIfJumpedTo } else { Site::LineIfOtherBefore },
                        true,
                        at,
                        op.line,
                    );
                }
            }
            if mark.again {
                self.insert_line(Site::Line, true, at, op.line);
            }
            if wanted.before.contains(&at) {
                let probe = self.probe(Site::Instruction, at, op.line, 0);
                self.insertions.push((before(at), probe));
            }
            self.insert_set_probes(at, op);
            if detail != Detail::Count {
                if let Some((place, only_by_falling)) = flow.taken_at(at) {
                    let probe = self.probe(Site::Handled, place, op.line, 1);
                    self.insertions.push((if only_by_falling { fall(place) } else { before(place) }, probe));
                }
                match op.opcode {
                    Opcode::Resume => {
                        let site = if begun { Site::Resume } else { Site::Call };
                        let line = if begun { op.line } else { self.info.first_line };
                        // The `RESUME` behind an `await` that has not suspended is no event of the program.
                        let probe = self.probe_at(site, at, at + 1, line, 0);
                        self.insertions.push((fall(at + 1), probe));
                    }
                    // The line before the handler's is then the one that raised first.
                    Opcode::Reraise if op.argument > 0 && flow.handler_of(at).is_some() => {
                        let probe = self.probe(Site::RaisesAgain, at, op.line, op.argument as u8 + 1);
                        self.insertions.push((before(at), probe));
                    }
                    Opcode::RaiseVarargs if op.argument == 0 => {
                        let probe = self.probe(Site::BareRaise, at, op.line, 0);
                        self.insertions.push((before(at), probe));
                    }
                    Opcode::ReturnValue => {
                        let probe = self.probe(Site::Return, at, op.line, 1);
                        self.insertions.push((before(at), probe));
                    }
                    Opcode::YieldValue => {
                        let probe = self.probe(Site::Yield, at, op.line, 1);
                        self.insertions.push((before(at), probe));
                    }
                    Opcode::ForIter => {
                        if let Some(number) = flow.loops.iter().position(|known| known.head == at) {
                            let given = flow.ops[flow.loops[number].source].opcode != Opcode::GetIter;
                            let number = number as u32;
                            let (site, entry) = match given {
                                true => (Site::GivenLoopItem(number), 2),
                                false => (Site::LoopItem(number), u8::from(fine)),
                            };
                            let probe = self.probe_at(site, at, at + 1, op.line, entry);
                            self.insertions.push((fall(at + 1), probe));
                        }
                        if let Some(target) = op.target.filter(|target| flow.ops[*target].opcode == Opcode::EndFor) {
                            let probe = self.probe_at(Site::LoopExhausted, at, target + 1, op.line, 0);
                            self.insertions.push((before(target + 1), probe));
                        }
                    }
                    Opcode::GetIter => {
                        if let Some(number) = flow.loops.iter().position(|known| known.source == at) {
                            let probe = self.probe(Site::LoopIterable(number as u32), at, op.line, 1);
                            self.insertions.push((before(at), probe));
                            let probe = self.probe_at(Site::LoopIterator(number as u32), at, at + 1, op.line, 1);
                            self.insertions.push((fall(at + 1), probe));
                        }
                    }
                    _ => {}
                }
            }
            if let Some(entry) = wanted.behind.get(&at) {
                let probe = self.probe_at(Site::Instruction, at, at + 1, op.line, *entry);
                self.insertions.push((fall(at + 1), probe));
            }
            begun |= is_resume;
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
