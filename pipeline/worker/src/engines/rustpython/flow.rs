//! A code object read as instructions: where each jumps, which line it is of, what lies on the stack before it, and
//! which loops run there. Called by `instrument`.

use rustpython_vm::{
    builtins::PyCode,
    bytecode::{CodeUnit, ExceptionTableEntry, Instruction, Opcode, build_no_location_mask, decode_exception_table},
};

/// One instruction, prefixes folded into its argument.
#[derive(Clone)]
pub(super) struct Op {
    pub(super) instruction: Instruction,
    pub(super) opcode: Opcode,
    pub(super) argument: u32,
    pub(super) caches: Vec<CodeUnit>,
    /// The instruction that it can jump to.
    pub(super) target: Option<usize>,
    /// The unit of the instruction itself.
    pub(super) unit: usize,
    /// Line of the source, 1-based; 0 for an instruction that is of no line.
    pub(super) line: u32,
}

/// An entry of the value stack, as far as it is known before the program runs: the instruction that pushed it.
type Token = usize;
/// An entry that the interpreter pushed for a handler: an exception, or the number of the unit that raised it.
const EXCEPTION: Token = usize::MAX;
const RAISER: Token = usize::MAX - 1;

/// A `for` loop, or a loop of a comprehension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Loop {
    /// What pushed its iterator: a `GET_ITER`, or what loads or makes an iterator that is walked as it is.
    pub(super) source: usize,
    /// Its `FOR_ITER`.
    pub(super) head: usize,
}

/// An exception handler, in instructions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handler {
    pub(super) first: usize,
    pub(super) end: usize,
    pub(super) target: usize,
    pub(super) depth: u16,
    pub(super) push_lasti: bool,
}

/// What an instruction does to the places of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The top changes places with the entry so far down.
    Swap(usize),
    /// The entry so far down is pushed again.
    Copy(usize),
    /// So many entries go, and others may come.
    Replaces {
        /// How many.
        popped: usize,
    },
}

impl Op {
    /// What the instruction does to the places of the stack.
    pub(super) fn effect(&self) -> Effect {
        let argument = self.argument as usize;
        match self.opcode {
            Opcode::Swap => Effect::Swap(argument),
            Opcode::Copy => Effect::Copy(argument),
            // Described as popping and pushing what it leaves alone.
            Opcode::ForIter | Opcode::WithExceptStart => Effect::Replaces { popped: 0 },
            _ => {
                let effect = self.opcode.stack_effect_info(self.argument);
                let (pushed, popped) = (effect.pushed() as usize, effect.popped() as usize);
                // Described as popping and pushing all that lies above what they change.
                let looks_below = matches!(
                    self.opcode,
                    Opcode::ListAppend
                        | Opcode::SetAdd
                        | Opcode::MapAdd
                        | Opcode::ListExtend
                        | Opcode::SetUpdate
                        | Opcode::DictUpdate
                        | Opcode::DictMerge
                );
                Effect::Replaces { popped: if looks_below { popped - pushed } else { popped } }
            }
        }
    }

    /// How many entries it pushes after it has popped some.
    pub(super) fn pushes(&self) -> usize {
        let effect = self.opcode.stack_effect_info(self.argument);
        match self.effect() {
            Effect::Replaces { popped } => (effect.pushed() as usize + popped).saturating_sub(effect.popped() as usize),
            _ => 0,
        }
    }
}

/// What is known about a code object.
pub(super) struct Flow {
    pub(super) ops: Vec<Op>,
    pub(super) handlers: Vec<Handler>,
    pub(super) loops: Vec<Loop>,
    /// For each instruction the entries on the stack before it; `None` where nothing leads.
    pub(super) depths: Vec<Option<u32>>,
    /// For each instruction the loops that run there, the innermost last, as places in `loops`.
    pub(super) running: Vec<Vec<u32>>,
    /// For each instruction the places of the stack that hold the number of a unit that raised.
    pub(super) raisers: Vec<Vec<u32>>,
}

