//! What is known about a code object before it runs. `instrument` computes it once for each code object; the recorder
//! reads it.

use std::{cell::OnceCell, rc::Rc};

use rustpython_vm::{
    Py, VirtualMachine,
    builtins::{PyCode, PyStrInterned},
    bytecode::{CodeFlags, Opcode},
};
use tracemill_trace::{Operation, Scope};

use super::{
    detail::{Detail, SourceTraits},
    line_effects::{LineEffect, line_effects},
    opcode_meaning::describe_instructions,
    stack_effects::{Precision, Step, steps},
};
use crate::engines::rustpython::{
    analysis::{
        control_flow::{FlowGraph, Loop, Op, StackEffect},
        line_starts::LineStart,
        pure_code::is_pure,
        variables::{Slot, globals_of, slots_of},
    },
    runtime::code_origin::UNIT,
};

/// What is known about one code object.
pub(crate) struct CodeInfo {
    /// Its variable slots in storage order, parameters first. Empty when variables live in a dictionary.
    pub(crate) slots: Vec<Slot>,
    /// Global names that it uses.
    pub(crate) globals: Vec<&'static PyStrInterned>,
    /// For each instruction the loops that are running there, the innermost last.
    pub(crate) running: Vec<Vec<u32>>,
    /// For each instruction the depth of the value stack before it.
    pub(crate) depths: Vec<u32>,
    /// The description of each instruction. Empty below instruction granularity.
    pub(crate) operations: Vec<Operation>,
    /// Its variables as events number them: slots, globals, iterators. Names of a dictionary follow while the program
    /// runs.
    pub(crate) variables: Vec<(Scope, String)>,
    /// The number of the first global, and of the first iterator.
    pub(crate) first_global: u32,
    pub(crate) first_iterator: u32,
    /// The loop of a generator expression over the iterator in its first slot.
    pub(crate) argument_loop: Option<u32>,
    /// For each instruction at which a line may begin the effect of that line.
    line_effects: Vec<Option<LineEffect>>,
    /// The qualified name.
    pub(crate) function: String,
    /// Variables live in a dictionary: module and class bodies.
    pub(crate) in_dictionary: bool,
    /// The line of the `def`.
    pub(crate) first_line: u32,
    /// Running it changes nothing that a program can see.
    pub(crate) is_pure: bool,
    /// It belongs to the unit, so it is recorded; other code is only counted.
    pub(crate) is_unit: bool,
    /// For each instruction its effect on the value stack, its step and its opcode. Empty below instruction
    /// granularity.
    pub(crate) effects: Vec<StackEffect>,
    pub(crate) steps: Vec<Step>,
    pub(crate) opcodes: Vec<Opcode>,
    /// For each instruction the places of the value stack that hold the number of a code unit that raised. Empty below
    /// instruction granularity.
    pub(crate) raisers: Vec<Vec<u32>>,
    /// For each instruction its code unit in the instrumented code, and the code unit that it had before.
    pub(crate) origins: OnceCell<Vec<(u32, u32)>>,
}

impl CodeInfo {
    /// Computes it. Moves parts out of the flow graph that nothing else uses.
    pub(crate) fn new(
        code: &Py<PyCode>,
        flow: &mut FlowGraph,
        line_starts: &[LineStart],
        detail: Detail,
        traits: SourceTraits,
        vm: &VirtualMachine,
    ) -> Rc<Self> {
        let object = &code.code;
        let in_dictionary = !object.flags.contains(CodeFlags::OPTIMIZED);
        let slots = slots_of(code);
        let globals = globals_of(code, flow);
        let mut variables: Vec<(Scope, String)> = Vec::new();
        for slot in &slots {
            let scope = if slot.captured { Scope::Captured } else { Scope::Local };
            variables.push((scope, slot.name.as_str().to_owned()));
        }
        let first_global = variables.len() as u32;
        variables.extend(globals.iter().map(|name| (Scope::Global, name.as_str().to_owned())));
        let first_iterator = variables.len() as u32;
        variables
            .extend(flow.loops.iter().map(|known| (Scope::Iterator, format!("for {}", flow.ops[known.head].line))));
        let steps = match detail {
            Detail::Instructions { each } => {
                // Where variables live in a dictionary, slots are temporaries of the compiler.
                let recorded = if in_dictionary { &[][..] } else { &slots };
                steps(
                    code,
                    flow,
                    recorded,
                    Precision { each, drops: traits.drops, reaches_globals: traits.reaches_globals },
                    vm,
                )
            }
            Detail::Count | Detail::Cover { .. } | Detail::Lines => Vec::new(),
        };
        let fine = !steps.is_empty();
        let is_given = |known: &Loop| flow.ops[known.source].opcode != Opcode::GetIter;
        let argument = slots.first().filter(|slot| slot.name.as_str() == ".0");
        let argument_loop = argument.and_then(|_| flow.loops.iter().position(is_given)).map(|number| number as u32);
        Rc::new(CodeInfo {
            globals,
            running: std::mem::take(&mut flow.running),
            depths: flow.depths.iter().map(|depth| depth.unwrap_or(0)).collect(),
            operations: if fine { describe_instructions(code, flow, &steps, &slots, vm) } else { Vec::new() },
            steps,
            variables,
            first_global,
            first_iterator,
            argument_loop,
            line_effects: line_effects(flow, line_starts, traits),
            function: object.qualname.as_str().to_owned(),
            in_dictionary,
            first_line: object.first_line_number.map_or(0, |line| line.get() as u32),
            is_pure: is_pure(code, flow),
            is_unit: code.source_path().as_str() == UNIT,
            raisers: if fine { std::mem::take(&mut flow.raisers) } else { Vec::new() },
            origins: OnceCell::new(),
            slots,
            opcodes: if fine { flow.ops.iter().map(|op| op.opcode).collect() } else { Vec::new() },
            effects: if fine { flow.ops.iter().map(Op::effect).collect() } else { Vec::new() },
        })
    }

    /// Whether its instructions are recorded.
    pub(crate) fn records_instructions(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The effect of the line that begins at an instruction.
    pub(crate) fn line_effect(&self, op: u32) -> Option<LineEffect> {
        self.line_effects.get(op as usize).copied().flatten()
    }
}
