//! Coverage of a unit by several runs: lines, branches and loop counts. The driver keeps one map over the search, and
//! selection one over the chosen inputs.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use tracemill_trace::{Point, PointKind};

/// For each point of a unit, the classes of hit counts that runs had there.
#[derive(Debug, Clone, Default)]
pub(super) struct CoverageMap {
    /// For each point a bit for each class.
    classes: Vec<u16>,
}

/// The coverage that a run adds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Novelty {
    /// Points that no run reached before.
    pub(super) points: usize,
    /// Points that runs reached before, but never with a hit count of this class.
    pub(super) classes: usize,
}

/// Points of one kind, and those of them that runs reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::inputs) struct Covered {
    pub(in crate::inputs) all: usize,
    pub(in crate::inputs) reached: usize,
}

/// Coverage of a unit's own function by all candidates of a search.
#[derive(Debug, Clone)]
pub(in crate::inputs) struct UnitCoverage {
    /// Points that no candidate reached.
    pub(in crate::inputs) missing: Vec<Point>,
    /// The share of its lines and branches that candidates reached, 0 to 1.
    pub(in crate::inputs) share: f64,
}

impl CoverageMap {
    /// The coverage that hits would add.
    pub(super) fn novelty(&self, hits: &[u8]) -> Novelty {
        let mut novelty = Novelty::default();
        for (point, &class) in hits.iter().enumerate().filter(|(_, class)| **class > 0) {
            match self.classes.get(point).copied().unwrap_or(0) {
                0 => novelty.points += 1,
                seen if seen & (1 << class.min(15)) == 0 => novelty.classes += 1,
                _ => {}
            }
        }
        novelty
    }

    /// Adds hits, and gives the coverage that they add.
    pub(super) fn add(&mut self, hits: &[u8]) -> Novelty {
        let novelty = self.novelty(hits);
        if self.classes.len() < hits.len() {
            self.classes.resize(hits.len(), 0);
        }
        for (seen, &class) in self.classes.iter_mut().zip(hits).filter(|(_, class)| **class > 0) {
            *seen |= 1 << class.min(15);
        }
        novelty
    }

    /// Whether every point within the lines was reached; false where no point is known.
    pub(super) fn is_whole(&self, points: &[Point], lines: &RangeInclusive<u32>) -> bool {
        let mut wanted = points.iter().enumerate().filter(|(_, point)| lines.contains(&point.line_number));
        !points.is_empty() && wanted.all(|(index, _)| self.has(index))
    }

    /// Whether a run reached the point.
    fn has(&self, point: usize) -> bool {
        self.classes.get(point).is_some_and(|classes| *classes != 0)
    }

    /// Coverage of the lines of a range.
    pub(super) fn lines(&self, points: &[Point], within: &RangeInclusive<u32>) -> Covered {
        let lines = |wanted: &dyn Fn(usize) -> bool| {
            let points = points.iter().enumerate();
            let points =
                points.filter(|(_, point)| point.kind == PointKind::Line && within.contains(&point.line_number));
            let lines: BTreeSet<u32> =
                points.filter(|(index, _)| wanted(*index)).map(|(_, point)| point.line_number).collect();
            lines.len()
        };
        Covered { all: lines(&|_| true), reached: lines(&|index| self.has(index)) }
    }

    /// Coverage of the branches of a range: both branches of each condition and of each `for`.
    pub(super) fn branches(&self, points: &[Point], within: &RangeInclusive<u32>) -> Covered {
        let points = points.iter().enumerate();
        let branches: Vec<usize> = points
            .filter(|(_, point)| point.kind != PointKind::Line && within.contains(&point.line_number))
            .map(|(index, _)| index)
            .collect();
        Covered { all: branches.len(), reached: branches.iter().filter(|index| self.has(**index)).count() }
    }

    /// Points of a range that no run reached.
    pub(super) fn missing(&self, points: &[Point], within: &RangeInclusive<u32>) -> Vec<Point> {
        let points = points.iter().enumerate();
        let missing = points.filter(|(index, point)| within.contains(&point.line_number) && !self.has(*index));
        missing.map(|(_, point)| *point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points() -> Vec<Point> {
        let point = |line_number, kind| Point { line_number, kind };
        vec![
            point(2, PointKind::Line),
            point(2, PointKind::Taken),
            point(2, PointKind::NotTaken),
            point(3, PointKind::Line),
            point(9, PointKind::Line),
        ]
    }

    #[test]
    fn new_coverage_counts_once() {
        let mut reached = CoverageMap::default();
        assert_eq!(reached.add(&[1, 0, 1, 0, 0]), Novelty { points: 2, classes: 0 });
        assert_eq!(reached.novelty(&[1, 0, 1, 0, 0]), Novelty::default());
        assert_eq!(reached.add(&[3, 1, 1, 0, 0]), Novelty { points: 1, classes: 1 });
        assert_eq!(reached.add(&[3, 1, 1, 0, 0]), Novelty::default());
    }

    #[test]
    fn lines_and_branches_are_those_of_the_range() {
        let (points, mut reached) = (points(), CoverageMap::default());
        reached.add(&[1, 0, 1, 0, 0]);
        assert_eq!(reached.lines(&points, &(1..=5)), Covered { all: 2, reached: 1 });
        assert_eq!(reached.branches(&points, &(1..=5)), Covered { all: 2, reached: 1 });
        assert_eq!(reached.lines(&points, &(1..=9)), Covered { all: 3, reached: 1 });
        let missing: Vec<u32> = reached.missing(&points, &(1..=5)).iter().map(|point| point.line_number).collect();
        assert_eq!(missing, [2, 3]);
        assert!(!reached.is_whole(&points, &(1..=5)));
        reached.add(&[1, 1, 0, 1, 0]);
        assert!(reached.is_whole(&points, &(1..=5)));
        assert!(!reached.is_whole(&points, &(1..=9)));
        assert!(!CoverageMap::default().is_whole(&[], &(1..=9)));
    }
}
