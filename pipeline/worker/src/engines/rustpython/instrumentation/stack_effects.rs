//! What each instruction does, as far as recording it goes: most do what follows from them alone, the others are looked
//! at when they have run. Called by `units` for code that is recorded at instruction granularity; `instructions` walks
//! the steps, `instrument` puts probes where they ask for them.

use rustpython_vm::{
    PyObjectRef, VirtualMachine,
    builtins::{PyCode, PyInt},
    bytecode::Opcode,
};
use tracemill_trace::Pushes;

use crate::engines::rustpython::{
    analysis::{
        control_flow::{Effect, Flow, Op},
        side_effects::{Mutates, mutated_by},
        variables::Slot,
    },
    values::{
        identity::{is_immutable, small_int},
        repr::render,
    },
};

/// Characters of a constant's text up to which it is told with the instruction and not with each execution of it.
pub(crate) const CONSTANT_CHARS: usize = 80;

/// What a step does to the stack and the variables.
pub(crate) enum Does {
    /// Nothing.
    Nothing,
    /// The top goes, which runs no code.
    Pop,
    /// An empty place is pushed.
    PushEmpty,
    /// What variables hold is pushed.
    Load(u32, Option<u32>),
    /// A small integer is pushed.
    PushInt(i64),
    /// Another constant is.
    PushConstant(PyObjectRef),
    /// A variable gets the top.
    Store(u32),
    /// A variable gets the top, and another one the next.
    StoreTwo(u32, u32),
    /// A variable gets the top, then a variable is pushed.
    StoreLoad(u32, u32),
    /// The entry so far down is pushed again.
    Copy(u32),
    /// The top changes places with the entry so far down.
    Swap(u32),
    /// What cannot be known before: it may raise, run code, change objects. It is looked at when it has run.
    Stop {
        popped: u32,
        pushed: u32,
        mutates: Mutates,
        /// It binds or unbinds a variable.
        binds: bool,
        /// It fills an object that only the stack holds.
        fills: bool,
    },
}

/// Where a step leads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leads {
    /// To the next one.
    On,
    /// To the next one, or there.
    OnOr(u32),
    /// There.
    To(u32),
}

/// One instruction.
pub(crate) struct Step {
    pub(crate) does: Does,
    pub(crate) leads: Leads,
    /// Its line; 0 for an instruction that is of no line.
    pub(crate) line: u32,
    /// It makes an event: the interpreter's own preparations do not.
    pub(crate) is_told: bool,
}

/// How much is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Care {
    /// Every step is.
    pub(crate) each: bool,
    /// What drops a value is: that may run code of a generator.
    pub(crate) drops: bool,
    /// A change of a dictionary may bind a global.
    pub(crate) reaches_globals: bool,
}

impl Step {
    /// Whether it is looked at when it has run.
    pub(crate) fn is_stop(&self) -> bool {
        matches!(self.does, Does::Stop { .. })
    }
}

/// The steps of a code object.
pub(crate) fn steps(code: &PyCode, flow: &Flow, slots: &[Slot], care: Care, vm: &VirtualMachine) -> Vec<Step> {
    let begins = flow.ops.iter().position(|op| op.opcode == Opcode::Resume).unwrap_or(0);
    let runs = |at: usize| flow.running.get(at).map_or(&[][..], Vec::as_slice);
    flow.ops
        .iter()
        .enumerate()
        .map(|(at, op)| {
            let does = match op.target {
                _ if care.each => stop(op, care),
                // A loop that ends is noticed at once.
                None if runs(at) != runs(at + 1) => stop(op, care),
                _ => does(code, op, slots, care, vm).unwrap_or_else(|| stop(op, care)),
            };
            let is_hidden = matches!(op.opcode, Opcode::Resume | Opcode::EndFor | Opcode::Cache);
            Step { does, leads: leads(flow, op), line: op.line, is_told: at > begins && !is_hidden }
        })
        .collect()
}

fn leads(flow: &Flow, op: &Op) -> Leads {
    match op.target {
        Some(target) if op.opcode == Opcode::ForIter => {
            let skips = flow.ops.get(target).is_some_and(|op| op.opcode == Opcode::EndFor);
            Leads::OnOr(target as u32 + u32::from(skips))
        }
        Some(target) if op.opcode.is_unconditional_jump() => Leads::To(target as u32),
        Some(target) if op.opcode != Opcode::EndAsyncFor => Leads::OnOr(target as u32),
        _ => Leads::On,
    }
}

