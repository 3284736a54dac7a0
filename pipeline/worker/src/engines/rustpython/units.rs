//! Compiled code and what is known about it before it runs. Called by the engine and by `recorder`.

use std::{cell::OnceCell, collections::BTreeSet, rc::Rc};

use rustpython_vm::{
    Py, PyObjectRef, PyRef, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyCode, PyStrInterned},
    bytecode::{CO_FAST_CELL, CO_FAST_FREE, CodeFlags, OpArgState, Opcode},
    compiler::{self, Mode},
    vm::VmCompileError,
};
use tracemill_trace::{Operation, Point, Scope};

use super::{
    ends::{Ends, ends},
    flow::{Effect, Flow, Loop, Op},
    instrument::{Detail, instrument},
    lines::Mark,
    operations, own_repr,
    regions::{Region, regions},
    steps::{Care, Step, steps},
    words::Words,
};

/// File name of the unit's own code: its frames are recorded.
pub(super) const UNIT: &str = "<unit>";
/// File name of the set-up: its frames are counted, not recorded.
pub(super) const SETUP: &str = "<setup>";
/// File name of the call.
pub(super) const CALL: &str = "<call>";
/// File name of the check.
pub(super) const CHECK: &str = "<check>";

/// The ways to the dictionary behind a module, whose items are its globals.
const GLOBALS: Words<5> = Words::new(["globals", "__dict__", "vars", "locals", "modules"]);

/// Whether code of that file name came with the job.
pub(super) fn is_own(path: &str) -> bool {
    matches!(path, UNIT | SETUP | CALL | CHECK)
}

/// Compiles a piece of a job, with probes, so that it gives the same events however often it ran.
pub(super) fn compile(
    source: &str,
    mode: Mode,
    path: &str,
    detail: Detail,
    vm: &VirtualMachine,
) -> Result<PyRef<PyCode>, PyBaseExceptionRef> {
    compile_with_points(source, mode, path, detail, false, vm).map(|(code, _)| code)
}

/// The same, with the points of it that are noted: none unless `detail` asks for them. Of a unit that `is_called` its
/// functions are what is recorded.
pub(super) fn compile_with_points(
    source: &str,
    mode: Mode,
    path: &str,
    detail: Detail,
    is_called: bool,
    vm: &VirtualMachine,
) -> Result<(PyRef<PyCode>, Vec<Point>), PyBaseExceptionRef> {
    // Not the interpreter's own way, which first looks for what deserves a warning, with a scan and a parse more: nobody
    // hears it.
    let code = compiler::compile(source, mode, path, vm.compile_opts())
        .map_err(|error| VmCompileError::from(error).into_pyexception(vm, Some(source)))?;
    let code = PyCode::new_ref_from_bytecode(vm, code);
    let ends = ends(&code);
    let detail = match detail {
        Detail::Instructions { each } => Detail::Instructions { each: each || ends == Ends::Watched },
        detail => detail,
    };
    let traits = Traits { drops: ends != Ends::Unseen, reaches_globals: GLOBALS.any(source), is_called };
    Ok(instrument(&code, detail, traits, vm))
}

/// What is known about a piece as a whole.
#[derive(Clone, Copy)]
pub(super) struct Traits {
    /// Dropping a value may run code of it.
    pub(super) drops: bool,
    /// It may bind a global by changing a dictionary.
    pub(super) reaches_globals: bool,
    /// Its own statements run before a call, which alone is recorded.
    pub(super) is_called: bool,
}

