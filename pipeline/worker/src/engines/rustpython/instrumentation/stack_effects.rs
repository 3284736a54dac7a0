//! The effect of each instruction on the value stack and the variables. The effect of most follows from the instruction
//! alone; the others are observed when they have run. Called by `code_info` where instructions are recorded.
//! `instruction_events` walks the steps, and `probe_places` puts a probe behind each observed one.

use rustpython_vm::{
    PyObjectRef, VirtualMachine,
    builtins::{PyCode, PyInt},
    bytecode::Opcode,
};
use tracemill_trace::Pushes;

use crate::engines::rustpython::{
    analysis::{
        control_flow::{FlowGraph, Op, StackEffect},
        side_effects::{Mutates, mutated_by},
        variables::Slot,
    },
    values::{
        identity::{is_immutable, small_int},
        repr::render,
    },
};

/// A constant whose `repr` has at most this many characters is stored with the instruction and not with each of its
/// events.
pub(crate) const CONSTANT_CHARS: usize = 80;

/// The effect of a step on the stack and the variables.
pub(crate) enum StackAction {
    /// Nothing.
    Nothing,
    /// The top is dropped, which runs no code.
    Pop,
    /// An empty place is pushed.
    PushEmpty,
    /// The values of variables are pushed.
    Load(u32, Option<u32>),
    /// A small integer is pushed.
    PushInt(i64),
    /// Another constant is pushed.
    PushConstant(PyObjectRef),
    /// The top is stored in a variable.
    Store(u32),
    /// The top is stored in a variable, and the next entry in another one.
    StoreTwo(u32, u32),
    /// The top is stored in a variable, then the value of a variable is pushed.
    StoreLoad(u32, u32),
    /// The entry so far down is pushed again.
    Copy(u32),
    /// The top changes places with the entry so far down.
    Swap(u32),
    /// The effect is not known before: the instruction may raise, run code or change objects. It is observed when it
    /// has run.
    Observed {
        popped: u32,
        pushed: u32,
        mutates: Mutates,
        /// It binds or unbinds a variable.
        binds: bool,
        /// It changes an object that only the stack holds.
        fills: bool,
    },
}

/// The instruction that runs next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Successor {
    /// The one behind it.
    Next,
    /// The one behind it, or the target.
    NextOr(u32),
    /// The target.
    Jump(u32),
}

/// One instruction.
pub(crate) struct Step {
    pub(crate) action: StackAction,
    pub(crate) successor: Successor,
    /// Its line; 0 for an instruction that is of no line.
    pub(crate) line: u32,
    /// It makes an event. Preparations of the interpreter make none.
    pub(crate) is_recorded: bool,
}

/// Steps that are observed although they need not be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Precision {
    /// Every step.
    pub(crate) each: bool,
    /// Every step that drops a value: that may run code of a generator.
    pub(crate) drops: bool,
    /// A change of a dictionary may bind a global.
    pub(crate) reaches_globals: bool,
}

impl Step {
    /// Whether it is observed when it has run.
    pub(crate) fn is_observed(&self) -> bool {
        matches!(self.action, StackAction::Observed { .. })
    }
}

/// The steps of a code object.
pub(crate) fn steps(
    code: &PyCode,
    flow: &FlowGraph,
    slots: &[Slot],
    precision: Precision,
    vm: &VirtualMachine,
) -> Vec<Step> {
    let begins = flow.ops.iter().position(|op| op.opcode == Opcode::Resume).unwrap_or(0);
    let runs = |at: usize| flow.running.get(at).map_or(&[][..], Vec::as_slice);
    flow.ops
        .iter()
        .enumerate()
        .map(|(at, op)| {
            let action = match op.target {
                _ if precision.each => observed(op, precision),
                // The end of a loop is observed at once.
                None if runs(at) != runs(at + 1) => observed(op, precision),
                _ => known_action(code, op, slots, precision, vm).unwrap_or_else(|| observed(op, precision)),
            };
            let is_hidden = matches!(op.opcode, Opcode::Resume | Opcode::EndFor | Opcode::Cache);
            Step { action, successor: successor(flow, op), line: op.line, is_recorded: at > begins && !is_hidden }
        })
        .collect()
}

fn successor(flow: &FlowGraph, op: &Op) -> Successor {
    match op.target {
        Some(target) if op.opcode == Opcode::ForIter => {
            let skips = flow.ops.get(target).is_some_and(|op| op.opcode == Opcode::EndFor);
            Successor::NextOr(target as u32 + u32::from(skips))
        }
        Some(target) if op.opcode.is_unconditional_jump() => Successor::Jump(target as u32),
        Some(target) if op.opcode != Opcode::EndAsyncFor => Successor::NextOr(target as u32),
        _ => Successor::Next,
    }
}

