//! The modules that the import statements of a code object name. Called by `code_cache` and `job`.

use std::collections::BTreeSet;

use rustpython_vm::{
    Py, PyObjectRef,
    builtins::PyCode,
    bytecode::{OpArgState, Opcode},
};

/// Adds the modules that the code and what is nested in it import.
pub(crate) fn collect_imported_names(code: &Py<PyCode>, names: &mut BTreeSet<String>) {
    each_instruction(code, |opcode, argument| {
        if opcode == Opcode::ImportName
            && let Some(name) = code.code.names.get(argument)
        {
            names.insert(name.as_str().to_owned());
        }
    });
    for constant in code.code.constants.iter() {
        let object: PyObjectRef = constant.clone().into();
        if let Some(inner) = object.downcast_ref::<PyCode>() {
            collect_imported_names(inner, names);
        }
    }
}

fn each_instruction(code: &Py<PyCode>, mut visit: impl FnMut(Opcode, usize)) {
    let units = &code.code.instructions;
    let (mut at, mut state) = (0, OpArgState::default());
    while at < units.len() {
        let instruction = units.read_op(at).deoptimize();
        let argument = state.extend(units.read_arg(at));
        let opcode = instruction.as_opcode();
        visit(opcode, u32::from(argument) as usize);
        if opcode != Opcode::ExtendedArg {
            state.reset();
        }
        at += 1 + instruction.cache_entries();
    }
}
