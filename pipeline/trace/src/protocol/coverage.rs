//! Coverage of a unit by one run. [`crate::Job::records_coverage`] requests it, and [`crate::Finished::coverage`] reports
//! it. The search for inputs reads it.

use serde::{Deserialize, Serialize};

/// A place in a unit's code that a run may cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Point {
    /// Its line of the unit's source, 1-based.
    pub line_number: u32,
    /// What it is.
    pub kind: PointKind,
}

/// The kinds of place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PointKind {
    /// A line begins. One line may have several such points, in one code or in nested ones.
    Line,
    /// The branch of a condition that holds, or of a `for` that draws an item.
    Taken,
    /// The other branch: the condition does not hold, or no item is left. Always follows its [`PointKind::Taken`].
    NotTaken,
}

/// The coverage of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// The points of the unit, in the order of its code, nested code before what encloses it: the same ones for each
    /// run of a unit. For a call those of its functions; for a program those of the whole source.
    pub points: Vec<Point>,
    /// For each point how often it was reached, as [`hit_class`] writes it.
    pub hits: Vec<u8>,
    /// A hash of the points in the order in which they were reached: equal for runs that took the same path.
    pub path: u64,
    /// Points of lines that were reached: about as many as a recording has events of lines.
    pub lines_begun: u64,
}

/// The class of a hit count: 0 for none, then one class each for 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, and
/// more.
#[must_use]
pub fn hit_class(count: u32) -> u8 {
    match count {
        0..=3 => u8::try_from(count).unwrap_or(3),
        4..=7 => 4,
        8..=15 => 5,
        16..=31 => 6,
        32..=127 => 7,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::hit_class;

    #[test]
    fn classes_grow_with_the_count() {
        let counts = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 127, 128, u32::MAX];
        assert_eq!(counts.map(hit_class), [0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8]);
    }
}