/// How a jump's argument counts: from behind the instruction, forwards or backwards.
pub(super) fn jumps_forward(opcode: Opcode) -> Option<bool> {
    use Opcode as O;
    match opcode {
        O::PopJumpIfFalse
        | O::PopJumpIfTrue
        | O::PopJumpIfNone
        | O::PopJumpIfNotNone
        | O::JumpForward
        | O::ForIter
        | O::Send => Some(true),
        O::JumpBackward | O::JumpBackwardNoInterrupt | O::EndAsyncFor => Some(false),
        _ => None,
    }
}

/// The instruction hands on an exception that was raised before: no event of its own.
pub(super) fn reraises(op: &Op) -> bool {
    match op.opcode {
        Opcode::Reraise | Opcode::EndAsyncFor | Opcode::CleanupThrow => true,
        Opcode::RaiseVarargs => op.argument == 0,
        _ => false,
    }
}

impl Flow {
    /// Reads a code object as the compiler made it.
    pub(super) fn of(code: &PyCode) -> Flow {
        let object = &code.code;
        let units = &object.instructions;
        let nowhere = build_no_location_mask(&object.linetable, units.len());
        let mut ops: Vec<Op> = Vec::new();
        let mut op_at = vec![usize::MAX; units.len() + 1];
        let (mut at, mut prefix) = (0, 0_u32);
        while at < units.len() {
            let unit = units.read_unit(at);
            let instruction = unit.op.deoptimize();
            let argument = prefix | u32::from(u8::from(unit.arg));
            op_at[at] = ops.len();
            if instruction.as_opcode() == Opcode::ExtendedArg {
                prefix = argument << 8;
                at += 1;
                continue;
            }
            let count = instruction.cache_entries();
            let line = object.locations.get(at).map_or(0, |location| location.0.line.get() as u32);
            ops.push(Op {
                instruction,
                opcode: instruction.as_opcode(),
                argument,
                caches: (1..=count).map(|step| units.read_unit(at + step)).collect(),
                target: None,
                unit: at,
                line: if nowhere.get(at).copied().unwrap_or(true) { 0 } else { line },
            });
            at += 1 + count;
            prefix = 0;
        }
        op_at[units.len()] = ops.len();
        for index in 0..ops.len() {
            let op = &ops[index];
            let Some(forward) = jumps_forward(op.opcode) else { continue };
            let behind = op.unit + 1 + op.caches.len();
            let argument = op.argument as usize;
            let unit = if forward { behind + argument } else { behind.saturating_sub(argument) };
            let target = op_at.get(unit).copied().filter(|target| *target < ops.len());
            ops[index].target = target;
        }
        let handlers: Vec<Handler> = decode_exception_table(&object.exceptiontable)
            .into_iter()
            .filter_map(|entry: ExceptionTableEntry| {
                // A range ends behind the last instruction's caches; that is where the next one starts.
                let place = |unit: u32| {
                    (unit as usize..op_at.len()).find_map(|unit| Some(op_at[unit]).filter(|op| *op != usize::MAX))
                };
                let target = place(entry.target)?;
                Some(Handler {
                    first: place(entry.start)?,
                    end: place(entry.end)?,
                    target,
                    depth: entry.depth,
                    push_lasti: entry.push_lasti,
                })
            })
            .collect();
        let mut flow =
            Flow { ops, handlers, loops: Vec::new(), depths: Vec::new(), running: Vec::new(), raisers: Vec::new() };
        flow.walk();
        flow
    }

