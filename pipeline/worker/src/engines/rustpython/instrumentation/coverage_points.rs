//! Numbers the points of coverage: the lines of a code object, and both branches of each condition and each `for`.
//! Called by `instrument`.

use rustpython_vm::bytecode::Opcode;
use tracemill_trace::{Point, PointKind};

use super::{builder::Builder, site::Site};
use crate::engines::rustpython::analysis::{
    control_flow::FlowGraph,
    line_starts::{Jumping, LineStart},
};

impl Builder<'_> {
    /// Inserts the probes of a code object's points. Their numbers follow those of the code objects before.
    pub(crate) fn insert_points(&mut self, flow: &FlowGraph, line_starts: &[LineStart], points: &mut Vec<Point>) {
        let mut number = |line_number: u32, kind: PointKind| {
            points.push(Point { line_number, kind });
            points.len() as u32 - 1
        };
        for (at, op) in flow.ops.iter().enumerate() {
            let start = line_starts[at];
            if start.by_falling || start.by_jumping != Jumping::Never || start.again {
                let point = number(op.line, PointKind::Line);
                self.insert_before(Site::Point(point, true), at, op.line, 0);
            }
            self.insert_set_probes(at, op);
            match op.opcode {
                // Instructions without a line come from the compiler, not from the source.
                _ if op.line == 0 => {}
                Opcode::PopJumpIfFalse | Opcode::PopJumpIfTrue | Opcode::PopJumpIfNone | Opcode::PopJumpIfNotNone => {
                    let point = number(op.line, PointKind::Taken);
                    number(op.line, PointKind::NotTaken);
                    let on_none = matches!(op.opcode, Opcode::PopJumpIfNone | Opcode::PopJumpIfNotNone);
                    let site = if on_none { Site::BranchOnNone(point) } else { Site::Branch(point) };
                    self.insert_before(site, at, op.line, 1);
                }
                Opcode::ForIter => {
                    let Some(end) = op.target.filter(|target| flow.ops[*target].opcode == Opcode::EndFor) else {
                        continue;
                    };
                    let drawn = number(op.line, PointKind::Taken);
                    self.insert_behind(Site::Point(drawn, false), at, op.line, 0);
                    let exhausted = number(op.line, PointKind::NotTaken);
                    self.insert_at(Site::Point(exhausted, false), at, end + 1, op.line, 0);
                }
                _ => {}
            }
        }
    }
}
