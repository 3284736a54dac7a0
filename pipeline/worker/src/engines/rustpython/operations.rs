//! What an instruction is and what its argument means, in CPython's words. Called by `units` for each code object that
//! is recorded at instruction granularity.

use rustpython_vm::{
    Py, PyObjectRef, VirtualMachine,
    builtins::PyCode,
    bytecode::Opcode,
};
use tracemill_trace::Operation;

use super::{
    flow::{Flow, Op},
    render::render,
};

/// Characters kept of a constant's text.
const CONSTANT_CHARS: usize = 80;

/// The operators of `BINARY_OP`, by argument.
const BINARY: [&str; 27] = [
    "+", "&", "//", "<<", "@", "*", "%", "|", "**", ">>", "-", "/", "^", "+=", "&=", "//=", "<<=", "@=", "*=", "%=",
    "|=", "**=", ">>=", "-=", "/=", "^=", "[]",
];

/// What is told about each instruction.
pub(super) fn of(code: &Py<PyCode>, flow: &Flow, vm: &VirtualMachine) -> Vec<Operation> {
    let mut line_number = code.code.first_line_number.map_or(0, |line| line.get() as u32);
    flow.ops
        .iter()
        .map(|op| {
            if op.line != 0 {
                line_number = op.line;
            }
            let opcode = snake(&format!("{:?}", op.opcode));
            let meaning = meaning(code, flow, op, vm);
            Operation { opcode, argument: op.opcode.has_arg().then_some(op.argument), meaning, line_number }
        })
        .collect()
}

/// `LoadFast` as `LOAD_FAST`.
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (at, letter) in name.char_indices() {
        if at > 0 && (letter.is_ascii_uppercase() || (letter.is_ascii_digit() && !out.ends_with(|c: char| c.is_ascii_digit()))) {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

fn meaning(code: &Py<PyCode>, flow: &Flow, op: &Op, vm: &VirtualMachine) -> String {
    let object = &code.code;
    let argument = op.argument as usize;
    let local = |at: usize| {
        let plain = object.varnames.iter().chain(object.cellvars.iter().filter(|name| {
            !object.varnames.iter().any(|variable| std::ptr::eq(*variable, **name))
        }));
        plain.chain(object.freevars.iter()).nth(at).map_or_else(String::new, |name| name.as_str().to_owned())
    };
    let name = |at: usize| object.names.get(at).map_or_else(String::new, |name| name.as_str().to_owned());
    use Opcode as O;
    match op.opcode {
        O::LoadFast | O::LoadFastBorrow | O::LoadFastCheck | O::LoadFastAndClear | O::StoreFast | O::DeleteFast
        | O::LoadDeref | O::StoreDeref | O::DeleteDeref | O::MakeCell | O::LoadFromDictOrDeref => local(argument),
        O::LoadFastLoadFast | O::LoadFastBorrowLoadFastBorrow | O::StoreFastLoadFast | O::StoreFastStoreFast => {
            format!("{}, {}", local(argument >> 4), local(argument & 15))
        }
        O::LoadGlobal | O::LoadAttr => name(argument >> 1),
        O::LoadSuperAttr => name(argument >> 2),
        O::LoadName | O::StoreName | O::DeleteName | O::StoreGlobal | O::DeleteGlobal | O::StoreAttr | O::DeleteAttr
        | O::ImportName | O::ImportFrom | O::LoadFromDictOrGlobals => name(argument),
        O::LoadConst => object.constants.get(argument).map_or_else(String::new, |constant| {
            let constant: PyObjectRef = constant.clone().into();
            constant_text(&constant, vm)
        }),
        O::BinaryOp => BINARY.get(argument).map_or_else(String::new, |operator| (*operator).to_owned()),
        O::CompareOp => ["<", "<=", "==", "!=", ">", ">="].get(argument >> 5).map_or_else(String::new, |operator| (*operator).to_owned()),
        O::IsOp => if argument == 0 { "is" } else { "is not" }.to_owned(),
        O::ContainsOp => if argument == 0 { "in" } else { "not in" }.to_owned(),
        _ => op.target.map_or_else(String::new, |target| format!("to {}", flow.ops[target].line)),
    }
}

/// A constant as Python shows it; code by its name alone.
fn constant_text(constant: &PyObjectRef, vm: &VirtualMachine) -> String {
    match constant.downcast_ref::<PyCode>() {
        Some(code) => format!("<code {}>", code.code.qualname.as_str()),
        None => render(constant, CONSTANT_CHARS, vm).repr(),
    }
}