fn stop(op: &Op, care: Care) -> Does {
    let effect = op.opcode.stack_effect_info(op.argument);
    let (popped, pushed) = match op.effect() {
        Effect::Replaces { popped } => (popped as u32, op.pushes() as u32),
        Effect::Swap(places) => (places as u32, places as u32),
        Effect::Copy(_) => (0, effect.pushed() - effect.popped()),
    };
    // It leads to a handler if anywhere, where the stack must be read.
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
        Mutates::Objects if care.reaches_globals => Mutates::Anything,
        mutates => mutates,
    };
    Does::Stop { popped, pushed, mutates, binds, fills }
}

/// What follows from the instruction alone; `None` for one that must be looked at.
fn does(code: &PyCode, op: &Op, slots: &[Slot], care: Care, vm: &VirtualMachine) -> Option<Does> {
    use Opcode as O;
    let argument = op.argument;
    // A cell is an object of its own, and what is hidden is told to nobody.
    let plain = |slot: u32| slots.get(slot as usize).filter(|slot| !slot.cell && !slot.hidden).map(|_| slot);
    let both = || Some((plain(argument >> 4)?, plain(argument & 15)?));
    let dropped = |does: Does| (!care.drops).then_some(does);
    match op.opcode {
        O::Nop | O::NotTaken | O::JumpForward | O::JumpBackward | O::JumpBackwardNoInterrupt => Some(Does::Nothing),
        O::PushNull => Some(Does::PushEmpty),
        // What these take is true or false.
        O::PopJumpIfFalse | O::PopJumpIfTrue => Some(Does::Pop),
        O::PopTop | O::PopJumpIfNone | O::PopJumpIfNotNone => dropped(Does::Pop),
        O::LoadFast | O::LoadFastBorrow => Some(Does::Load(plain(argument)?, None)),
        O::LoadFastLoadFast | O::LoadFastBorrowLoadFastBorrow => {
            let (first, second) = both()?;
            Some(Does::Load(first, Some(second)))
        }
        O::StoreFast => dropped(Does::Store(plain(argument)?)),
        O::StoreFastStoreFast => {
            let (first, second) = both()?;
            dropped(Does::StoreTwo(first, second))
        }
        O::StoreFastLoadFast => {
            let (first, second) = both()?;
            dropped(Does::StoreLoad(first, second))
        }
        O::Copy if argument > 0 => Some(Does::Copy(argument)),
        O::Swap if argument > 1 => Some(Does::Swap(argument)),
        O::LoadSmallInt => Some(Does::PushInt(i64::from(argument))),
        O::LoadConst => {
            let constant: PyObjectRef = code.code.constants.get(argument as usize)?.clone().into();
            match small_int(&constant, vm) {
                Some(number) => Some(Does::PushInt(number)),
                None => is_short(&constant, vm).then(|| Does::PushConstant(constant)),
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

/// What the step pushes, where that goes without saying.
pub(crate) fn pushes(step: &Step, slots: &[Slot], vm: &VirtualMachine) -> Option<String> {
    // Variables are numbered by scope: captured ones, which are cells, come after the local ones.
    debug_assert!(slots.iter().skip_while(|slot| !slot.captured).all(|slot| slot.captured));
    let shown;
    let pushes = match &step.does {
        Does::Load(first, second) => Pushes::Locals(*first, *second),
        Does::StoreLoad(_, loaded) => Pushes::Locals(*loaded, None),
        Does::PushInt(number) => {
            shown = number.to_string();
            Pushes::Constant { type_name: "int", repr: &shown }
        }
        Does::PushConstant(constant) => {
            let value = render(constant, CONSTANT_CHARS, vm);
            shown = value.repr();
            return Some(Pushes::Constant { type_name: value.type_name(), repr: &shown }.to_string());
        }
        Does::Copy(place) => Pushes::Copy(*place),
        Does::Swap(place) => Pushes::Swap(*place),
        Does::Nothing | Does::Pop | Does::PushEmpty | Does::Store(_) | Does::StoreTwo(..) | Does::Stop { .. } => {
            return None;
        }
    };
    Some(pushes.to_string())
}
