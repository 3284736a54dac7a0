//! Whether a function is pure: it only reads, computes and builds objects, so running it changes nothing that a program
//! can see. `code_info` computes it for each code object; `program_repr` uses the result.

use rustpython_vm::{builtins::PyCode, bytecode::Opcode};

use super::control_flow::FlowGraph;

/// Built-in functions that change nothing. `str`, `repr` and the like may call a method of the unit, whose own probes
/// check it.
const FUNCTIONS: &[&str] = &[
    "abs",
    "all",
    "any",
    "ascii",
    "bin",
    "bool",
    "chr",
    "dict",
    "divmod",
    "enumerate",
    "float",
    "format",
    "frozenset",
    "hex",
    "int",
    "isinstance",
    "issubclass",
    "len",
    "list",
    "max",
    "min",
    "oct",
    "ord",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "sorted",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "zip",
];

/// Methods of built-in types that change nothing, and those that render.
const METHODS: &[&str] = &[
    "__format__",
    "__repr__",
    "__str__",
    "capitalize",
    "center",
    "count",
    "decode",
    "encode",
    "endswith",
    "find",
    "format",
    "get",
    "hex",
    "index",
    "isalpha",
    "isdigit",
    "items",
    "join",
    "keys",
    "ljust",
    "lower",
    "lstrip",
    "replace",
    "rjust",
    "rstrip",
    "split",
    "startswith",
    "strip",
    "title",
    "upper",
    "values",
    "zfill",
];

/// Whether the code only reads, computes and builds objects.
pub(crate) fn is_pure(code: &PyCode, flow: &FlowGraph) -> bool {
    let name = |at: usize| code.code.names.get(at).map_or("", |name| name.as_str());
    flow.handlers.is_empty()
        && flow.ops.iter().all(|op| {
            let argument = op.argument as usize;
            use Opcode as O;
            match op.opcode {
                O::LoadGlobal if argument & 1 == 1 => FUNCTIONS.contains(&name(argument >> 1)),
                O::LoadAttr if argument & 1 == 1 => METHODS.contains(&name(argument >> 1)),
                // `+=` and the like may change what they are given.
                O::BinaryOp => !(13..26).contains(&argument),
                O::StoreAttr | O::StoreGlobal | O::StoreName | O::StoreDeref | O::StoreSubscr | O::StoreSlice => false,
                O::DeleteAttr | O::DeleteGlobal | O::DeleteName | O::DeleteDeref | O::DeleteSubscr => false,
                O::YieldValue | O::Send | O::ReturnGenerator | O::GetAwaitable | O::ImportName | O::ImportFrom => false,
                // They call something that is in none of the lists.
                O::PushNull | O::CallFunctionEx | O::MakeFunction | O::LoadBuildClass => false,
                _ => true,
            }
        })
}