fn observed(op: &Op, precision: Precision) -> StackAction {
    let effect = op.opcode.stack_effect_info(op.argument);
    let (popped, pushed) = match op.effect() {
        StackEffect::Replaces { popped } => (popped as u32, op.pushes() as u32),
        StackEffect::Swap(places) => (places as u32, places as u32),
        StackEffect::Copy(_) => (0, effect.pushed() - effect.popped()),
    };
    // It leads to a handler if anywhere. There the stack must be read.
    let pushed = if op.opcode.is_scope_exit() { u32::MAX } else { pushed };
    let fills = matches!(op.opcode, Opcode::ListAppend | Opcode::SetAdd | Opcode::MapAdd);
    let binds = matches!(
        op.opcode,
        Opcode::StoreFast
            | Opcode::StoreFastLoadFast
            | Opcode::StoreFastStoreFast
            | Opcode::LoadFastAndClear
            | Opcode::DeleteFast
            | Opcode::StoreDeref
            | Opcode::DeleteDeref
    );
    let mutates = match mutated_by(op.opcode, op.argument as usize) {
        Mutates::Objects if precision.reaches_globals => Mutates::Anything,
        mutates => mutates,
    };
    StackAction::Observed { popped, pushed, mutates, binds, fills }
}

/// The effect that follows from the instruction alone; `None` for one that must be observed.
fn known_action(
    code: &PyCode,
    op: &Op,
    slots: &[Slot],
    precision: Precision,
    vm: &VirtualMachine,
) -> Option<StackAction> {
    use Opcode as O;
    let argument = op.argument;
    // A cell is an object of its own, and hidden variables are not recorded.
    let plain = |slot: u32| slots.get(slot as usize).filter(|slot| !slot.cell && !slot.hidden).map(|_| slot);
    let both = || Some((plain(argument >> 4)?, plain(argument & 15)?));
    let dropped = |action: StackAction| (!precision.drops).then_some(action);
    match op.opcode {
        O::Nop | O::NotTaken | O::JumpForward | O::JumpBackward | O::JumpBackwardNoInterrupt => {
            Some(StackAction::Nothing)
        }
        O::PushNull => Some(StackAction::PushEmpty),
        // They take a truth value.
        O::PopJumpIfFalse | O::PopJumpIfTrue => Some(StackAction::Pop),
        O::PopTop | O::PopJumpIfNone | O::PopJumpIfNotNone => dropped(StackAction::Pop),
        O::LoadFast | O::LoadFastBorrow => Some(StackAction::Load(plain(argument)?, None)),
        O::LoadFastLoadFast | O::LoadFastBorrowLoadFastBorrow => {
            let (first, second) = both()?;
            Some(StackAction::Load(first, Some(second)))
        }
        O::StoreFast => dropped(StackAction::Store(plain(argument)?)),
        O::StoreFastStoreFast => {
            let (first, second) = both()?;
            dropped(StackAction::StoreTwo(first, second))
        }
        O::StoreFastLoadFast => {
            let (first, second) = both()?;
            dropped(StackAction::StoreLoad(first, second))
        }
        O::Copy if argument > 0 => Some(StackAction::Copy(argument)),
        O::Swap if argument > 1 => Some(StackAction::Swap(argument)),
        O::LoadSmallInt => Some(StackAction::PushInt(i64::from(argument))),
        O::LoadConst => {
            let constant: PyObjectRef = code.code.constants.get(argument as usize)?.clone().into();
            match small_int(&constant, vm) {
                Some(number) => Some(StackAction::PushInt(number)),
                None => is_short(&constant, vm).then(|| StackAction::PushConstant(constant)),
            }
        }
        _ => None,
    }
}

fn is_short(constant: &PyObjectRef, vm: &VirtualMachine) -> bool {
    is_immutable(constant, vm)
        && constant.downcast_ref::<PyInt>().is_none_or(|number| number.as_bigint().bits() < 128)
        && !render(constant, CONSTANT_CHARS, vm).is_cut()
}

/// What a step pushes, where that follows from the instruction.
pub(crate) fn pushes_text(step: &Step, slots: &[Slot], vm: &VirtualMachine) -> Option<String> {
    // Variables are numbered by scope: captured ones, which are cells, come after the local ones.
    debug_assert!(slots.iter().skip_while(|slot| !slot.captured).all(|slot| slot.captured));
    let shown;
    let pushes = match &step.action {
        StackAction::Load(first, second) => Pushes::Locals(*first, *second),
        StackAction::StoreLoad(_, loaded) => Pushes::Locals(*loaded, None),
        StackAction::PushInt(number) => {
            shown = number.to_string();
            Pushes::Constant { type_name: "int", repr: &shown }
        }
        StackAction::PushConstant(constant) => {
            let value = render(constant, CONSTANT_CHARS, vm);
            shown = value.repr();
            return Some(Pushes::Constant { type_name: value.type_name(), repr: &shown }.to_string());
        }
        StackAction::Copy(place) => Pushes::Copy(*place),
        StackAction::Swap(place) => Pushes::Swap(*place),
        StackAction::Nothing
        | StackAction::Pop
        | StackAction::PushEmpty
        | StackAction::Store(_)
        | StackAction::StoreTwo(..)
        | StackAction::Observed { .. } => {
            return None;
        }
    };
    Some(pushes.to_string())
}
