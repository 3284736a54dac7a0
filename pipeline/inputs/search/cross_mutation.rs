//! Mutates a value after another value of the same call, because code often compares two values: for containment, a
//! common prefix, equality or equal length. Called by `mutation`.

use super::tree::{LENGTH_MAX, Tree};
use crate::inputs::random::Random;

/// Changes the value at a random place by the value at another; false where the two have nothing in common.
pub(super) fn cross_mutate(made: &mut Tree, places: &[Vec<usize>], random: &mut Random) -> bool {
    if places.len() < 2 {
        return false;
    }
    let (target, source) = (&places[random.below(places.len())], &places[random.below(places.len())]);
    if target.starts_with(source) || source.starts_with(target) {
        return false;
    }
    let Some(source) = made.at(source).cloned() else { return false };
    made.at_mut(target).is_some_and(|target| change_by(target, &source, random))
}

/// Changes a value by another one; false where nothing changed.
fn change_by(target: &mut Tree, source: &Tree, random: &mut Random) -> bool {
    let before = target.clone();
    match (&mut *target, source) {
        (Tree::Str(text), Tree::Str(other)) => *text = text_by(text, other, random),
        (Tree::List(items) | Tree::Tuple(items), Tree::List(others) | Tree::Tuple(others)) => {
            match random.below(3) {
                0 => items.clone_from(others),
                1 if !others.is_empty() => items.push(random.pick(others).clone()),
                _ => items.extend(others.iter().take(LENGTH_MAX).cloned()),
            }
            items.truncate(LENGTH_MAX);
        }
        // The target becomes an element of the source.
        (_, Tree::List(items) | Tree::Tuple(items) | Tree::Set(items)) if is_single(&before) => {
            match items.is_empty() {
                true => return false,
                false => *target = random.pick(items).clone(),
            }
        }
        (_, Tree::Dict(items)) if is_single(&before) => match items.is_empty() {
            true => return false,
            false => {
                let (key, value) = random.pick(items);
                *target = if random.below(3) > 0 { key.clone() } else { value.clone() };
            }
        },
        (Tree::Int(number), Tree::Str(text)) => {
            let length = i128::try_from(text.chars().count()).unwrap_or(0);
            *number = length - i128::from(random.between(0, 1));
        }
        (Tree::Int(number), Tree::Int(other)) => *number = other + i128::from(random.between(-1, 1)),
        // The source becomes an element of the target.
        (Tree::List(items) | Tree::Tuple(items), one) if is_single(one) => {
            match items.is_empty() || random.below(3) == 0 {
                true => items.push(one.clone()),
                false => {
                    let at = random.below(items.len());
                    items[at] = one.clone();
                }
            }
        }
        (Tree::Set(items), one) if is_single(one) && !items.contains(one) => items.push(one.clone()),
        (Tree::Dict(items), one) if is_single(one) && one.is_hashable() => {
            if items.iter().any(|(key, _)| key == one) {
                let at = random.below(items.len());
                items[at].1 = one.clone();
            } else if let Some((key, _)) = items.first_mut() {
                *key = one.clone();
            } else {
                items.push((one.clone(), one.clone()));
            }
        }
        (target, source) if std::mem::discriminant(target) == std::mem::discriminant(source) => {
            *target = source.clone()
        }
        _ => return false,
    }
    *target != before
}

/// A text that equals the other, is a part of it, or contains it.
fn text_by(text: &str, other: &str, random: &mut Random) -> String {
    let letters: Vec<char> = other.chars().collect();
    match random.below(6) {
        0 => other.to_owned(),
        1 if !letters.is_empty() => random.pick(&letters).to_string(),
        2 if !letters.is_empty() => letters[random.below(letters.len())..].iter().collect(),
        3 if !letters.is_empty() => letters[..=random.below(letters.len())].iter().collect(),
        4 if text.len() + other.len() <= LENGTH_MAX => format!("{text}{other}"),
        _ if text.len() + other.len() <= LENGTH_MAX => format!("{other}{text}"),
        _ => other.to_owned(),
    }
}

/// Whether a value is no container.
fn is_single(value: &Tree) -> bool {
    matches!(value, Tree::Int(_) | Tree::Float(_) | Tree::Str(_) | Tree::Bool(_) | Tree::None | Tree::Bytes(_))
}
