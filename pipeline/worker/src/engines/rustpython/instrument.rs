//! Puts probes into a compiled code object: before lines or instructions, at calls, returns and exceptions, at loops.
//! Called by `units` once a unit; what the probes do is in `probe` and `recorder`.
//!
//! A probe is a constant and three instructions that leave the stack as it was:
//!
//! ```text
//!   LOAD_CONST probe; UNARY_INVERT; POP_TOP                    the probe is called
//!   LOAD_CONST probe; COPY 2; BINARY_OP @; POP_TOP             the probe is called with the stack's top
//! ```
//!
//! Exceptions come to a probe through the exception table. Each handler gets a stub behind the code that calls the
//! probe and jumps on; what no handler covered is covered by a stub that calls the probe and raises again. An
//! instruction that raises again what was raised before has entries of its own, which lead past the probes.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use rustpython_vm::{Py, PyObjectRef, PyPayload, PyRef, VirtualMachine, builtins::PyCode, bytecode::Opcode};
use tracemill_trace::Point;

use super::{
    flow::{Flow, Loop, Op},
    lines::{Jumping, Mark, marks},
    probe::{Probe, Site},
    sets,
    steps::{Does, Leads, Step},
    units::{Layout, Traits, quiet},
};

/// How finely code is probed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Detail {
    /// Lines are counted: set-up, call and check.
    Count,
    /// What is reached is noted, see `cover`.
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

/// One probe to be put in.
pub(super) struct Insertion {
    pub(super) constant: usize,
    /// The entry of the stack that it is given, from the top; 0 for none.
    pub(super) entry: u8,
}

/// A code object with probes, and so those nested in it; and the points that are noted.
pub(super) fn instrument(
    code: &Py<PyCode>,
    detail: Detail,
    traits: Traits,
    vm: &VirtualMachine,
) -> (PyRef<PyCode>, Vec<Point>) {
    let mut met = Met::default();
    // What runs before the call is counted, not recorded; where points are noted, that is seen to there.
    let own = match detail {
        Detail::Lines | Detail::Instructions { .. } if traits.is_called => Detail::Count,
        detail => detail,
    };
    (probed(code, own, detail, traits, &mut met, vm), met.points)
}

/// Evaluates annotations, when somebody asks for them: no code that a program has.
fn is_annotations(code: &Py<PyCode>) -> bool {
    code.code.obj_name.as_str() == "__annotate__"
}

/// What was met in the unit so far.
#[derive(Default)]
struct Met {
    /// Constant sets.
    sets: Vec<PyObjectRef>,
    /// Points that are noted.
    points: Vec<Point>,
}

/// The code with probes as fine as `detail`, and what is nested in it with `inner` ones.
fn probed(
    code: &Py<PyCode>,
    detail: Detail,
    inner: Detail,
    traits: Traits,
    met: &mut Met,
    vm: &VirtualMachine,
) -> PyRef<PyCode> {
    let mut flow = Flow::of(code);
    let marks = marks(&flow);
    let layout = Layout::new(code, &mut flow, &marks, detail, traits, vm);
    let mut builder = Builder {
        constants: code
            .code
            .constants
            .iter()
            .map(|constant| {
                let object: PyObjectRef = constant.clone().into();
                match object.downcast_ref::<PyCode>() {
                    Some(code) => probed(code, inner, inner, traits, met, vm).into(),
                    None => sets::constant(object, &mut met.sets, vm),
                }
            })
            .collect(),
        insertions: Vec::new(),
        layout: &layout,
        vm,
    };
    if layout.is_fine() {
        builder.own_what_is_borrowed(&mut flow);
    }
    match detail {
        Detail::Cover { whole } if layout.is_unit && (whole || !layout.in_dictionary) && !is_annotations(code) => {
            builder.place_points(&flow, &marks, &mut met.points);
        }
        Detail::Cover { .. } => builder.place(&flow, &marks, Detail::Count),
        _ => builder.place(&flow, &marks, detail),
    }
    let begins = flow.ops.iter().position(|op| op.opcode == Opcode::Resume).map_or(0, |at| at + 1);
    let whole = builder.assemble(&code.code, &flow, detail, begins);
    let made = vm.ctx.new_code(whole);
    quiet(&made);
    made
}

/// A code object that is being given probes.
pub(super) struct Builder<'a> {
    pub(super) constants: Vec<PyObjectRef>,
    /// Probes with their places, see [`fall`] and [`before`].
    pub(super) insertions: Vec<(usize, Insertion)>,
    pub(super) layout: &'a Rc<Layout>,
    vm: &'a VirtualMachine,
}

