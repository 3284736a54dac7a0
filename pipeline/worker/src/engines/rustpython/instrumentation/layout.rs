//! Lays out a code object with its probes: the place of each instruction, the distances of jumps, and the exception table.
//! Called by `instrument` when all probes are put in.

use rustpython_vm::{
    PyObjectRef,
    bytecode::{
        CodeObject, CodeUnit, CodeUnits, Constant, ExceptionTableEntry, Instruction, OpArgByte, Opcode,
        encode_exception_table,
    },
};

use super::{
    builder::{Builder, Insertion, before, fall},
    detail::Detail,
    site::Site,
};
use crate::engines::rustpython::analysis::control_flow::{FlowGraph, reraises};

/// `BINARY_OP`'s argument for `@`. No built-in type has that operator.
const MATRIX_MULTIPLY: u8 = 4;

/// The number of prefixes that an argument takes.
fn prefixes(argument: u32) -> usize {
    match argument {
        0..=0xff => 0,
        0x100..=0xffff => 1,
        0x1_0000..=0xff_ffff => 2,
        _ => 3,
    }
}

impl Builder<'_> {
    /// Puts everything together.
    pub(crate) fn assemble<C: Constant + Clone + From<PyObjectRef>>(
        mut self,
        code: &CodeObject<C>,
        flow: &FlowGraph,
        detail: Detail,
        begins: usize,
    ) -> CodeObject<C>
    where
        C::Name: Clone,
    {
        let count = flow.ops.len();
        let length = |insertion: &Insertion| {
            let load = 1 + usize::from(insertion.constant > 0xff) + usize::from(insertion.constant > 0xffff);
            let binary = 1 + Instruction::from(Opcode::BinaryOp).cache_entries();
            load + if insertion.entry > 0 { 1 + binary + 1 } else { 2 }
        };
        let mut insertions = std::mem::take(&mut self.insertions);
        // A stable sort: probes at one place stay in order.
        insertions.sort_by_key(|(place, _)| *place);
        let mut lengths = vec![0; before(count) + 1];
        for (place, insertion) in &insertions {
            lengths[*place] += length(insertion);
        }
        // Prefixes of each argument; those of jumps grow until every distance fits.
        let mut rooms: Vec<usize> =
            flow.ops.iter().map(|op| if op.target.is_some() { 0 } else { prefixes(op.argument) }).collect();
        // Where an instruction begins when it is fallen into, and when it is jumped to.
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
                let room = prefixes(labels[target].abs_diff(falls[index + 1]) as u32);
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
        let mut out = Output::with_capacity(labels[count] + 16 * (flow.handlers.len() + 2));
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
        let entries = match detail {
            Detail::Count | Detail::Cover { .. } => flow
                .handlers
                .iter()
                .map(|handler| ExceptionTableEntry {
                    start: falls[handler.first] as u32,
                    end: falls[handler.end] as u32,
                    target: labels[handler.target] as u32,
                    depth: handler.depth,
                    push_lasti: handler.push_lasti,
                })
                .collect(),
            _ => self.exceptions(flow, begins, (&falls, &labels), location, &mut out),
        };
        // Set here alone.
        let _ = self.info.origins.set(origins);
        CodeObject {
            constants: self.constants.into_iter().map(Into::into).collect(),
            linetable: line_table(&out.lines, code.first_line_number.map_or(0, |line| line.get() as i64)),
            instructions: CodeUnits::from(out.units),
            locations: out.locations.into(),
            // Room for a probe with its argument, above an exception and the number of the code unit that raised it.
            max_stackdepth: code.max_stackdepth + 5,
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

    /// Makes the exception table, and behind the code the stubs that it leads to.
    ///
    /// CPython reports an exception before it unwinds the stack. Unwinding may run code: it closes the generator of a
    /// loop. So the iterators of loops stay on the stack until the probe has been called.
    fn exceptions<L: Copy>(
        &mut self,
        flow: &FlowGraph,
        begins: usize,
        (falls, labels): (&[usize], &[usize]),
        location: L,
        out: &mut Output<L>,
    ) -> Vec<ExceptionTableEntry> {
        let mut stubs: Vec<(Stub, usize)> = Vec::new();
        let mut entries: Vec<ExceptionTableEntry> = Vec::new();
        for (index, op) in flow.ops.iter().enumerate() {
            let handler = flow.handler_of(index);
            let (depth, push_lasti) = handler.map_or((0, true), |handler| (handler.depth, handler.push_lasti));
            let (target, drops) = match (handler, reraises(op)) {
                (None, _) if index < begins => continue,
                (Some(handler), true) => (labels[handler.target], 0),
                (handler, is_reraise) => {
                    let left = if is_reraise { 0 } else { self.left_by(index, flow) };
                    let drops = left.saturating_sub(depth);
                    let stub = Stub { target: handler.map(|handler| handler.target), is_reraise, drops, push_lasti };
                    let known = stubs.iter().find(|(known, _)| *known == stub).map(|(_, place)| *place);
                    let place = known.unwrap_or_else(|| {
                        let place = out.units.len();
                        self.stub(&stub, flow, labels, location, out);
                        stubs.push((stub, place));
                        place
                    });
                    (place, drops)
                }
            };
            let (start, end) = (falls[index] as u32, falls[index + 1] as u32);
            let (target, depth) = (target as u32, depth + drops);
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
        entries
    }

    /// The depth of the value stack, up to the iterator of the innermost loop, when an instruction has raised.
    fn left_by(&self, at: usize, flow: &FlowGraph) -> u16 {
        let running = self.info.running.get(at).map_or(&[][..], Vec::as_slice);
        let heads = running.iter().map(|number| flow.loops[*number as usize].head);
        // A `FOR_ITER` that raises drops its iterator itself.
        heads.filter(|head| *head != at).filter_map(|head| flow.depths[head]).max().unwrap_or(0) as u16
    }

    fn stub<L: Copy>(&mut self, stub: &Stub, flow: &FlowGraph, labels: &[usize], location: L, out: &mut Output<L>) {
        let line = stub.target.map_or(0, |target| flow.ops[target].line);
        let place = stub.target.unwrap_or(0);
        let mut probe = |site: Site, entry: u8, out: &mut Output<L>| {
            let insertion = self.probe(site, place, line, entry);
            out.insertion(&insertion, location, line);
        };
        if stub.target.is_none() {
            probe(Site::RaisedAt, 2, out);
        }
        if stub.target.is_some() || stub.drops > 0 {
            probe(Site::Raise, 1, out);
        }
        for _ in 0..stub.drops {
            if stub.push_lasti {
                out.unit(Opcode::Swap, 3, location, line);
                out.unit(Opcode::PopTop, 0, location, line);
                out.unit(Opcode::Swap, 2, location, line);
            } else {
                out.unit(Opcode::Swap, 2, location, line);
                out.unit(Opcode::PopTop, 0, location, line);
            }
        }
        let Some(target) = stub.target else {
            let site = if stub.is_reraise || stub.drops > 0 { Site::UnwindAgain } else { Site::Unwind };
            probe(site, 1, out);
            out.unit(Opcode::Reraise, 1, location, line);
            return;
        };
        let mut room = 0;
        loop {
            let distance = (out.units.len() + room + 1 - labels[target]) as u32;
            if prefixes(distance) <= room {
                for step in (1..=room).rev() {
                    out.unit(Opcode::ExtendedArg, (distance >> (8 * step)) as u8, location, line);
                }
                out.unit(Opcode::JumpBackwardNoInterrupt, distance as u8, location, line);
                break;
            }
            room += 1;
        }
    }
}

/// The code to which an exception leads first.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stub {
    /// The handler behind it; `None` when the frame is left.
    target: Option<usize>,
    /// The exception was reported before.
    is_reraise: bool,
    /// Entries of the stack that the stub drops, below the exception and the number of the code unit that raised it.
    drops: u16,
    /// The stack holds that number.
    push_lasti: bool,
}

/// The finished code units, with the location of each.
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

/// A line table with one entry for each code unit: a line without columns, or nowhere.
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
