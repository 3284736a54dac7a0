//! What runs have reached together: the lines and the ways of a unit, and of its own function. Kept by the search and by
//! the choice.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use tracemill_trace::{Point, PointKind};

/// Points with how often each was reached, as a set of classes of hits.
#[derive(Debug, Clone, Default)]
pub(super) struct CoverageMap {
    /// For each point a bit for each class that was seen.
    classes: Vec<u16>,
}

/// What a run adds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Novelty {
    /// Points that nothing reached before.
    pub(super) points: usize,
    /// Points that were reached before, but never about as often.
    pub(super) classes: usize,
}

impl CoverageMap {
    /// What these hits would add.
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

    /// Adds hits; says what was new.
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

    /// Whether every point within the lines was reached.
    pub(super) fn is_whole(&self, points: &[Point], lines: &RangeInclusive<u32>) -> bool {
        let mut wanted = points.iter().enumerate().filter(|(_, point)| lines.contains(&point.line_number));
        !points.is_empty() && wanted.all(|(index, _)| self.has(index))
    }

    fn has(&self, point: usize) -> bool {
        self.classes.get(point).is_some_and(|classes| *classes != 0)
    }

    /// Lines within the range with a point, and those reached.
    pub(super) fn lines(&self, points: &[Point], within: &RangeInclusive<u32>) -> (usize, usize) {
        let lines = |wanted: &dyn Fn(usize) -> bool| {
            let points = points.iter().enumerate();
            let points =
                points.filter(|(_, point)| point.kind == PointKind::Line && within.contains(&point.line_number));
            let lines: BTreeSet<u32> =
                points.filter(|(index, _)| wanted(*index)).map(|(_, point)| point.line_number).collect();
            lines.len()
        };
        (lines(&|_| true), lines(&|index| self.has(index)))
    }

    /// Ways that conditions and loops within the range may lead, and those taken.
    pub(super) fn branches(&self, points: &[Point], within: &RangeInclusive<u32>) -> (usize, usize) {
        let points = points.iter().enumerate();
        let ways = points.filter(|(_, point)| point.kind != PointKind::Line && within.contains(&point.line_number));
        ways.fold((0, 0), |(all, reached), (index, _)| (all + 1, reached + usize::from(self.has(index))))
    }

    /// Points within the range that nothing reached.
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
    fn what_is_new_is_counted_once() {
        let mut reached = CoverageMap::default();
        assert_eq!(reached.add(&[1, 0, 1, 0, 0]), Novelty { points: 2, classes: 0 });
        assert_eq!(reached.novelty(&[1, 0, 1, 0, 0]), Novelty::default());
        assert_eq!(reached.add(&[3, 1, 1, 0, 0]), Novelty { points: 1, classes: 1 });
        assert_eq!(reached.add(&[3, 1, 1, 0, 0]), Novelty::default());
    }

    #[test]
    fn lines_and_ways_are_those_of_the_range() {
        let (points, mut reached) = (points(), CoverageMap::default());
        reached.add(&[1, 0, 1, 0, 0]);
        assert_eq!(reached.lines(&points, &(1..=5)), (2, 1));
        assert_eq!(reached.branches(&points, &(1..=5)), (2, 1));
        assert_eq!(reached.lines(&points, &(1..=9)), (3, 1));
        let missing: Vec<u32> = reached.missing(&points, &(1..=5)).iter().map(|point| point.line_number).collect();
        assert_eq!(missing, [2, 3]);
        assert!(!reached.is_whole(&points, &(1..=5)));
        reached.add(&[1, 1, 0, 1, 0]);
        assert!(reached.is_whole(&points, &(1..=5)));
        assert!(!reached.is_whole(&points, &(1..=9)));
        assert!(!CoverageMap::default().is_whole(&[], &(1..=9)));
    }
}
