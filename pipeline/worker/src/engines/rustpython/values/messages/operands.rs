//! The types of the operands of an instruction that raised, where they are still known. They have left the stack, but a
//! variable or a display may have pushed them. Called by `mod`.

use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, VirtualMachine,
    builtins::PyCode,
    bytecode::{Instruction, Opcode},
    frame::FrameObjectRef,
};

use super::raise_site::RaiseSite;

/// `BINARY_OP`'s argument for a subscript, and for `+` and `+=`.
const SUBSCRIPT: u32 = 26;
const ADDS: [u32; 2] = [0, 13];
/// `BINARY_OP`'s argument for `*` and `*=`.
const MULTIPLIES: [u32; 2] = [5, 18];
/// `BINARY_OP`'s arguments for the operators that change a set in place.
const INPLACE: [(u32, &str); 4] = [(14, "&="), (20, "|="), (23, "-="), (25, "^=")];

/// CPython's message, where it names an operand.
pub(super) fn corrected(raised: &RaiseSite, text: &str, vm: &VirtualMachine) -> Option<String> {
    let RaiseSite { frame, at, opcode, .. } = raised;
    let argument = u32::from(u8::from(frame.iframe().code().code.instructions.read_arg(*at)));
    let operand = |depth| type_name(frame, *at, depth, vm);
    // Ordered dictionaries give a shorter message about a key.
    let as_key = |text, key| {
        let is_ordered = frame.iframe().code().code.names.iter().any(|name| name.as_str() == "OrderedDict");
        if is_ordered { None } else { as_key(text, key) }
    };
    match opcode {
        Opcode::BinaryOp if argument == SUBSCRIPT => match not_an_integer(text) {
            Some(_) if operand(1)? == "range" => {
                Some("slice indices must be integers or None or have an __index__ method".to_owned())
            }
            Some(index) if operand(1)? == "deque" => Some(format!("sequence index must be integer, not '{index}'")),
            Some(_) => None,
            None => as_key(text, operand(0)?),
        },
        Opcode::BinaryOp if MULTIPLIES.contains(&argument) => {
            Some(format!("can't multiply sequence by non-int of type '{}'", not_an_integer(text)?))
        }
        Opcode::StoreSubscr => as_key(text, operand(0)?),
        Opcode::DeleteSubscr => match text.strip_suffix(" object doesn't support item deletion") {
            // CPython gives the same message for an index into what could be a sequence.
            Some(name) if !SCALARS.contains(&name.trim_matches('\'')) && operand(0)? == "int" => None,
            Some(name) => Some(format!("{name} object does not support item deletion")),
            None => as_key(text, operand(0)?),
        },
        // The container lies above the key.
        Opcode::ContainsOp => as_key(text, operand(1)?),
        Opcode::BuildMap if argument == 1 => as_key(text, operand(1)?),
        Opcode::BinaryOp if ADDS.contains(&argument) => {
            let other = text.strip_prefix("a bytes-like object is required, not '")?.strip_suffix('\'')?;
            let left = operand(1).filter(|left| left == "bytes" || left == "bytearray")?;
            Some(format!("can't concat {other} to {left}"))
        }
        Opcode::BinaryOp => {
            let other = text.strip_suffix(" is not a subtype of set or frozenset")?;
            let (_, operator) = INPLACE.iter().find(|(number, _)| *number == argument)?;
            Some(format!("unsupported operand type(s) for {operator}: '{}' and '{other}'", operand(1)?))
        }
        Opcode::Call => corrected_method_call(frame, *at, text, vm),
        _ => None,
    }
}

/// CPython's message about a call of a built-in type's method without keywords.
fn corrected_method_call(frame: &FrameObjectRef, at: usize, text: &str, vm: &VirtualMachine) -> Option<String> {
    if text == "substring not found" {
        let of = receiver(frame, at, "index", vm).or_else(|| receiver(frame, at, "rindex", vm))?;
        return (of == "bytes" || of == "bytearray").then(|| "subsection not found".to_owned());
    }
    let (name, rest) = text.split_once(" expected ")?;
    let takes = |rest: &str| {
        let given = rest.strip_prefix("0 arguments, got ").map(|given| format!("no arguments ({given} given)"));
        given.or_else(|| {
            rest.strip_prefix("1 argument, got ").map(|given| format!("exactly one argument ({given} given)"))
        })
    };
    let takes = takes(rest)?;
    let of = receiver(frame, at, name, vm).filter(|of| BUILT_IN.contains(&of.as_str()))?;
    Some(format!("{of}.{name}() takes {takes}"))
}

/// Types whose methods all have the same form of message.
const BUILT_IN: [&str; 6] = ["bytes", "dict", "list", "set", "str", "tuple"];

/// The type of the object whose method is called. The code must read that name once, of a variable or a constant.
fn receiver(frame: &FrameObjectRef, at: usize, method: &str, vm: &VirtualMachine) -> Option<String> {
    let code = frame.iframe().code();
    let ops = before(code, code.code.instructions.len());
    let reads = |(opcode, argument): (Opcode, u32)| {
        let name = code.code.names.get((argument >> 1) as usize);
        opcode == Opcode::LoadAttr && name.is_some_and(|name| name.as_str() == method)
    };
    let mut found = ops.iter().enumerate().filter(|(_, op)| reads(**op)).map(|(number, _)| number);
    let (Some(number), None) = (found.next(), found.next()) else { return None };
    (number < before(code, at).len()).then(|| pushed(frame, &ops[..number], 0, vm))?
}

