//! Inserts probes into a compiled code object: in front of lines or instructions, at calls, returns and exceptions, at
//! loops. Called by `code_cache` once a unit; `observer` receives what the probes see.
//!
//! A probe is a constant and three or more instructions that leave the value stack as it was:
//!
//! ```text
//!   LOAD_CONST probe; UNARY_INVERT; POP_TOP                    the probe is called
//!   LOAD_CONST probe; COPY 2; BINARY_OP @; POP_TOP             the probe is called with the stack's top
//! ```
//!
//! Exceptions reach a probe through the exception table. Each handler gets a stub behind the code: the stub calls the
//! probe and jumps to the handler. A stub for exceptions without a handler calls the probe and raises again. An
//! instruction that raises an earlier exception again has entries of its own, which lead past the probes.

use rustpython_vm::{Py, PyObjectRef, PyRef, VirtualMachine, builtins::PyCode, bytecode::Opcode};
use tracemill_trace::Point;

use super::{
    builder::Builder,
    code_info::CodeInfo,
    detail::{Detail, SourceTraits},
};
use crate::engines::rustpython::{
    analysis::{control_flow::FlowGraph, line_starts::line_starts},
    compatibility::set_order,
};

/// Instruments a code object and those nested in it. Adds its points of coverage to those of the unit's other modules.
pub(crate) fn instrument(
    code: &Py<PyCode>,
    detail: Detail,
    traits: SourceTraits,
    points: &mut Vec<Point>,
    vm: &VirtualMachine,
) -> PyRef<PyCode> {
    let mut items = UnitItems { sets: Vec::new(), points: std::mem::take(points) };
    // Statements that run before the call are counted, not recorded. Coverage decides that by itself.
    let own = match detail {
        Detail::Lines | Detail::Instructions { .. } if traits.is_called => Detail::Count,
        detail => detail,
    };
    let instrumented = instrument_with(code, own, detail, traits, &mut items, vm);
    *points = items.points;
    instrumented
}

/// The code evaluates annotations on demand. No program wrote it.
fn is_annotations(code: &Py<PyCode>) -> bool {
    code.code.obj_name.as_str() == "__annotate__"
}

/// What the unit's code objects have in common.
struct UnitItems {
    /// Constant sets so far.
    sets: Vec<PyObjectRef>,
    /// Points of coverage so far.
    points: Vec<Point>,
}

/// Instruments a code object with `detail`, and what is nested in it with `inner`.
fn instrument_with(
    code: &Py<PyCode>,
    detail: Detail,
    inner: Detail,
    traits: SourceTraits,
    items: &mut UnitItems,
    vm: &VirtualMachine,
) -> PyRef<PyCode> {
    let mut flow = FlowGraph::read(code);
    let line_starts = line_starts(&flow);
    let info = CodeInfo::new(code, &mut flow, &line_starts, detail, traits, vm);
    let mut builder = Builder {
        constants: code
            .code
            .constants
            .iter()
            .map(|constant| {
                let object: PyObjectRef = constant.clone().into();
                match object.downcast_ref::<PyCode>() {
                    Some(code) => instrument_with(code, inner, inner, traits, items, vm).into(),
                    None => set_order::constant(object, &mut items.sets, vm),
                }
            })
            .collect(),
        insertions: Vec::new(),
        info: &info,
        vm,
    };
    if info.records_instructions() {
        replace_borrowing_loads(&mut builder, &mut flow);
    }
    match detail {
        Detail::Cover { whole } if info.is_unit && (whole || !info.in_dictionary) && !is_annotations(code) => {
            builder.insert_points(&flow, &line_starts, &mut items.points);
        }
        Detail::Cover { .. } => builder.insert_probes(&flow, &line_starts, Detail::Count),
        _ => builder.insert_probes(&flow, &line_starts, detail),
    }
    let begins = flow.ops.iter().position(|op| op.opcode == Opcode::Resume).map_or(0, |at| at + 1);
    let whole = builder.assemble(&code.code, &flow, detail, begins);
    let made = vm.ctx.new_code(whole);
    disable_specialization(&made);
    made
}

/// Replaces instructions that push a borrowed object by those that push an owned one: a borrowed object is not among
/// the frame's objects. Events show them under their original names.
fn replace_borrowing_loads(builder: &mut Builder<'_>, flow: &mut FlowGraph) {
    for op in &mut flow.ops {
        let owning = match op.opcode {
            Opcode::LoadFastBorrow => Opcode::LoadFast,
            Opcode::LoadFastBorrowLoadFastBorrow => Opcode::LoadFastLoadFast,
            Opcode::LoadSmallInt => {
                builder.constants.push(builder.vm.ctx.new_int(op.argument).into());
                op.argument = builder.constants.len() as u32 - 1;
                Opcode::LoadConst
            }
            _ => continue,
        };
        (op.opcode, op.instruction) = (owning, owning.into());
    }
}

/// Turns adaptive specialisation off. It hides instructions of hot loops and makes exception events depend on how often
/// a loop ran.
fn disable_specialization(code: &Py<PyCode>) {
    code.quickened.store(true, std::sync::atomic::Ordering::Relaxed);
    code.code.instructions.disable_specialization();
}
