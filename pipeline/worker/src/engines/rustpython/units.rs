//! Compiled code and what is known about it before it runs. Called by the engine and by `recorder`.

use std::{collections::BTreeSet, rc::Rc};

use rustpython_vm::{
    Py, PyObjectRef, PyRef, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyCode, PyStrInterned},
    bytecode::{CO_FAST_CELL, CO_FAST_FREE, CodeFlags, OpArgState, Opcode},
    compiler::Mode,
};

/// File name of the unit's own code: its frames are recorded.
pub(super) const UNIT: &str = "<unit>";
/// File name of the set-up: its frames are counted, not recorded.
pub(super) const SETUP: &str = "<setup>";
/// File name of the call.
pub(super) const CALL: &str = "<call>";
/// File name of the check.
pub(super) const CHECK: &str = "<check>";

/// Whether code of that file name came with the job.
pub(super) fn is_own(path: &str) -> bool {
    matches!(path, UNIT | SETUP | CALL | CHECK)
}

/// Compiles a piece of a job so that it gives the same events however often it ran.
pub(super) fn compile(
    source: &str,
    mode: Mode,
    path: &str,
    vm: &VirtualMachine,
) -> Result<PyRef<PyCode>, PyBaseExceptionRef> {
    let code = vm.compile(source, mode, path).map_err(|error| error.into_pyexception(vm, Some(source)))?;
    fix(&code);
    Ok(code)
}

/// Turns adaptive specialisation off: it hides instructions of hot loops and makes exception events depend on heat.
fn fix(code: &Py<PyCode>) {
    code.quickened.store(true, std::sync::atomic::Ordering::Relaxed);
    code.code.instructions.disable_specialization();
    for constant in nested(code) {
        if let Some(inner) = constant.downcast_ref::<PyCode>() {
            fix(inner);
        }
    }
}

fn nested(code: &Py<PyCode>) -> Vec<PyObjectRef> {
    code.code
        .constants
        .iter()
        .map(|constant| constant.clone().into())
        .filter(|object: &PyObjectRef| object.downcast_ref::<PyCode>().is_some())
        .collect()
}

/// Modules that the code names in its import statements, nested code included.
pub(super) fn imported_names(code: &Py<PyCode>, names: &mut BTreeSet<String>) {
    each_instruction(code, |_, opcode, argument| {
        if opcode == Opcode::ImportName
            && let Some(name) = code.code.names.get(argument)
        {
            names.insert(name.as_str().to_owned());
        }
    });
    for constant in nested(code) {
        if let Some(inner) = constant.downcast_ref::<PyCode>() {
            imported_names(inner, names);
        }
    }
}

fn each_instruction(code: &Py<PyCode>, mut visit: impl FnMut(usize, Opcode, usize)) {
    let units = &code.code.instructions;
    let (mut at, mut state) = (0, OpArgState::default());
    while at < units.len() {
        let instruction = units.read_op(at).deoptimize();
        let argument = state.extend(units.read_arg(at));
        let opcode = instruction.as_opcode();
        visit(at, opcode, u32::from(argument) as usize);
        if opcode != Opcode::ExtendedArg {
            state.reset();
        }
        at += 1 + instruction.cache_entries();
    }
}

/// One variable slot of a frame.
pub(super) struct Slot {
    /// The variable's name.
    pub(super) name: &'static PyStrInterned,
    /// It belongs to an enclosing function.
    pub(super) captured: bool,
    /// The slot holds a cell around the value.
    pub(super) cell: bool,
    /// It is not a variable of the program's.
    pub(super) hidden: bool,
}

/// What is known about one code object.
pub(super) struct Layout {
    /// Keeps the code, and so the key under which the layout is found.
    _code: PyRef<PyCode>,
    /// Its slots in storage order, parameters first; empty when variables live in a dictionary.
    pub(super) slots: Vec<Slot>,
    /// Global names that it uses.
    pub(super) globals: Vec<&'static PyStrInterned>,
    /// By line: an instruction of the line can change an object in place.
    mutating: Box<[bool]>,
    /// The qualified name.
    pub(super) function: String,
    /// Variables live in a dictionary: module and class bodies.
    pub(super) in_dictionary: bool,
}

