//! The control flow of a code object: its instructions, their jumps and lines, the depth of the value stack before
//! each, and the loops that run there. Called by `instrument`.

use rustpython_vm::{
    builtins::PyCode,
    bytecode::{ExceptionTableEntry, Instruction, Opcode, build_no_location_mask, decode_exception_table},
};

/// One instruction, with its prefixes folded into its argument.
#[derive(Clone)]
pub(crate) struct Op {
    pub(crate) instruction: Instruction,
    pub(crate) opcode: Opcode,
    pub(crate) argument: u32,
    /// Cache units behind it.
    pub(crate) caches: usize,
    /// The instruction that it can jump to.
    pub(crate) target: Option<usize>,
    /// The code unit of the instruction.
    pub(crate) unit: usize,
    /// Line of the source, 1-based; 0 for an instruction without a line.
    pub(crate) line: u32,
}

/// What is known of an entry of the value stack: the instruction that pushed it.
type Token = usize;
/// An entry that the interpreter pushed for a handler: an exception, or the number of the code unit that raised it.
const EXCEPTION: Token = usize::MAX;
const RAISER: Token = usize::MAX - 1;
/// Added to the number of a `FOR_ITER`: the iterator from which it draws.
const DRAWN: Token = 1 << 48;

/// All value stacks that occur. Each is its top entry and the stack below.
struct Stacks(Vec<Entry>);

#[derive(Clone, Copy)]
struct Entry {
    token: Token,
    below: Stack,
    /// Entries, this one included.
    depth: usize,
}

/// A place in [`Stacks`].
type Stack = usize;
/// The empty stack.
const EMPTY: Stack = 0;

impl Stacks {
    fn new() -> Self {
        Stacks(vec![Entry { token: EXCEPTION, below: EMPTY, depth: 0 }])
    }

    fn depth(&self, stack: Stack) -> usize {
        self.0[stack].depth
    }

    fn push(&mut self, below: Stack, token: Token) -> Stack {
        let depth = self.depth(below) + 1;
        self.0.push(Entry { token, below, depth });
        self.0.len() - 1
    }

    /// The stack without its topmost `count` entries.
    fn drop(&self, mut stack: Stack, count: usize) -> Stack {
        for _ in 0..count {
            stack = self.0[stack].below;
        }
        stack
    }

    /// The stack with `depth` entries: cut, or filled up with `token`.
    fn resize(&mut self, mut stack: Stack, depth: usize, token: Token) -> Stack {
        stack = self.drop(stack, self.depth(stack).saturating_sub(depth));
        while self.depth(stack) < depth {
            stack = self.push(stack, token);
        }
        stack
    }

    /// The entries, the top first.
    fn tokens(&self, mut stack: Stack) -> impl Iterator<Item = Token> {
        std::iter::from_fn(move || {
            let entry = (stack != EMPTY).then(|| self.0[stack])?;
            stack = entry.below;
            Some(entry.token)
        })
    }
}

/// A `for` loop, or a loop of a comprehension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loop {
    /// The instruction that pushed its iterator: a `GET_ITER`, or one that loads or makes an iterator.
    pub(crate) source: usize,
    /// Its `FOR_ITER`.
    pub(crate) head: usize,
}

/// An exception handler, in instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handler {
    pub(crate) first: usize,
    pub(crate) end: usize,
    pub(crate) target: usize,
    pub(crate) depth: u16,
    pub(crate) push_lasti: bool,
}

/// What an instruction does to the places of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StackEffect {
    /// The top changes places with the entry so far down.
    Swap(usize),
    /// The entry so far down is pushed again.
    Copy(usize),
    /// Entries are popped, and others may be pushed.
    Replaces {
        /// The number of popped entries.
        popped: usize,
    },
}

impl Op {
    /// What the instruction does to the places of the stack.
    pub(crate) fn effect(&self) -> StackEffect {
        let argument = self.argument as usize;
        match self.opcode {
            Opcode::Swap => StackEffect::Swap(argument),
            Opcode::Copy => StackEffect::Copy(argument),
            // The interpreter describes it as popping and pushing what it leaves alone.
            Opcode::ForIter | Opcode::WithExceptStart => StackEffect::Replaces { popped: 0 },
            _ => {
                let effect = self.opcode.stack_effect_info(self.argument);
                let (pushed, popped) = (effect.pushed() as usize, effect.popped() as usize);
                // The interpreter describes these as popping and pushing all that lies above the changed entry.
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
                StackEffect::Replaces { popped: if looks_below { popped - pushed } else { popped } }
            }
        }
    }

