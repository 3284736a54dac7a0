//! Where two tables differ, as the lines of a `difference` block.
//!
//! ```text
//! reason: why it is so, and why it may stay so
//! @ 5
//! - the rows of CPython's table from row 5 on that the engine does not give
//! + the rows that it gives in their place
//! ```

use super::file::Block;

/// The reason that a block gives.
pub(super) fn reason(block: &Block) -> String {
    let reason = block.lines.first().and_then(|line| line.strip_prefix("reason:"));
    reason.expect("a difference begins with its reason").trim().to_owned()
}

/// What leads from one table to the other; nothing when they are the same.
pub(super) fn between(expected: &[String], told: &[String]) -> Vec<String> {
    let common = common_lengths(expected, told);
    let (mut at, mut beside) = (0, 0);
    let (mut lines, mut open) = (Vec::new(), false);
    while at < expected.len() || beside < told.len() {
        if at < expected.len() && beside < told.len() && expected[at] == told[beside] {
            (at, beside, open) = (at + 1, beside + 1, false);
            continue;
        }
        if !open {
            lines.push(format!("@ {at}"));
            open = true;
        }
        // Rows that are missing come before those that stand in their place.
        if at < expected.len() && (beside == told.len() || common[at + 1][beside] >= common[at][beside + 1]) {
            lines.push(format!("- {}", expected[at]));
            at += 1;
        } else {
            lines.push(format!("+ {}", told[beside]));
            beside += 1;
        }
    }
    lines
}

/// By two places: how many rows the rests of both tables have in common, in their order.
fn common_lengths(left: &[String], right: &[String]) -> Vec<Vec<usize>> {
    let mut common = vec![vec![0; right.len() + 1]; left.len() + 1];
    for at in (0..left.len()).rev() {
        for beside in (0..right.len()).rev() {
            common[at][beside] = if left[at] == right[beside] {
                common[at + 1][beside + 1] + 1
            } else {
                common[at + 1][beside].max(common[at][beside + 1])
            };
        }
    }
    common
}