/// Whether the message is CPython's because the operands are known, although its kind is not verified.
pub(super) fn is_known(raised: &RaiseSite, text: &str, vm: &VirtualMachine) -> bool {
    let RaiseSite { frame, at, opcode, .. } = raised;
    let key_is_an_int = || type_name(frame, *at, 0, vm).is_some_and(|key| key == "int");
    match opcode {
        Opcode::Call if text == "substring not found" => {
            let of = receiver(frame, *at, "index", vm).or_else(|| receiver(frame, *at, "rindex", vm));
            of.is_some_and(|of| of == "str")
        }
        Opcode::DeleteSubscr => {
            let name = text.strip_suffix(" object doesn't support item deletion");
            name.is_some_and(|name| SEQUENCES.contains(&name.trim_matches('\''))) && key_is_an_int()
        }
        _ => false,
    }
}

/// The type in a message about a missing integer.
fn not_an_integer(text: &str) -> Option<&str> {
    text.strip_prefix('\'')?.strip_suffix("' object cannot be interpreted as an integer")
}

/// Types that are no sequences in CPython.
const SCALARS: [&str; 8] = ["NoneType", "bool", "complex", "ellipsis", "float", "function", "generator", "int"];

/// Types that are immutable sequences in CPython.
const SEQUENCES: [&str; 8] = ["bytes", "dict_items", "dict_keys", "dict_values", "frozenset", "range", "str", "tuple"];

fn as_key(text: &str, key: String) -> Option<String> {
    let inner = text.strip_prefix("unhashable type: '")?.strip_suffix('\'')?;
    // The unhashable object is the key, or lies in a key of a hashable type.
    let is_known = key == inner || !UNHASHABLE.contains(&key.as_str());
    is_known.then(|| format!("cannot use '{key}' as a dict key ({text})"))
}

/// Types without any hashable value.
const UNHASHABLE: [&str; 4] = ["bytearray", "dict", "list", "set"];

/// The opcodes and arguments of the instructions in front of a code unit.
fn before(code: &PyCode, at: usize) -> Vec<(Opcode, u32)> {
    let units = &code.code.instructions;
    let (mut found, mut unit, mut extended) = (Vec::new(), 0, 0);
    while unit < at.min(units.len()) {
        let opcode = units.read_op(unit).deoptimize().as_opcode();
        let argument = extended << 8 | u32::from(u8::from(units.read_arg(unit)));
        extended = if opcode == Opcode::ExtendedArg { argument } else { 0 };
        if opcode != Opcode::ExtendedArg {
            found.push((opcode, argument));
        }
        unit += 1 + Instruction::from(opcode).cache_entries();
    }
    found
}

/// What an instruction pushes.
enum Pushed {
    Slot(u32),
    Constant(u32),
    Made(&'static str),
    Unknown,
}

/// The name of the type of the entry `depth` below the top of the stack, before an instruction.
fn type_name(frame: &FrameObjectRef, at: usize, depth: usize, vm: &VirtualMachine) -> Option<String> {
    pushed(frame, &before(frame.iframe().code(), at), depth, vm)
}

/// The name of the type of the entry that instructions leave `depth` below the top.
fn pushed(frame: &FrameObjectRef, ops: &[(Opcode, u32)], depth: usize, vm: &VirtualMachine) -> Option<String> {
    let code = frame.iframe().code();
    let mut left = depth;
    for &(opcode, argument) in ops.iter().rev() {
        let pushed: &[Pushed] = match opcode {
            Opcode::LoadFast | Opcode::LoadFastBorrow | Opcode::LoadFastCheck => &[Pushed::Slot(argument)],
            Opcode::LoadFastLoadFast | Opcode::LoadFastBorrowLoadFastBorrow => {
                &[Pushed::Slot(argument & 15), Pushed::Slot(argument >> 4)]
            }
            Opcode::LoadConst => &[Pushed::Constant(argument)],
            Opcode::LoadSmallInt => &[Pushed::Made("int")],
            Opcode::LoadName => &[Pushed::Unknown],
            Opcode::LoadGlobal if argument & 1 == 0 => &[Pushed::Unknown],
            Opcode::Nop => &[],
            // Entries that they pop are not followed.
            _ if left == 0 => &[Pushed::Made(displayed(opcode)?)],
            _ => return None,
        };
        match pushed.get(left) {
            Some(Pushed::Slot(slot)) => return variable(frame, *slot as usize, vm),
            Some(Pushed::Constant(number)) => {
                let constant: &PyObject = code.code.constants.get(*number as usize)?.as_object();
                return Some(constant.class().name().to_string());
            }
            Some(Pushed::Made(name)) => return Some((*name).to_owned()),
            Some(Pushed::Unknown) => return None,
            None => left -= pushed.len(),
        }
    }
    None
}

/// The type that an instruction makes, whatever its argument.
fn displayed(opcode: Opcode) -> Option<&'static str> {
    match opcode {
        Opcode::BuildList | Opcode::ListExtend => Some("list"),
        Opcode::BuildMap => Some("dict"),
        Opcode::BuildSet | Opcode::SetUpdate => Some("set"),
        Opcode::BuildTuple => Some("tuple"),
        Opcode::BuildSlice => Some("slice"),
        _ => None,
    }
}

fn variable(frame: &FrameObjectRef, slot: usize, vm: &VirtualMachine) -> Option<String> {
    #[expect(unsafe_code, reason = "the frame's variables are behind an unsafe function")]
    // SAFETY: this runs inside a probe, on the thread that executes the frame or did, which waits meanwhile.
    let locals = unsafe { frame.fastlocals() };
    let held: &PyObjectRef = locals.get(slot)?.as_ref()?;
    let class = held.class();
    (!class.is(vm.ctx.types.cell_type)).then(|| class.name().to_string())
}
