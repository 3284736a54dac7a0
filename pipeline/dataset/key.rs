//! Keys of parts, and their order, which is the order of data. Used by manifests, and by the list of a table's files.
//!
//! A key consists of zero-padded numbers, as in `00012-0003`. Padding alone does not make the order of texts numeric:
//! `100000` would come before `99999`.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

/// The key of a part, or of one of its files: digits and dashes. Keys have the order of their numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartKey(String);

impl PartKey {
    /// The key of a stage's part of that number.
    #[must_use]
    pub fn numbered(number: usize) -> Self {
        PartKey(format!("{number:05}"))
    }

    /// The key of a part's file of that number.
    #[must_use]
    pub fn file(&self, number: usize) -> Self {
        PartKey(format!("{self}-{number:04}"))
    }
}

impl From<&str> for PartKey {
    fn from(text: &str) -> Self {
        PartKey(text.to_owned())
    }
}

impl Deref for PartKey {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PartKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Ord for PartKey {
    fn cmp(&self, other: &Self) -> Ordering {
        natural_order(&self.0, &other.0)
    }
}

impl PartialOrd for PartKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares texts, with the numbers in them as numbers. Total: texts are equal only if all of their bytes are.
pub(super) fn natural_order(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one.as_bytes(), other.as_bytes());
    while let (Some(a), Some(b)) = (left.first(), right.first()) {
        let order = if a.is_ascii_digit() && b.is_ascii_digit() {
            let (a, b) = (take_number(&mut left), take_number(&mut right));
            a.len().cmp(&b.len()).then(a.cmp(b))
        } else {
            (left, right) = (&left[1..], &right[1..]);
            a.cmp(b)
        };
        if order.is_ne() {
            return order;
        }
    }
    // One begins with the other, or they differ in zeros alone.
    left.len().cmp(&right.len()).then_with(|| one.cmp(other))
}

/// Takes a number off the front and gives its digits without zeros in front: more digits are a larger number.
fn take_number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    *text = rest;
    let zeros = number.iter().take_while(|&&digit| digit == b'0').count();
    &number[zeros..]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_order_of_keys_is_that_of_their_numbers() {
        let ordered = ["00000", "00001-0000", "00001-0002", "00001-9999", "00001-10000", "00002", "99999", "100000"];
        let mut keys: Vec<PartKey> = ordered.iter().rev().map(|text| PartKey::from(*text)).collect();
        keys.sort();
        assert_eq!(keys, ordered.map(PartKey::from));
        assert!(PartKey::numbered(99_999) < PartKey::numbered(100_000));
        let part = PartKey::numbered(3);
        assert!(
            part < part.file(0) && part.file(9_999) < part.file(10_000) && part.file(10_000) < PartKey::numbered(4)
        );
    }

    proptest! {
        #[test]
        fn the_order_is_total(texts in proptest::collection::vec("[019a-]{0,5}", 3)) {
            let [a, b, c] = [&texts[0], &texts[1], &texts[2]];
            prop_assert_eq!(natural_order(a, b), natural_order(b, a).reverse());
            prop_assert_eq!(natural_order(a, b).is_eq(), a == b);
            if natural_order(a, b).is_le() && natural_order(b, c).is_le() {
                prop_assert!(natural_order(a, c).is_le(), "{} {} {}", a, b, c);
            }
        }

        #[test]
        fn numbers_have_their_order(a in any::<u32>(), b in any::<u32>()) {
            prop_assert_eq!(PartKey::numbered(a as usize).cmp(&PartKey::numbered(b as usize)), a.cmp(&b));
        }
    }
}