    /// Follows every path once and notes what lies on the stack.
    fn walk(&mut self) {
        let mut stacks: Vec<Option<Vec<Token>>> = vec![None; self.ops.len()];
        let mut waiting: Vec<(usize, Vec<Token>)> = vec![(0, Vec::new())];
        let mut heads: Vec<Loop> = Vec::new();
        loop {
            while let Some((at, stack)) = waiting.pop() {
                let Some(known) = stacks.get_mut(at) else { continue };
                if known.is_some() {
                    continue;
                }
                *known = Some(stack.clone());
                let op = &self.ops[at];
                if op.opcode == Opcode::ForIter
                    && let Some(&source) = stack.last()
                {
                    heads.push(Loop { source, head: at });
                }
                if let Some(target) = op.target.filter(|_| op.opcode != Opcode::EndAsyncFor) {
                    waiting.push(match op.opcode {
                        // An exhausted loop leaves its iterator, and what it leads to skips `END_FOR`.
                        Opcode::ForIter => {
                            (target + usize::from(self.opcode(target) == Some(Opcode::EndFor)), stack.clone())
                        }
                        _ => (target, self.after(at, stack.clone())),
                    });
                }
                if !op.opcode.is_scope_exit() && !op.opcode.is_unconditional_jump() {
                    waiting.push((at + 1, self.after(at, stack)));
                }
            }
            // Handlers of what is known by now; their own handlers come with the next round.
            for handler in &self.handlers {
                if stacks.get(handler.target).is_none_or(Option::is_some) {
                    continue;
                }
                let covered = stacks[handler.first..handler.end.min(stacks.len())].iter().flatten().next();
                if let Some(stack) = covered {
                    let mut stack = stack.clone();
                    stack.resize(usize::from(handler.depth), EXCEPTION);
                    stack.extend(handler.push_lasti.then_some(RAISER));
                    stack.push(EXCEPTION);
                    waiting.push((handler.target, stack));
                }
            }
            if waiting.is_empty() {
                break;
            }
        }
        heads.sort_by_key(|known| known.head);
        self.depths = stacks.iter().map(|stack| stack.as_ref().map(|stack| stack.len() as u32)).collect();
        self.raisers = stacks
            .iter()
            .map(|stack| {
                let places = stack.iter().flatten().enumerate().filter(|(_, token)| **token == RAISER);
                places.map(|(at, _)| at as u32).collect()
            })
            .collect();
        self.running = stacks
            .iter()
            .map(|stack| {
                let sources = stack.iter().flatten();
                sources
                    .filter_map(|source| heads.iter().position(|known| known.source == *source))
                    .map(|at| at as u32)
                    .collect()
            })
            .collect();
        self.loops = heads;
    }

    /// Where an exception that this instruction asks about has been taken, with the exception on the stack's top, and
    /// whether only falling into that place says so.
    pub(super) fn taken_at(&self, at: usize) -> Option<(usize, bool)> {
        match self.ops[at].opcode {
            // `except E:` jumps on when it is another class.
            Opcode::CheckExcMatch if self.opcode(at + 1) == Some(Opcode::PopJumpIfFalse) => {
                Some((at + 2 + usize::from(self.opcode(at + 2) == Some(Opcode::NotTaken)), true))
            }
            // `except:` drops it at once.
            Opcode::PushExcInfo if self.opcode(at + 1) == Some(Opcode::PopTop) => Some((at + 1, true)),
            // A context manager that returned true: what is jumped to drops it.
            Opcode::WithExceptStart => {
                let jump = (at + 1..at + 3).find(|next| self.opcode(*next) == Some(Opcode::PopJumpIfTrue))?;
                Some((self.ops[jump].target?, false))
            }
            _ => None,
        }
    }

    fn opcode(&self, at: usize) -> Option<Opcode> {
        self.ops.get(at).map(|op| op.opcode)
    }

    /// The stack after an instruction that went on to the next one.
    fn after(&self, at: usize, mut stack: Vec<Token>) -> Vec<Token> {
        let op = &self.ops[at];
        let length = stack.len();
        match (op.opcode, op.effect()) {
            (_, Effect::Swap(n)) if (1..=length).contains(&n) => stack.swap(length - 1, length - n),
            (_, Effect::Copy(n)) if (1..=length).contains(&n) => stack.push(stack[length - n]),
            (Opcode::ForIter, _) => stack.push(at),
            (_, Effect::Replaces { popped }) => {
                stack.truncate(length.saturating_sub(popped));
                stack.resize(stack.len() + op.pushes(), at);
            }
            _ => {}
        }
        stack
    }
}