    /// The number of entries that it pushes after popping.
    pub(crate) fn pushes(&self) -> usize {
        let effect = self.opcode.stack_effect_info(self.argument);
        match self.effect() {
            StackEffect::Replaces { popped } => {
                (effect.pushed() as usize + popped).saturating_sub(effect.popped() as usize)
            }
            _ => 0,
        }
    }
}

/// The control flow of a code object.
pub(crate) struct FlowGraph {
    pub(crate) ops: Vec<Op>,
    /// Exception handlers, in the order of the code; they do not overlap.
    pub(crate) handlers: Vec<Handler>,
    pub(crate) loops: Vec<Loop>,
    /// For each instruction the depth of the stack before it; `None` where the instruction is unreachable.
    pub(crate) depths: Vec<Option<u32>>,
    /// For each instruction the loops that run there, from their `FOR_ITER` on, the innermost last, as indices of
    /// `loops`.
    pub(crate) running: Vec<Vec<u32>>,
    /// For each instruction the places of the stack that hold the number of a code unit that raised.
    pub(crate) raisers: Vec<Vec<u32>>,
}

/// Whether a jump's argument counts forwards or backwards from behind the instruction; `None` for what is no jump.
pub(crate) fn jumps_forward(opcode: Opcode) -> Option<bool> {
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

/// Whether the instruction raises an earlier exception again, which is no event of its own.
pub(crate) fn reraises(op: &Op) -> bool {
    match op.opcode {
        Opcode::Reraise | Opcode::EndAsyncFor | Opcode::CleanupThrow => true,
        Opcode::RaiseVarargs => op.argument == 0,
        _ => false,
    }
}

impl FlowGraph {
    /// Reads a code object as the compiler made it.
    pub(crate) fn read(code: &PyCode) -> FlowGraph {
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
                caches: count,
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
            let behind = op.unit + 1 + op.caches;
            let argument = op.argument as usize;
            let unit = if forward { behind + argument } else { behind.saturating_sub(argument) };
            let target = op_at.get(unit).copied().filter(|target| *target < ops.len());
            ops[index].target = target;
        }
        let mut handlers: Vec<Handler> = decode_exception_table(&object.exceptiontable)
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
        handlers.sort_by_key(|handler| handler.first);
        let mut flow = FlowGraph {
            ops,
            handlers,
            loops: Vec::new(),
            depths: Vec::new(),
            running: Vec::new(),
            raisers: Vec::new(),
        };
        flow.walk();
        flow
    }

    /// Follows every path once and computes the stack before each instruction.
    fn walk(&mut self) {
        let mut stacks = Stacks::new();
        let mut before: Vec<Option<Stack>> = vec![None; self.ops.len()];
        let mut waiting: Vec<(usize, Stack)> = vec![(0, EMPTY)];
        let mut heads: Vec<Loop> = Vec::new();
        loop {
            while let Some((at, stack)) = waiting.pop() {
                let Some(known) = before.get_mut(at) else { continue };
                if known.is_some() {
                    continue;
                }
                let op = &self.ops[at];
                let mut stack = stack;
                let top = stacks.tokens(stack).next();
                if let Some(source) = top.filter(|_| op.opcode == Opcode::ForIter) {
                    heads.push(Loop { source, head: at });
                    let below = stacks.drop(stack, 1);
                    stack = stacks.push(below, DRAWN + at);
                }
                *known = Some(stack);
                if let Some(target) = op.target.filter(|_| op.opcode != Opcode::EndAsyncFor) {
                    waiting.push(match op.opcode {
                        // An exhausted loop leaves its iterator, and what it leads to skips `END_FOR`.
                        Opcode::ForIter => (target + usize::from(self.opcode(target) == Some(Opcode::EndFor)), stack),
                        _ => (target, self.after(at, stack, &mut stacks)),
                    });
                }
                if !op.opcode.is_scope_exit() && !op.opcode.is_unconditional_jump() {
                    waiting.push((at + 1, self.after(at, stack, &mut stacks)));
                }
            }
            // Handlers that cover an instruction reached by now; their own handlers follow in the next round.
            for handler in &self.handlers {
                if before.get(handler.target).is_none_or(Option::is_some) {
                    continue;
                }
                let covered = before[handler.first..handler.end.min(before.len())].iter().flatten().next();
                if let Some(&covered) = covered {
                    let mut stack = stacks.resize(covered, usize::from(handler.depth), EXCEPTION);
                    if handler.push_lasti {
                        stack = stacks.push(stack, RAISER);
                    }
                    waiting.push((handler.target, stacks.push(stack, EXCEPTION)));
                }
            }
            if waiting.is_empty() {
                break;
            }
        }
        heads.sort_by_key(|known| known.head);
        // For each stack what `select` gives of its entries, the lowest first.
        let each = |select: &dyn Fn(usize, Token) -> Option<usize>| -> Vec<Vec<u32>> {
            let found = |stack: Stack| {
                let depth = stacks.depth(stack);
                let tokens = stacks.tokens(stack).enumerate();
                let mut found: Vec<u32> =
                    tokens.filter_map(|(at, token)| select(depth - 1 - at, token)).map(|at| at as u32).collect();
                found.reverse();
                found
            };
            before.iter().map(|stack| stack.map(found).unwrap_or_default()).collect()
        };
        self.raisers = match self.handlers.iter().any(|handler| handler.push_lasti) {
            true => each(&|at, token| (token == RAISER).then_some(at)),
            false => vec![Vec::new(); before.len()],
        };
        self.running = match heads.is_empty() {
            true => vec![Vec::new(); before.len()],
            false => each(&|_, token| heads.iter().position(|known| DRAWN + known.head == token)),
        };
        self.depths = before.iter().map(|stack| stack.map(|stack| stacks.depth(stack) as u32)).collect();
        self.loops = heads;
    }

    /// Where an exception that this instruction tests has been handled, with the exception on top of the stack, and
    /// whether this holds only where that place is fallen into.
    pub(crate) fn taken_at(&self, at: usize) -> Option<(usize, bool)> {
        match self.ops[at].opcode {
            // `except E:` jumps on when it is another class.
            Opcode::CheckExcMatch if self.opcode(at + 1) == Some(Opcode::PopJumpIfFalse) => {
                Some((at + 2 + usize::from(self.opcode(at + 2) == Some(Opcode::NotTaken)), true))
            }
            // `except:` drops it at once.
            Opcode::PushExcInfo if self.opcode(at + 1) == Some(Opcode::PopTop) => Some((at + 1, true)),
            // A context manager that returned true: the target of the jump drops it.
            Opcode::WithExceptStart => {
                let jump = (at + 1..at + 3).find(|next| self.opcode(*next) == Some(Opcode::PopJumpIfTrue))?;
                Some((self.ops[jump].target?, false))
            }
            _ => None,
        }
    }

    /// The handler of what an instruction raises.
    pub(crate) fn handler_of(&self, at: usize) -> Option<&Handler> {
        // They are in order, and do not overlap.
        let before = self.handlers.partition_point(|handler| handler.first <= at).checked_sub(1)?;
        self.handlers.get(before).filter(|handler| at < handler.end)
    }

    fn opcode(&self, at: usize) -> Option<Opcode> {
        self.ops.get(at).map(|op| op.opcode)
    }

    /// The stack after an instruction that fell through.
    fn after(&self, at: usize, stack: Stack, stacks: &mut Stacks) -> Stack {
        let op = &self.ops[at];
        let depth = stacks.depth(stack);
        match (op.opcode, op.effect()) {
            (_, StackEffect::Swap(n)) if (1..=depth).contains(&n) => {
                let mut tokens: Vec<Token> = stacks.tokens(stack).take(n).collect();
                tokens.swap(0, n - 1);
                let below = stacks.drop(stack, n);
                tokens.into_iter().rev().fold(below, |stack, token| stacks.push(stack, token))
            }
            (_, StackEffect::Copy(n)) if (1..=depth).contains(&n) => {
                let token = stacks.tokens(stack).nth(n - 1).unwrap_or(EXCEPTION);
                stacks.push(stack, token)
            }
            (Opcode::ForIter, _) => stacks.push(stack, at),
            (_, StackEffect::Replaces { popped }) => {
                let below = stacks.drop(stack, popped.min(depth));
                stacks.resize(below, stacks.depth(below) + op.pushes(), at)
            }
            _ => stack,
        }
    }
}