/// The place of what is run before an instruction where the one before it leads there.
pub(super) fn fall(at: usize) -> usize {
    2 * at
}

/// The place of what is run before an instruction however it is reached; behind [`fall`].
pub(super) fn before(at: usize) -> usize {
    2 * at + 1
}

impl Builder<'_> {
    pub(super) fn probe(&mut self, site: Site, op: usize, line: u32, entry: u8) -> Insertion {
        self.probe_at(site, op, op, line, entry)
    }

    /// A probe before the instruction `place` that is about the instruction `op`.
    pub(super) fn probe_at(&mut self, site: Site, op: usize, place: usize, line: u32, entry: u8) -> Insertion {
        let probe = Probe { layout: Rc::clone(self.layout), site, op: op as u32, place: place as u32, line };
        self.constants.push(probe.into_ref(&self.vm.ctx).into());
        Insertion { constant: self.constants.len() - 1, entry }
    }

    /// Puts instructions that push an object of their own in place of those that push a borrowed one: what is borrowed
    /// is not among a frame's objects. They are told under the names that they had.
    fn own_what_is_borrowed(&mut self, flow: &mut Flow) {
        for op in &mut flow.ops {
            let owning = match op.opcode {
                Opcode::LoadFastBorrow => Opcode::LoadFast,
                Opcode::LoadFastBorrowLoadFastBorrow => Opcode::LoadFastLoadFast,
                Opcode::LoadSmallInt => {
                    self.constants.push(self.vm.ctx.new_int(op.argument).into());
                    op.argument = self.constants.len() as u32 - 1;
                    Opcode::LoadConst
                }
                _ => continue,
            };
            (op.opcode, op.instruction) = (owning, owning.into());
        }
    }

    /// Puts a probe of a line in, for whatever leads to the instruction or for falling into it alone.
    fn line(&mut self, site: Site, however: bool, at: usize, line: u32) {
        let probe = self.probe(site, at, line, 0);
        self.insertions.push((if however { before(at) } else { fall(at) }, probe));
    }

    /// Puts in what an instruction that reads or updates a set needs: in CPython's order, whoever watches.
    pub(super) fn sets(&mut self, at: usize, op: &Op) {
        let sites: &[(Site, u8)] = match op.opcode {
            Opcode::ListExtend | Opcode::UnpackEx => &[(Site::Reads, 1)],
            Opcode::CallFunctionEx => &[(Site::Reads, 2)],
            Opcode::SetUpdate => &[(Site::Updates, op.argument as u8 + 1), (Site::Adds, 1)],
            _ => &[],
        };
        for &(site, entry) in sites {
            let probe = self.probe(site, at, op.line, entry);
            self.insertions.push((before(at), probe));
        }
    }

    /// Decides where the probes go.
    fn place(&mut self, flow: &Flow, marks: &[Mark], detail: Detail) {
        let fine = self.layout.is_fine();
        let wanted = if fine { places(flow, &self.layout.steps, marks, detail) } else { Places::default() };
        let mut begun = false;
        for (at, op) in flow.ops.iter().enumerate() {
            let is_resume = op.opcode == Opcode::Resume;
            let mark = marks[at];
            match (mark.by_falling, mark.by_jumping) {
                (false, Jumping::Never) => {}
                (true, Jumping::Always) => self.line(Site::Line, true, at, op.line),
                (true, Jumping::Never) => self.line(Site::Line, false, at, op.line),
                (by_falling, by_jumping) => {
                    self.line(if by_falling { Site::LineByFalling } else { Site::Falls }, false, at, op.line);
                    self.line(
                        if by_jumping == Jumping::Always { Site::LineUnlessFallen } else { Site::LineIfOther },
                        true,
                        at,
                        op.line,
                    );
                }
            }
            if mark.again {
                self.line(Site::Line, true, at, op.line);
            }
            if wanted.before.contains(&at) {
                let probe = self.probe(Site::Instruction, at, op.line, 0);
                self.insertions.push((before(at), probe));
            }
            self.sets(at, op);
            if detail != Detail::Count {
                if let Some((place, only_by_falling)) = flow.taken_at(at) {
                    let probe = self.probe(Site::Handled, place, op.line, 1);
                    self.insertions.push((if only_by_falling { fall(place) } else { before(place) }, probe));
                }
                match op.opcode {
                    Opcode::Resume => {
                        let site = if begun { Site::Resume } else { Site::Call };
                        let line = if begun { op.line } else { self.layout.first_line };
                        // The one after an `await` that has not begun to wait is none of the program's.
                        let probe = self.probe_at(site, at, at + 1, line, 0);
                        self.insertions.push((fall(at + 1), probe));
                    }
                    // What ran before the handler's line is then what raised first.
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
                                true => (Site::DrawFrom(number), 2),
                                false => (Site::Draw(number), u8::from(fine)),
                            };
                            let probe = self.probe_at(site, at, at + 1, op.line, entry);
                            self.insertions.push((fall(at + 1), probe));
                        }
                        if let Some(target) = op.target.filter(|target| flow.ops[*target].opcode == Opcode::EndFor) {
                            let probe = self.probe_at(Site::Exhausted, at, target + 1, op.line, 0);
                            self.insertions.push((before(target + 1), probe));
                        }
                    }
                    Opcode::GetIter => {
                        if let Some(number) = flow.loops.iter().position(|known| known.source == at) {
                            let probe = self.probe(Site::Walks(number as u32), at, op.line, 1);
                            self.insertions.push((before(at), probe));
                            let probe = self.probe_at(Site::Begins(number as u32), at, at + 1, op.line, 1);
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

/// Where instructions are recorded: probes before an instruction, and behind one, with the entry of the stack that they
/// are given.
#[derive(Default)]
struct Places {
    before: BTreeSet<usize>,
    behind: BTreeMap<usize, u8>,
}

/// Decides where probes go besides those of lines, calls and loops, so that all that ran between two probes follows from
/// where they are.
fn places(flow: &Flow, steps: &[Step], marks: &[Mark], detail: Detail) -> Places {
    let mut places = Places::default();
    if detail == (Detail::Instructions { each: true }) {
        places.before.extend((0..steps.len()).filter(|at| steps[*at].is_told));
        return places;
    }
    let begins = steps.iter().position(|step| step.is_told).unwrap_or(steps.len());
    // A line that may begin has a probe for each way that leads to it.
    let has_line = |at: usize| marks.get(at).is_some_and(|mark| *mark != Mark::default());
    // What is jumped to.
    let handlers = flow.handlers.iter().map(|handler| handler.target);
    let jumps = flow.ops.iter().filter(|op| op.opcode != Opcode::ForIter).filter_map(|op| op.target);
    for target in handlers.chain(jumps) {
        let mark = marks[target];
        if !mark.again && mark.by_jumping == Jumping::Never && target >= begins {
            places.before.insert(target);
        }
    }
    // What has run and must be looked at.
    let tracked = |at: usize, kind: fn(&Loop) -> usize| flow.loops.iter().any(|known| kind(known) == at);
    for (at, (step, op)) in steps.iter().zip(&flow.ops).enumerate().skip(begins) {
        let Does::Stop { pushed, .. } = step.does else { continue };
        let entry = match op.opcode {
            _ if !step.is_told || op.opcode.is_scope_exit() || op.opcode.is_unconditional_jump() => continue,
            // These have a probe of their own behind them.
            Opcode::YieldValue => continue,
            Opcode::ForIter if tracked(at, |known| known.head) => continue,
            Opcode::GetIter if tracked(at, |known| known.source) => continue,
            // The empty place lies on the top.
            Opcode::LoadGlobal => pushed as u8,
            // It may push an empty place.
            Opcode::LoadFastAndClear => 0,
            _ if pushed == 0 && (has_line(at + 1) || places.before.contains(&(at + 1))) => continue,
            _ => u8::from(pushed == 1),
        };
        places.behind.insert(at, entry);
    }
    for (at, step) in steps.iter().enumerate().skip(begins) {
        let has_probe = |at: usize| has_line(at) || places.before.contains(&at) || (at > 0 && steps[at - 1].is_stop());
        let target = match step.leads {
            Leads::To(target) | Leads::OnOr(target) => target as usize,
            Leads::On => continue,
        };
        match step.leads {
            // Falling on must not look like the jump.
            Leads::OnOr(_) if !step.is_stop() => {
                let next = (at + 1..steps.len()).find(|next| *next == target || has_probe(*next));
                if next == Some(target) && target > at + 1 {
                    places.behind.insert(at, 0);
                }
            }
            // Nor a round of a loop like nothing.
            Leads::To(_) if target <= at && !(target + 1..=at).any(has_probe) => {
                places.before.insert(at);
            }
            _ => {}
        }
    }
    places
}
