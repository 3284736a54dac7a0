//! Notes what a run reaches: which lines begin, and which way each condition and each `for` leads. Far cheaper than
//! events; the search for inputs runs on it. `instrument` puts the points in, `probe` calls [`Cover`].

use rustpython_vm::{AsObject, PyObject, VirtualMachine, bytecode::Opcode};
use tracemill_trace::{Coverage, Point, PointKind, hit_class};

use super::{
    flow::Flow,
    instrument::{Builder, before, fall},
    lines::{Jumping, Mark},
    probe::Site,
};

impl Builder<'_> {
    /// Decides where a code object's points are, and numbers them on from those met before.
    pub(super) fn place_points(&mut self, flow: &Flow, marks: &[Mark], points: &mut Vec<Point>) {
        let mut number = |line_number: u32, kind: PointKind| {
            points.push(Point { line_number, kind });
            points.len() as u32 - 1
        };
        for (at, op) in flow.ops.iter().enumerate() {
            let mark = marks[at];
            if mark.by_falling || mark.by_jumping != Jumping::Never || mark.again {
                let point = number(op.line, PointKind::Line);
                let probe = self.probe(Site::Point(point, true), at, op.line, 0);
                self.insertions.push((before(at), probe));
            }
            self.sets(at, op);
            match op.opcode {
                // Instructions of no line are the compiler's own.
                _ if op.line == 0 => {}
                Opcode::PopJumpIfFalse | Opcode::PopJumpIfTrue | Opcode::PopJumpIfNone | Opcode::PopJumpIfNotNone => {
                    let point = number(op.line, PointKind::Taken);
                    number(op.line, PointKind::NotTaken);
                    let on_none = matches!(op.opcode, Opcode::PopJumpIfNone | Opcode::PopJumpIfNotNone);
                    let site = if on_none { Site::DecidesOnNone(point) } else { Site::Decides(point) };
                    let probe = self.probe(site, at, op.line, 1);
                    self.insertions.push((before(at), probe));
                }
                Opcode::ForIter => {
                    let Some(end) = op.target.filter(|target| flow.ops[*target].opcode == Opcode::EndFor) else {
                        continue;
                    };
                    let drawn = number(op.line, PointKind::Taken);
                    let probe = self.probe_at(Site::Point(drawn, false), at, at + 1, op.line, 0);
                    self.insertions.push((fall(at + 1), probe));
                    let exhausted = number(op.line, PointKind::NotTaken);
                    let probe = self.probe_at(Site::Point(exhausted, false), at, end + 1, op.line, 0);
                    self.insertions.push((before(end + 1), probe));
                }
                _ => {}
            }
        }
    }
}

/// What one run has reached so far.
pub(super) struct Cover {
    /// How often each point was.
    counts: Vec<u32>,
    path: u64,
    lines_begun: u64,
}

impl Cover {
    pub(super) fn of(points: &[Point]) -> Self {
        Cover { counts: vec![0; points.len()], path: 0, lines_begun: 0 }
    }

    /// Takes what a probe says.
    #[inline]
    pub(super) fn probe(&mut self, site: Site, top: Option<&PyObject>, vm: &VirtualMachine) {
        match site {
            Site::Point(point, is_line) => {
                self.lines_begun += u64::from(is_line);
                self.reach(point);
            }
            Site::Decides(point) => {
                let fails = top.is_none_or(|top| top.is(&vm.ctx.false_value));
                self.reach(point + u32::from(fails));
            }
            Site::DecidesOnNone(point) => {
                let fails = top.is_none_or(|top| vm.is_none(top));
                self.reach(point + u32::from(fails));
            }
            _ => {}
        }
    }

    #[inline]
    fn reach(&mut self, point: u32) {
        const MULTIPLIER: u64 = 0x517c_c1b7_2722_0a95;
        if let Some(count) = self.counts.get_mut(point as usize) {
            *count = count.saturating_add(1);
            self.path = (self.path.rotate_left(5) ^ u64::from(point + 1)).wrapping_mul(MULTIPLIER);
        }
    }

    /// What was reached, told.
    pub(super) fn told(&self, points: &[Point]) -> Coverage {
        Coverage {
            points: points.to_vec(),
            hits: self.counts.iter().map(|count| hit_class(*count)).collect(),
            path: self.path,
            lines_begun: self.lines_begun,
        }
    }
}
