//! The name of an instruction and the meaning of its argument, in CPython's words. Called by `code_info` where
//! instructions are recorded.

use rustpython_vm::{Py, PyObjectRef, VirtualMachine, builtins::PyCode, bytecode::Opcode};
use tracemill_trace::Operation;

use super::stack_effects::{CONSTANT_CHARS, Step, pushes_text};
use crate::engines::rustpython::{
    analysis::{
        control_flow::{FlowGraph, Op},
        variables::Slot,
    },
    values::repr::render,
};

/// The operators of `BINARY_OP`, by argument.
const BINARY: [&str; 27] = [
    "+", "&", "//", "<<", "@", "*", "%", "|", "**", ">>", "-", "/", "^", "+=", "&=", "//=", "<<=", "@=", "*=", "%=",
    "|=", "**=", ">>=", "-=", "/=", "^=", "[]",
];

const INTRINSIC_1: [&str; 12] = [
    "INTRINSIC_1_INVALID",
    "INTRINSIC_PRINT",
    "INTRINSIC_IMPORT_STAR",
    "INTRINSIC_STOPITERATION_ERROR",
    "INTRINSIC_ASYNC_GEN_WRAP",
    "INTRINSIC_UNARY_POSITIVE",
    "INTRINSIC_LIST_TO_TUPLE",
    "INTRINSIC_TYPEVAR",
    "INTRINSIC_PARAMSPEC",
    "INTRINSIC_TYPEVARTUPLE",
    "INTRINSIC_SUBSCRIPT_GENERIC",
    "INTRINSIC_TYPEALIAS",
];

const INTRINSIC_2: [&str; 6] = [
    "INTRINSIC_2_INVALID",
    "INTRINSIC_PREP_RERAISE_STAR",
    "INTRINSIC_TYPEVAR_WITH_BOUND",
    "INTRINSIC_TYPEVAR_WITH_CONSTRAINTS",
    "INTRINSIC_SET_FUNCTION_TYPE_PARAMS",
    "INTRINSIC_SET_TYPEPARAM_DEFAULT",
];

fn listed(names: &[&str], argument: usize) -> String {
    names.get(argument).map_or_else(String::new, |name| (*name).to_owned())
}

/// Describes each instruction.
pub(crate) fn describe_instructions(
    code: &Py<PyCode>,
    flow: &FlowGraph,
    steps: &[Step],
    slots: &[Slot],
    vm: &VirtualMachine,
) -> Vec<Operation> {
    let mut line_number = code.code.first_line_number.map_or(0, |line| line.get() as u32);
    flow.ops
        .iter()
        .zip(&flow.depths)
        .zip(steps)
        .map(|((op, depth), step)| {
            if op.line != 0 {
                line_number = op.line;
            }
            let opcode = snake(&format!("{:?}", op.opcode));
            let meaning = meaning(code, flow, op, vm);
            let argument = op.opcode.has_arg().then_some(op.argument);
            let (stack_depth, pushes) = (depth.unwrap_or(0), pushes_text(step, slots, vm));
            Operation { opcode, argument, meaning, line_number, stack_depth, pushes }
        })
        .collect()
}

/// `LoadFast` as `LOAD_FAST`.
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (at, letter) in name.char_indices() {
        if at > 0
            && (letter.is_ascii_uppercase()
                || (letter.is_ascii_digit() && !out.ends_with(|c: char| c.is_ascii_digit())))
        {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

fn meaning(code: &Py<PyCode>, flow: &FlowGraph, op: &Op, vm: &VirtualMachine) -> String {
    let object = &code.code;
    let argument = op.argument as usize;
    let local = |at: usize| {
        let plain = object.varnames.iter().chain(
            object
                .cellvars
                .iter()
                .filter(|name| !object.varnames.iter().any(|variable| std::ptr::eq(*variable, **name))),
        );
        plain.chain(object.freevars.iter()).nth(at).map_or_else(String::new, |name| name.as_str().to_owned())
    };
    let name = |at: usize| object.names.get(at).map_or_else(String::new, |name| name.as_str().to_owned());
    use Opcode as O;
    match op.opcode {
        O::LoadFast
        | O::LoadFastBorrow
        | O::LoadFastCheck
        | O::LoadFastAndClear
        | O::StoreFast
        | O::DeleteFast
        | O::LoadDeref
        | O::StoreDeref
        | O::DeleteDeref
        | O::MakeCell
        | O::LoadFromDictOrDeref => local(argument),
        O::LoadFastLoadFast | O::LoadFastBorrowLoadFastBorrow | O::StoreFastLoadFast | O::StoreFastStoreFast => {
            format!("{}, {}", local(argument >> 4), local(argument & 15))
        }
        O::LoadGlobal => name(argument >> 1) + if argument & 1 == 1 { " + NULL" } else { "" },
        O::LoadAttr => name(argument >> 1) + if argument & 1 == 1 { " + NULL|self" } else { "" },
        O::LoadSuperAttr => name(argument >> 2) + if argument & 1 == 1 { " + NULL|self" } else { "" },
        O::SetFunctionAttribute => match argument {
            1 => "defaults",
            2 => "kwdefaults",
            4 => "annotations",
            8 => "closure",
            16 => "annotate",
            _ => "",
        }
        .to_owned(),
        O::LoadName
        | O::StoreName
        | O::DeleteName
        | O::StoreGlobal
        | O::DeleteGlobal
        | O::StoreAttr
        | O::DeleteAttr
        | O::ImportName
        | O::ImportFrom
        | O::LoadFromDictOrGlobals => name(argument),
        O::LoadConst => object.constants.get(argument).map_or_else(String::new, |constant| {
            let constant: PyObjectRef = constant.clone().into();
            constant_text(&constant, vm)
        }),
        O::BinaryOp => listed(&BINARY, argument),
        O::CompareOp => {
            /// The result is converted to a truth value.
            const TO_BOOL: usize = 16;
            let operator = ["<", "<=", "==", "!=", ">", ">="].get(argument >> 5).copied().unwrap_or_default();
            if argument & TO_BOOL != 0 { format!("bool({operator})") } else { operator.to_owned() }
        }
        O::LoadCommonConstant => listed(&["AssertionError", "NotImplementedError", "tuple", "all", "any"], argument),
        O::LoadSpecial => listed(&["__enter__", "__exit__", "__aenter__", "__aexit__"], argument),
        O::ConvertValue => listed(&["", "str", "repr", "ascii"], argument),
        O::CallIntrinsic1 => listed(&INTRINSIC_1, argument),
        O::CallIntrinsic2 => listed(&INTRINSIC_2, argument),
        O::IsOp => if argument == 0 { "is" } else { "is not" }.to_owned(),
        O::ContainsOp => if argument == 0 { "in" } else { "not in" }.to_owned(),
        _ => op.target.map_or_else(String::new, |target| match flow.ops[target].line {
            0 => "to None".to_owned(),
            line => format!("to {line}"),
        }),
    }
}

/// A constant as its `repr`; a code object as its name.
fn constant_text(constant: &PyObjectRef, vm: &VirtualMachine) -> String {
    match constant.downcast_ref::<PyCode>() {
        Some(code) => format!("<code {}>", code.code.qualname.as_str()),
        None => render(constant, CONSTANT_CHARS, vm).repr(),
    }
}
