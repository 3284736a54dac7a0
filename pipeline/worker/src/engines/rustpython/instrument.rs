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

use rustpython_vm::{
    Py, PyObjectRef, PyPayload, PyRef, VirtualMachine,
    builtins::PyCode,
    bytecode::{
        CodeObject, CodeUnit, CodeUnits, Constant, ExceptionTableEntry, Instruction, OpArgByte, Opcode,
        encode_exception_table,
    },
};

use super::{
    flow::{Flow, Loop, reraises},
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
    /// What line granularity needs.
    Lines,
    /// Instructions too.
    Instructions {
        /// Each of them is looked at.
        each: bool,
    },
}

/// `BINARY_OP`'s argument for `@`, which nothing built in has.
const MATRIX_MULTIPLY: u8 = 4;

/// One probe to be put in.
struct Insertion {
    constant: usize,
    /// The entry of the stack that it is given, from the top; 0 for none.
    entry: u8,
}

/// A code object with probes, and so those nested in it.
pub(super) fn instrument(code: &Py<PyCode>, detail: Detail, traits: Traits, vm: &VirtualMachine) -> PyRef<PyCode> {
    nested(code, detail, traits, &mut Vec::new(), vm)
}

/// `sets` are the constant sets of the unit that were met before.
fn nested(
    code: &Py<PyCode>,
    detail: Detail,
    traits: Traits,
    sets: &mut Vec<PyObjectRef>,
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
                    Some(inner) => nested(inner, detail, traits, sets, vm).into(),
                    None => sets::constant(object, sets, vm),
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
    builder.place(&flow, &marks, detail);
    let begins = flow.ops.iter().position(|op| op.opcode == Opcode::Resume).map_or(0, |at| at + 1);
    let whole = builder.assemble(&code.code, &flow, detail, begins);
    let made = vm.ctx.new_code(whole);
    quiet(&made);
    made
}

struct Builder<'a> {
    constants: Vec<PyObjectRef>,
    /// Probes with their places, see [`fall`] and [`before`].
    insertions: Vec<(usize, Insertion)>,
    layout: &'a Rc<Layout>,
    vm: &'a VirtualMachine,
}

/// The place of what is run before an instruction where the one before it leads there.
fn fall(at: usize) -> usize {
    2 * at
}

/// The place of what is run before an instruction however it is reached; behind [`fall`].
fn before(at: usize) -> usize {
    2 * at + 1
}