impl Layout {
    /// Looks a code object through.
    pub(super) fn new(code: &Py<PyCode>) -> Rc<Self> {
        let object = &code.code;
        let in_dictionary = !object.flags.contains(CodeFlags::OPTIMIZED);
        let own = object.varnames.iter().chain(object.cellvars.iter().filter(|name| {
            // A captured parameter has one slot, not two.
            !object.varnames.iter().any(|variable| std::ptr::eq(*variable, **name))
        }));
        let slots = own
            .chain(object.freevars.iter())
            .zip(object.localspluskinds.iter())
            .map(|(&name, &kind)| Slot {
                name,
                captured: kind & CO_FAST_FREE != 0,
                cell: kind & (CO_FAST_CELL | CO_FAST_FREE) != 0,
                hidden: name.as_str().starts_with('.')
                    || name.as_str() == "__class__"
                    || name.as_str() == "__classdict__",
            })
            .collect();
        let (mut globals, mut mutating): (Vec<&'static PyStrInterned>, Vec<bool>) = (Vec::new(), Vec::new());
        each_instruction(code, |at, opcode, argument| {
            let index = match opcode {
                Opcode::LoadGlobal => Some(argument >> 1),
                Opcode::StoreGlobal | Opcode::DeleteGlobal => Some(argument),
                _ => None,
            };
            if let Some(&name) = index.and_then(|index| object.names.get(index))
                && !globals.iter().any(|known| std::ptr::eq(*known, name))
            {
                globals.push(name);
            }
            let line = object.locations.get(at).map_or(0, |location| location.0.line.get());
            if mutating.len() <= line {
                mutating.resize(line + 1, false);
            }
            mutating[line] |= !keeps_objects(opcode, argument);
        });
        Rc::new(Layout {
            _code: code.to_owned(),
            slots,
            globals,
            mutating: mutating.into(),
            function: object.qualname.as_str().to_owned(),
            in_dictionary,
        })
    }

    /// Whether running the line can change an object in place.
    pub(super) fn may_mutate(&self, line: u32) -> bool {
        self.mutating.get(line as usize).copied().unwrap_or(true)
    }
}

/// The instruction changes no object in place, whatever it works on. It may run code of the program; then that code
/// makes events of its own, and the caller is looked at again because of them.
fn keeps_objects(opcode: Opcode, argument: usize) -> bool {
    use Opcode as O;
    /// The first in-place operator; below it are `+`, `&`, … and after them `[]`.
    const FIRST_IN_PLACE: usize = 13;
    const SUBSCRIPT: usize = 26;
    match opcode {
        // `x[i]` may fill a `defaultdict`; it is a mutation like any other.
        O::BinaryOp => argument < FIRST_IN_PLACE && argument != SUBSCRIPT,
        O::LoadFast
        | O::LoadFastBorrow
        | O::LoadFastCheck
        | O::LoadFastLoadFast
        | O::LoadFastBorrowLoadFastBorrow
        | O::StoreFast
        | O::StoreFastLoadFast
        | O::StoreFastStoreFast
        | O::LoadConst
        | O::LoadSmallInt
        | O::LoadGlobal
        | O::CompareOp
        | O::IsOp
        | O::ContainsOp
        | O::ToBool
        | O::PopJumpIfFalse
        | O::PopJumpIfTrue
        | O::PopJumpIfNone
        | O::PopJumpIfNotNone
        | O::JumpForward
        | O::JumpBackward
        | O::NotTaken
        | O::PopTop
        | O::Copy
        | O::Swap
        | O::ReturnValue
        | O::EndFor
        | O::PopIter
        | O::Resume
        | O::Nop
        | O::ExtendedArg
        | O::Cache
        | O::UnaryNot
        | O::UnaryNegative
        | O::PushNull
        | O::GetLen
        | O::BuildString => true,
        _ => false,
    }
}
