//! Mutates a call: changes one to three of its values, each by an operation of its type. Called by the driver, which
//! keeps mutants that add coverage.

use super::constants::Constants;
use super::cross_mutation::cross_mutate;
use super::tree::{Call, Callee, LENGTH_MAX, Tree};
use crate::inputs::random::Random;

/// Arithmetic grows numbers to at most this: larger ones only make loops longer.
const INT_MAX: i128 = 20_000;

/// Mutates the calls of one unit.
pub(super) struct Mutator<'a> {
    /// The unit's name, by which its call is recognised.
    pub(super) unit: &'a str,
    pub(super) constants: &'a Constants,
}

impl Mutator<'_> {
    /// A mutated copy; `donors` are calls whose values may replace its own.
    pub(super) fn mutated(&self, tree: &Tree, donors: &[&Tree], random: &mut Random) -> Tree {
        let mut made = tree.clone();
        let changes = match random.below(10) {
            0..=5 => 1,
            6..=7 => 2,
            _ => 3,
        };
        for _ in 0..changes {
            let places = made.places(self.unit);
            if places.is_empty() {
                break;
            }
            if random.below(7) == 0 && cross_mutate(&mut made, &places, random) {
                continue;
            }
            let path = &places[random.below(places.len())];
            // The value at the same place of another call fits best.
            if random.below(8) == 0
                && !donors.is_empty()
                && let Some(donated) = donors[random.below(donors.len())].at(path)
            {
                let donated = donated.clone();
                if let Some(value) = made.at_mut(path) {
                    *value = donated;
                }
                continue;
            }
            if let Some(value) = made.at_mut(path) {
                self.change(value, random);
            }
        }
        made
    }

    /// Changes a value in place.
    fn change(&self, value: &mut Tree, random: &mut Random) {
        let constants = self.constants;
        match value {
            Tree::None => *value = Tree::Int(i128::from(random.between(0, 5))),
            Tree::Bool(truth) => *truth = !*truth,
            Tree::Int(number) => *number = self.int(*number, random),
            Tree::Float(number) => *number = self.float(*number, random),
            Tree::Str(text) => *text = self.text(text, random),
            Tree::Bytes(bytes) => match random.below(4) {
                0 if !constants.bytes.is_empty() => *bytes = random.pick(&constants.bytes).clone(),
                1 if !bytes.is_empty() => {
                    let at = random.below(bytes.len());
                    bytes[at] = bytes[at].wrapping_add(1);
                }
                2 if bytes.len() * 2 <= LENGTH_MAX => bytes.extend(bytes.clone()),
                _ => {
                    bytes.pop();
                }
            },
            Tree::List(items) | Tree::Tuple(items) => self.items(items, random),
            Tree::Set(items) => {
                self.items(items, random);
                distinct(items);
            }
            Tree::Dict(items) => self.entries(items, random),
            Tree::Call(call) => self.arguments(call, random),
            Tree::Raw(_) => {}
        }
    }

    fn int(&self, number: i128, random: &mut Random) -> i128 {
        const COMMON: [i128; 12] = [0, 1, -1, 2, 3, 10, 7, 64, 100, 255, 1000, 4];
        let ints = &self.constants.ints;
        let made = match random.below(10) {
            0 => number + 1,
            1 => number - 1,
            2 => -number,
            3 => number.saturating_mul(2),
            4 => number / 2,
            5 | 6 if !ints.is_empty() => random.pick(ints) + i128::from(random.between(-1, 1)),
            7 => number + i128::from(random.between(-10, 10)),
            8 => i128::from(random.between(0, 12)),
            _ => *random.pick(&COMMON),
        };
        if made.abs() > INT_MAX && made.abs() > number.abs() && !ints.contains(&made) { number / 3 } else { made }
    }

    fn float(&self, number: f64, random: &mut Random) -> f64 {
        const COMMON: [f64; 7] = [0.0, 1.0, -1.0, 0.5, 2.0, 10.0, 100.0];
        let floats = &self.constants.floats;
        let made = match random.below(8) {
            0 => number + 1.0,
            1 => -number,
            2 => number / 2.0,
            3 => number * 2.0,
            4 if !floats.is_empty() => *random.pick(floats),
            5 if !self.constants.ints.is_empty() => *random.pick(&self.constants.ints) as f64,
            6 => number.round(),
            _ => *random.pick(&COMMON),
        };
        if made.is_finite() { made } else { 1.0 }
    }

    fn text(&self, text: &str, random: &mut Random) -> String {
        const LETTERS: &[u8] = b"abcxyzABZ0159 _-.,:;()[]{}+*/=<>'\"#@!?\n\t";
        let Constants { strs, shaped, .. } = self.constants;
        let mut letters: Vec<char> = text.chars().collect();
        let at = random.below(letters.len() + 1);
        let letter = char::from(LETTERS[random.below(LETTERS.len())]);
        match random.below(14) {
            0 if !letters.is_empty() => {
                letters.remove(at.min(letters.len() - 1));
            }
            1 | 2 => letters.insert(at, letter),
            3 if at < letters.len() => letters[at] = letter,
            4 if letters.len() * 2 <= LENGTH_MAX => letters.extend(letters.clone()),
            5 => letters.reverse(),
            6 if !letters.is_empty() => {
                letters.truncate(at);
            }
            7 if at < letters.len() => {
                let copied = letters[at];
                letters.insert(at, copied);
            }
            8 => return if text.chars().any(char::is_lowercase) { text.to_uppercase() } else { text.to_lowercase() },
            9 if !strs.is_empty() => return random.pick(strs).clone(),
            10 | 11 if !strs.is_empty() && letters.len() <= LENGTH_MAX => {
                let constant: Vec<char> = random.pick(strs).chars().collect();
                letters.splice(at..at, constant);
            }
            12 if !shaped.is_empty() => return random.pick(shaped).clone(),
            _ => match self.constants.ints.is_empty() {
                false => return random.pick(&self.constants.ints).to_string(),
                true => return random.between(-9, 120).to_string(),
            },
        }
        letters.into_iter().collect()
    }

    fn items(&self, items: &mut Vec<Tree>, random: &mut Random) {
        let at = random.below(items.len() + 1);
        match random.below(9) {
            0 if !items.is_empty() => {
                items.remove(at.min(items.len() - 1));
            }
            // Another element like the others.
            1..=3 if !items.is_empty() && items.len() < LENGTH_MAX => {
                let mut copy = random.pick(items).clone();
                if random.below(3) > 0 {
                    self.change(&mut copy, random);
                }
                items.insert(at, copy);
            }
            4 if items.len() > 1 => {
                let (one, other) = (at.min(items.len() - 1), random.below(items.len()));
                items.swap(one, other);
            }
            5 => items.reverse(),
            6 if items.len() > 1 => items.truncate(1 + random.below(items.len() - 1)),
            7 if !items.is_empty() && items.len() * 2 <= LENGTH_MAX => items.extend(items.clone()),
            8 => items.clear(),
            _ => items.push(self.anything(random)),
        }
    }

    fn entries(&self, items: &mut Vec<(Tree, Tree)>, random: &mut Random) {
        let at = random.below(items.len().max(1));
        match random.below(6) {
            0 if !items.is_empty() => {
                items.remove(at);
            }
            1 | 2 if !items.is_empty() => {
                let (mut key, value) = items[at].clone();
                self.change(&mut key, random);
                if key.is_hashable() && items.iter().all(|(other, _)| *other != key) {
                    items.push((key, value));
                }
            }
            3 if !items.is_empty() => {
                let value = items[random.below(items.len())].1.clone();
                items[at].1 = value;
            }
            4 if !self.constants.strs.is_empty() => {
                let key = Tree::Str(random.pick(&self.constants.strs).clone());
                let value = items.first().map_or(Tree::Int(1), |(_, value)| value.clone());
                if items.iter().all(|(other, _)| *other != key) {
                    items.push((key, value));
                }
            }
            _ => items.clear(),
        }
    }

    fn arguments(&self, call: &mut Call, random: &mut Random) {
        // The arguments of a namespace, an iterator or a set change.
        let count = call.arguments.len();
        if count == 0 {
            if matches!(&call.callee, Callee::Text(name) if name == "set" || name == "frozenset") {
                call.arguments.push((None, Tree::List(vec![self.anything(random)])));
            }
            return;
        }
        let at = random.below(count);
        self.change(&mut call.arguments[at].1, random);
    }

    /// A value for an empty container.
    fn anything(&self, random: &mut Random) -> Tree {
        let constants = self.constants;
        match random.below(5) {
            0 if !constants.ints.is_empty() => Tree::Int(*random.pick(&constants.ints)),
            1 if !constants.strs.is_empty() => Tree::Str(random.pick(&constants.strs).clone()),
            2 => Tree::Str("a".to_owned()),
            _ => Tree::Int(i128::from(random.between(-2, 12))),
        }
    }
}

/// Removes repetitions.
fn distinct(items: &mut Vec<Tree>) {
    let mut kept: Vec<Tree> = Vec::with_capacity(items.len());
    for item in items.drain(..) {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    *items = kept;
}