impl Builder<'_> {
    fn probe(&mut self, site: Site, op: usize, line: u32, entry: u8) -> Insertion {
        self.probe_at(site, op, op, line, entry)
    }

    /// A probe before the instruction `place` that is about the instruction `op`.
    fn probe_at(&mut self, site: Site, op: usize, place: usize, line: u32, entry: u8) -> Insertion {
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
            // Sets are read and updated in CPython's order, whoever watches.
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

    /// Puts everything together.
    fn assemble<C: Constant + Clone + From<PyObjectRef>>(
        mut self,
        code: &CodeObject<C>,
        flow: &Flow,
        detail: Detail,
        begins: usize,
    ) -> CodeObject<C>
    where
        C::Name: Clone,
    {
        let count = flow.ops.len();
        // Stubs: one for each handler's target and depth, two for what nothing covers.
        let mut stubs: Vec<(usize, Insertion)> = Vec::new();
        let mut outer: Option<[Insertion; 3]> = None;
        if detail != Detail::Count {
            let mut targets: Vec<usize> = flow.handlers.iter().map(|handler| handler.target).collect();
            targets.sort_unstable();
            targets.dedup();
            for target in targets {
                let line = flow.ops.get(target).map_or(0, |op| op.line);
                let probe = self.probe(Site::Raise, target, line, 1);
                stubs.push((target, probe));
            }
            outer = Some([
                self.probe(Site::RaisedAt, 0, 0, 2),
                self.probe(Site::Unwind, 0, 0, 1),
                self.probe(Site::UnwindAgain, 0, 0, 1),
            ]);
        }
        let length = |insertion: &Insertion| {
            let load = 1 + usize::from(insertion.constant > 0xff) + usize::from(insertion.constant > 0xffff);
            let binary = 1 + Instruction::from(Opcode::BinaryOp).cache_entries();
            load + if insertion.entry > 0 { 1 + binary + 1 } else { 2 }
        };
        let mut insertions = std::mem::take(&mut self.insertions);
        // Stable: probes at one place stay in order.
        insertions.sort_by_key(|(place, _)| *place);
        let mut lengths = vec![0; before(count) + 1];
        for (place, insertion) in &insertions {
            lengths[*place] += length(insertion);
        }
        let extra = |argument: u32| match argument {
            0..=0xff => 0,
            0x100..=0xffff => 1,
            0x1_0000..=0xff_ffff => 2,
            _ => 3,
        };
        // Prefixes that each argument takes; those of jumps grow until every distance fits.
        let mut rooms: Vec<usize> =
            flow.ops.iter().map(|op| if op.target.is_some() { 0 } else { extra(op.argument) }).collect();
        // Where falling into an instruction begins, and jumping to it.
        let (mut falls, mut labels) = (vec![0; count + 1], vec![0; count + 1]);
        loop {
            let mut at = 0;
            for (index, op) in flow.ops.iter().enumerate() {
                falls[index] = at;
                labels[index] = at + lengths[fall(index)];
                at = labels[index] + lengths[before(index)] + rooms[index] + 1 + op.caches;
            }
            (falls[count], labels[count]) = (at, at);
            let mut grown = false;
            for (index, op) in flow.ops.iter().enumerate() {
                let Some(target) = op.target else { continue };
                let room = extra(labels[target].abs_diff(falls[index + 1]) as u32);
                if room > rooms[index] {
                    rooms[index] = room;
                    grown = true;
                }
            }
            if !grown {
                break;
            }
        }
        let mut origins = Vec::with_capacity(count);
        let mut out = Output::with_capacity(labels[count] + 16 * (stubs.len() + 2));
        let mut insertions = insertions.into_iter().peekable();
        for (index, op) in flow.ops.iter().enumerate() {
            let location = code.locations[op.unit];
            while let Some((_, insertion)) = insertions.next_if(|(place, _)| *place <= before(index)) {
                out.insertion(&insertion, location, op.line);
            }
            let argument = match op.target {
                Some(target) => labels[target].abs_diff(falls[index + 1]) as u32,
                None => op.argument,
            };
            for step in (1..=rooms[index]).rev() {
                out.unit(Opcode::ExtendedArg, (argument >> (8 * step)) as u8, location, op.line);
            }
            origins.push((out.units.len() as u32, op.unit as u32));
            out.push(CodeUnit::new(op.instruction, OpArgByte::new(argument as u8)), location, op.line);
            for step in 1..=op.caches {
                out.push(code.instructions.read_unit(op.unit + step), location, op.line);
            }
        }
        let last = flow.ops.last().map_or(0, |op| op.unit);
        let location = code.locations[last];
        let mut entries: Vec<ExceptionTableEntry> = Vec::new();
        if detail == Detail::Count {
            entries.extend(flow.handlers.iter().map(|handler| ExceptionTableEntry {
                start: falls[handler.first] as u32,
                end: falls[handler.end] as u32,
                target: labels[handler.target] as u32,
                depth: handler.depth,
                push_lasti: handler.push_lasti,
            }));
        }
        let mut stub_places = Vec::new();
        for (target, insertion) in &stubs {
            stub_places.push((*target, out.units.len() as u32));
            let line = flow.ops[*target].line;
            out.insertion(insertion, location, line);
            let mut room = 0;
            loop {
                let distance = (out.units.len() + room + 1 - labels[*target]) as u32;
                if extra(distance) <= room {
                    for step in (1..=room).rev() {
                        out.unit(Opcode::ExtendedArg, (distance >> (8 * step)) as u8, location, line);
                    }
                    out.unit(Opcode::JumpBackwardNoInterrupt, distance as u8, location, line);
                    break;
                }
                room += 1;
            }
        }
        if let Some([raised_at, raised, again]) = &outer {
            let mut place = |insertion: &Insertion| {
                let at = out.units.len() as u32;
                out.insertion(raised_at, location, 0);
                out.insertion(insertion, location, 0);
                out.unit(Opcode::Reraise, 1, location, 0);
                at
            };
            let (raised, again) = (place(raised), place(again));
            for (index, op) in flow.ops.iter().enumerate() {
                let quiet = reraises(op);
                let handler = flow.handlers.iter().find(|handler| (handler.first..handler.end).contains(&index));
                let (target, depth, push_lasti) = match handler {
                    Some(handler) if quiet => (labels[handler.target] as u32, handler.depth, handler.push_lasti),
                    Some(handler) => {
                        let stub = stub_places.iter().find(|(target, _)| *target == handler.target);
                        let place = stub.map_or(labels[handler.target] as u32, |(_, place)| *place);
                        (place, handler.depth, handler.push_lasti)
                    }
                    None if index < begins => continue,
                    None => (if quiet { again } else { raised }, 0, true),
                };
                let (start, end) = (falls[index] as u32, falls[index + 1] as u32);
                match entries.last_mut() {
                    Some(last)
                        if last.end == start
                            && (last.target, last.depth, last.push_lasti) == (target, depth, push_lasti) =>
                    {
                        last.end = end;
                    }
                    _ => entries.push(ExceptionTableEntry { start, end, target, depth, push_lasti }),
                }
            }
        }
        // Nobody else sets it.
        let _ = self.layout.origins.set(origins);
        CodeObject {
            constants: self.constants.into_iter().map(Into::into).collect(),
            linetable: line_table(&out.lines, code.first_line_number.map_or(0, |line| line.get() as i64)),
            instructions: CodeUnits::from(out.units),
            locations: out.locations.into(),
            max_stackdepth: code.max_stackdepth + 3,
            exceptiontable: encode_exception_table(&entries),
            flags: code.flags,
            posonlyarg_count: code.posonlyarg_count,
            arg_count: code.arg_count,
            kwonlyarg_count: code.kwonlyarg_count,
            source_path: code.source_path.clone(),
            first_line_number: code.first_line_number,
            obj_name: code.obj_name.clone(),
            qualname: code.qualname.clone(),
            names: code.names.clone(),
            varnames: code.varnames.clone(),
            cellvars: code.cellvars.clone(),
            freevars: code.freevars.clone(),
            localspluskinds: code.localspluskinds.clone(),
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

/// The units as they come out, with the location of each.
struct Output<L> {
    units: Vec<CodeUnit>,
    locations: Vec<L>,
    lines: Vec<u32>,
}

impl<L: Copy> Output<L> {
    fn with_capacity(units: usize) -> Self {
        Output {
            units: Vec::with_capacity(units),
            locations: Vec::with_capacity(units),
            lines: Vec::with_capacity(units),
        }
    }

    fn push(&mut self, unit: CodeUnit, location: L, line: u32) {
        self.units.push(unit);
        self.locations.push(location);
        self.lines.push(line);
    }

    fn unit(&mut self, opcode: Opcode, argument: u8, location: L, line: u32) {
        self.push(CodeUnit::new(opcode.into(), OpArgByte::new(argument)), location, line);
    }

    fn insertion(&mut self, insertion: &Insertion, location: L, line: u32) {
        let constant = insertion.constant;
        if constant > 0xffff {
            self.unit(Opcode::ExtendedArg, (constant >> 16) as u8, location, line);
        }
        if constant > 0xff {
            self.unit(Opcode::ExtendedArg, (constant >> 8) as u8, location, line);
        }
        self.unit(Opcode::LoadConst, constant as u8, location, line);
        if insertion.entry > 0 {
            self.unit(Opcode::Copy, insertion.entry + 1, location, line);
            self.unit(Opcode::BinaryOp, MATRIX_MULTIPLY, location, line);
            for _ in 0..Instruction::from(Opcode::BinaryOp).cache_entries() {
                self.unit(Opcode::Cache, 0, location, line);
            }
        } else {
            self.unit(Opcode::UnaryInvert, 0, location, line);
        }
        self.unit(Opcode::PopTop, 0, location, line);
    }
}

/// A line table with one entry a unit: a line without columns, or nowhere.
fn line_table(lines: &[u32], first: i64) -> Box<[u8]> {
    const NO_COLUMNS: u8 = 0x80 | 13 << 3;
    const NOWHERE: u8 = 0x80 | 15 << 3;
    let mut table = Vec::with_capacity(lines.len() * 2);
    let mut before = first;
    for &line in lines {
        if line == 0 {
            table.push(NOWHERE);
            continue;
        }
        table.push(NO_COLUMNS);
        let delta = i64::from(line) - before;
        before = i64::from(line);
        let mut rest = delta.unsigned_abs() << 1 | u64::from(delta < 0);
        while rest >= 64 {
            table.push((rest & 63) as u8 | 64);
            rest >>= 6;
        }
        table.push(rest as u8);
    }
    table.into()
}
