//! Notes what a run covers: which lines begin, and which branch each condition and each `for` takes. It costs far less than
//! events; the search for inputs runs on it. `coverage_points` numbers the points, `observer` calls [`CoverageRecorder`].

use rustpython_vm::{AsObject, PyObject, VirtualMachine};
use tracemill_trace::{Coverage, Point, hit_class};

use crate::engines::rustpython::instrumentation::site::Site;

/// What one run has covered so far.
pub(crate) struct CoverageRecorder {
    /// How often each point was reached.
    counts: Vec<u32>,
    path: u64,
    lines_begun: u64,
}

impl CoverageRecorder {
    /// Nothing is covered yet.
    pub(crate) fn new(points: &[Point]) -> Self {
        CoverageRecorder { counts: vec![0; points.len()], path: 0, lines_begun: 0 }
    }

    /// Takes what a probe reports.
    #[inline]
    pub(crate) fn probe(&mut self, site: Site, top: Option<&PyObject>, vm: &VirtualMachine) {
        match site {
            Site::Point(point, is_line) => {
                self.lines_begun += u64::from(is_line);
                self.reach(point);
            }
            Site::Branch(point) => {
                let fails = top.is_none_or(|top| top.is(&vm.ctx.false_value));
                self.reach(point + u32::from(fails));
            }
            Site::BranchOnNone(point) => {
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

    /// The coverage of the run.
    pub(crate) fn report(&self, points: &[Point]) -> Coverage {
        Coverage {
            points: points.to_vec(),
            hits: self.counts.iter().map(|count| hit_class(*count)).collect(),
            path: self.path,
            lines_begun: self.lines_begun,
        }
    }
}