/// Turns adaptive specialisation off: it hides instructions of hot loops and makes exception events depend on heat.
pub(super) fn quiet(code: &Py<PyCode>) {
    code.quickened.store(true, std::sync::atomic::Ordering::Relaxed);
    code.code.instructions.disable_specialization();
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
    for constant in code.code.constants.iter() {
        let object: PyObjectRef = constant.clone().into();
        if let Some(inner) = object.downcast_ref::<PyCode>() {
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
    /// Its slots in storage order, parameters first; empty when variables live in a dictionary.
    pub(super) slots: Vec<Slot>,
    /// Global names that it uses.
    pub(super) globals: Vec<&'static PyStrInterned>,
    /// For each instruction the loops that run there, the innermost last.
    pub(super) running: Vec<Vec<u32>>,
    /// For each instruction the entries on the stack before it.
    pub(super) depths: Vec<u32>,
    /// What is told about each instruction; empty below instruction granularity.
    pub(super) operations: Vec<Operation>,
    /// Its variables as they are numbered in events: slots, globals, iterators. Names of a dictionary come after.
    pub(super) variables: Vec<(Scope, String)>,
    /// The number of the first global, and of the first iterator.
    pub(super) first_global: u32,
    pub(super) first_iterator: u32,
    /// The loop of a generator expression over the iterator that it was given, which its first slot holds.
    pub(super) given: Option<u32>,
    /// For each instruction at which a line may begin what runs until the next one does.
    regions: Vec<Option<Region>>,
    /// The qualified name.
    pub(super) function: String,
    /// Variables live in a dictionary: module and class bodies.
    pub(super) in_dictionary: bool,
    /// The line of the `def`.
    pub(super) first_line: u32,
    /// It only reads, computes and builds.
    pub(super) is_harmless: bool,
    /// It came with the unit and is recorded; else it is counted.
    pub(super) is_unit: bool,
    /// For each instruction what it does to the places of the stack, what else is known of it before it runs, and its
    /// opcode; empty below instruction granularity.
    pub(super) effects: Vec<Effect>,
    pub(super) steps: Vec<Step>,
    pub(super) opcodes: Vec<Opcode>,
    /// For each instruction the places of the stack that hold the number of a unit that raised; likewise.
    pub(super) raisers: Vec<Vec<u32>>,
    /// For each instruction its unit in the code with probes, and the one that it had.
    pub(super) origins: OnceCell<Vec<(u32, u32)>>,
}

impl Layout {
    /// What is known about a code object that was read. Takes from the flow what nobody else wants.
    pub(super) fn new(
        code: &Py<PyCode>,
        flow: &mut Flow,
        marks: &[Mark],
        detail: Detail,
        traits: Traits,
        vm: &VirtualMachine,
    ) -> Rc<Self> {
        let object = &code.code;
        let in_dictionary = !object.flags.contains(CodeFlags::OPTIMIZED);
        let own = object.varnames.iter().chain(object.cellvars.iter().filter(|name| {
            // A captured parameter has one slot, not two.
            !object.varnames.iter().any(|variable| std::ptr::eq(*variable, **name))
        }));
        let slots: Vec<Slot> = own
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
                // Where variables live in a dictionary, slots are the compiler's own.
                let told = if in_dictionary { &[][..] } else { &slots };
                steps(code, flow, told, Care { each, drops: traits.drops, reaches_globals: traits.reaches_globals }, vm)
            }
            Detail::Count | Detail::Cover { .. } | Detail::Lines => Vec::new(),
        };
        let fine = !steps.is_empty();
        let is_given = |known: &Loop| flow.ops[known.source].opcode != Opcode::GetIter;
        let given = slots.first().filter(|slot| slot.name.as_str() == ".0");
        let given = given.and_then(|_| flow.loops.iter().position(is_given)).map(|number| number as u32);
        Rc::new(Layout {
            globals,
            running: std::mem::take(&mut flow.running),
            depths: flow.depths.iter().map(|depth| depth.unwrap_or(0)).collect(),
            operations: if fine { operations::of(code, flow, &steps, &slots, vm) } else { Vec::new() },
            steps,
            variables,
            first_global,
            first_iterator,
            given,
            regions: regions(flow, marks, traits),
            function: object.qualname.as_str().to_owned(),
            in_dictionary,
            first_line: object.first_line_number.map_or(0, |line| line.get() as u32),
            is_harmless: own_repr::is_harmless(code, flow),
            is_unit: code.source_path().as_str() == UNIT,
            raisers: if fine { std::mem::take(&mut flow.raisers) } else { Vec::new() },
            origins: OnceCell::new(),
            slots,
            opcodes: if fine { flow.ops.iter().map(|op| op.opcode).collect() } else { Vec::new() },
            effects: if fine { flow.ops.iter().map(Op::effect).collect() } else { Vec::new() },
        })
    }

    /// Each instruction of it is recorded.
    pub(super) fn is_fine(&self) -> bool {
        !self.steps.is_empty()
    }

    /// What runs from the line that begins at an instruction to the next one.
    pub(super) fn region(&self, op: u32) -> Option<Region> {
        self.regions.get(op as usize).copied().flatten()
    }
}

/// What can change in place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Mutates {
    /// Nothing.
    Nothing,
    /// Not lists: `x[i]` may fill a `defaultdict`.
    Dictionaries,
    /// Any object; but every global names what it did.
    Objects,
    /// Any object, and globals too.
    Anything,
}

/// What the instruction can change in place, whatever it works on. It may run code of the program; then that code
/// makes events of its own, and the caller is looked at again because of them.
pub(super) fn mutates(opcode: Opcode, argument: usize) -> Mutates {
    const SUBSCRIPT: usize = 26;
    use Opcode as O;
    match opcode {
        O::BinaryOp if argument == SUBSCRIPT => Mutates::Dictionaries,
        O::BinaryOp | O::StoreSubscr | O::DeleteSubscr | O::StoreSlice | O::ListExtend | O::SetAdd | O::SetUpdate
            if !keeps_objects(opcode, argument) =>
        {
            Mutates::Objects
        }
        _ if keeps_objects(opcode, argument) => Mutates::Nothing,
        _ => Mutates::Anything,
    }
}

/// The instruction changes no object in place.
fn keeps_objects(opcode: Opcode, argument: usize) -> bool {
    use Opcode as O;
    /// The first in-place operator; below it are `+`, `&`, … and after them `[]`.
    const FIRST_IN_PLACE: usize = 13;
    const SUBSCRIPT: usize = 26;
    match opcode {
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
        | O::GetIter
        | O::LoadAttr
        | O::LoadDeref
        | O::StoreDeref
        | O::LoadFastAndClear
        | O::BuildTuple
        | O::BuildList
        | O::BuildMap
        | O::ListAppend
        | O::MakeFunction
        | O::SetFunctionAttribute
        | O::FormatSimple
        | O::FormatWithSpec
        | O::ConvertValue
        | O::PushExcInfo
        | O::PopExcept
        | O::CheckExcMatch
        | O::BuildString => true,
        _ => false,
    }
}
