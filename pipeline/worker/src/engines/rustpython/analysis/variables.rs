//! The variables of a code object: the slots of its frames, and the globals that it names.

use rustpython_vm::{
    Py,
    builtins::{PyCode, PyStrInterned},
    bytecode::{CO_FAST_CELL, CO_FAST_FREE, Opcode},
};

use super::control_flow::FlowGraph;

/// One variable slot of a frame.
pub(crate) struct Slot {
    /// The variable's name.
    pub(crate) name: &'static PyStrInterned,
    /// It belongs to an enclosing function.
    pub(crate) captured: bool,
    /// The slot holds a cell around the value.
    pub(crate) cell: bool,
    /// The compiler added it.
    pub(crate) hidden: bool,
}

/// The slots of a code object in storage order, parameters first.
pub(crate) fn slots_of(code: &Py<PyCode>) -> Vec<Slot> {
    let object = &code.code;
    let own = object.varnames.iter().chain(object.cellvars.iter().filter(|name| {
        // A captured parameter has one slot, not two.
        !object.varnames.iter().any(|variable| std::ptr::eq(*variable, **name))
    }));
    own.chain(object.freevars.iter())
        .zip(object.localspluskinds.iter())
        .map(|(&name, &kind)| Slot {
            name,
            captured: kind & CO_FAST_FREE != 0,
            cell: kind & (CO_FAST_CELL | CO_FAST_FREE) != 0,
            hidden: name.as_str().starts_with('.') || name.as_str() == "__class__" || name.as_str() == "__classdict__",
        })
        .collect()
}

/// The global names that a code object uses, in the order of their first use.
pub(crate) fn globals_of(code: &Py<PyCode>, flow: &FlowGraph) -> Vec<&'static PyStrInterned> {
    let object = &code.code;
    let mut globals: Vec<&'static PyStrInterned> = Vec::new();
    for op in &flow.ops {
        let argument = op.argument as usize;
        let index = match op.opcode {
            Opcode::LoadGlobal => Some(argument >> 1),
            Opcode::StoreGlobal | Opcode::DeleteGlobal => Some(argument),
            _ => None,
        };
        if let Some(&name) = index.and_then(|index| object.names.get(index))
            && !globals.iter().any(|known| std::ptr::eq(*known, name))
        {
            globals.push(name);
        }
    }
    globals
}
