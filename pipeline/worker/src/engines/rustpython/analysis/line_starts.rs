//! Where lines begin: CPython 3.14's rule for the line events of `sys.settrace`. Called by `instrument`.
//!
//! An instruction is a mark where its line is known and differs from the line of the instruction in front of it, where
//! a jump leads to it, or where it begins a handler. At a mark a line begins unless the instruction that ran before has
//! the same line. The instruction that ran before is known for each path to the mark. So it is nearly always known
//! before the program runs whether a line begins. A jump back within one line begins the line again.

use rustpython_vm::bytecode::Opcode;

use super::control_flow::FlowGraph;

/// How lines begin at an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct LineStart {
    /// Falling into it begins a line.
    pub(crate) by_falling: bool,
    /// Whether jumping to it begins a line.
    pub(crate) by_jumping: Jumping,
    /// The instruction jumps back within its line, which begins again.
    pub(crate) again: bool,
}

/// Whether jumping to an instruction begins its line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Jumping {
    /// No jump does.
    #[default]
    Never,
    /// Every jump does.
    Always,
    /// It depends on the line that ran before.
    Sometimes,
}

/// Whether the instruction never begins a line: jumps skip it, or the interpreter added it.
fn is_hidden(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::EndFor | Opcode::PopIter | Opcode::EndSend | Opcode::EndAsyncFor | Opcode::Resume | Opcode::Cache
    )
}

/// How lines begin at each instruction of a code object.
pub(crate) fn line_starts(flow: &FlowGraph) -> Vec<LineStart> {
    let ops = &flow.ops;
    let begins = ops.iter().position(|op| op.opcode == Opcode::Resume).map_or(0, |at| at + 1);
    let mut is_mark = vec![false; ops.len()];
    let mut current = 0;
    for (at, op) in ops.iter().enumerate().skip(begins) {
        if is_hidden(op.opcode) {
            continue;
        }
        is_mark[at] = op.line != 0 && op.line != current;
        current = op.line;
    }
    // The number of jumps that lead to an instruction, and of those from another line.
    let mut jumps = vec![(0_u32, 0_u32); ops.len()];
    for op in ops {
        if let Some(target) = op.target
            && !matches!(op.opcode, Opcode::ForIter | Opcode::Send | Opcode::EndAsyncFor)
            && !is_hidden(ops[target].opcode)
            && ops[target].line != 0
        {
            is_mark[target] = true;
            let (all, others) = &mut jumps[target];
            *all += 1;
            *others += u32::from(op.line != ops[target].line);
        }
    }
    let mut handles = vec![false; ops.len()];
    for handler in &flow.handlers {
        if ops.get(handler.target).is_some_and(|op| op.line != 0 && !is_hidden(op.opcode)) {
            is_mark[handler.target] = true;
            handles[handler.target] = true;
        }
    }
    ops.iter()
        .enumerate()
        .map(|(at, op)| {
            if at < begins {
                return LineStart::default();
            }
            let again = op.opcode == Opcode::JumpBackward
                && op.line != 0
                && op.target.is_some_and(|target| ops[target].line == op.line);
            if !is_mark[at] {
                return LineStart { again, ..LineStart::default() };
            }
            let before = at.checked_sub(1).map(|before| &ops[before]);
            let by_falling = before.is_some_and(|before| {
                let falls = !before.opcode.is_scope_exit() && !before.opcode.is_unconditional_jump();
                falls && (before.line != op.line || before.opcode == Opcode::Resume)
            });
            let (all, others) = jumps[at];
            let by_jumping = if handles[at] || (others > 0 && others < all) {
                Jumping::Sometimes
            } else if others > 0 {
                Jumping::Always
            } else {
                Jumping::Never
            };
            LineStart { by_falling, by_jumping, again }
        })
        .collect()
}
