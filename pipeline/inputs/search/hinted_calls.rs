//! Changes a call after the hint of an exception: a run shows which type a wrong guess should have been. Called by the
//! driver.

use super::constants::Constants;
use super::drawn_values::drawn_value;
use super::exception_hints::Hint;
use super::tree::{Call, Callee, Tree};
use crate::inputs::random::Random;
use crate::inputs::types::PyType;

/// A call that follows a hint; `None` where it has no value that the hint is about.
pub(super) fn follow(hint: &Hint, tree: &Tree, unit: &str, constants: &Constants, random: &mut Random) -> Option<Tree> {
    let mut changed = tree.clone();
    let places = changed.places(unit);
    let chosen = |wanted: &dyn Fn(&Tree) -> bool, random: &mut Random| -> Option<Vec<usize>> {
        let fitting: Vec<&Vec<usize>> = places.iter().filter(|path| tree.at(path).is_some_and(wanted)).collect();
        (!fitting.is_empty()).then(|| fitting[random.below(fitting.len())].clone())
    };
    match hint {
        Hint::Retype(from, to) => {
            let fits = |value: &Tree| value.type_name() == Some(from.as_str());
            let path = chosen(&fits, random)?;
            let ty = random.pick(to);
            // The elements of a container are mostly of one type, so they change together.
            let siblings = path.split_last().map(|(_, parent)| parent).and_then(|parent| changed.at_mut(parent));
            if random.below(4) > 0
                && let Some(Tree::List(items) | Tree::Tuple(items)) = siblings
                && items.iter().all(fits)
            {
                items.iter_mut().for_each(|item| *item = drawn_value(ty, constants, random));
            } else {
                *changed.at_mut(&path)? = drawn_value(ty, constants, random);
            }
        }
        Hint::Attribute(from, attribute) => {
            let name = attribute.clone();
            let types = [PyType::Int, PyType::Str, PyType::list(PyType::Int), PyType::function()];
            let value = drawn_value(random.pick(&types), constants, random);
            let path = chosen(&|value| value.type_name() == Some(from.as_str()), random)?;
            let value_at = changed.at_mut(&path)?;
            match value_at {
                Tree::Call(call) if matches!(&call.callee, Callee::Text(text) if text.ends_with("SimpleNamespace")) => {
                    call.arguments.push((Some(name), value));
                }
                _ => {
                    *value_at = Tree::Call(Box::new(Call {
                        callee: Callee::Text("__import__('types').SimpleNamespace".to_owned()),
                        arguments: vec![(Some(name), value)],
                    }));
                }
            }
        }
        Hint::Key(key) if key.is_hashable() => {
            let path = chosen(&|value| matches!(value, Tree::Dict(_)), random)?;
            let Some(Tree::Dict(items)) = changed.at_mut(&path) else { return None };
            let value = match items.first() {
                Some((_, value)) => value.clone(),
                None => drawn_value(random.pick(&[PyType::Int, PyType::Str]), constants, random),
            };
            items.push((key.clone(), value));
        }
        Hint::Key(_) => return None,
        Hint::Longer => {
            let path = chosen(&|value| matches!(value, Tree::List(_) | Tree::Str(_) | Tree::Tuple(_)), random)?;
            match changed.at_mut(&path)? {
                Tree::List(items) | Tree::Tuple(items) => match items.is_empty() {
                    true => items.extend([1, 2, 3].map(Tree::Int)),
                    false => items.extend(items.clone()),
                },
                Tree::Str(text) if text.is_empty() => text.push_str("abc"),
                Tree::Str(text) => text.push_str(&text.clone()),
                _ => return None,
            }
        }
        Hint::Length(length) => {
            let path = chosen(&|value| matches!(value, Tree::List(_) | Tree::Tuple(_) | Tree::Str(_)), random)?;
            match changed.at_mut(&path)? {
                Tree::List(items) | Tree::Tuple(items) => {
                    // Either the elements are unpacked, or the sequence itself.
                    let inner = items.iter().all(|item| matches!(item, Tree::List(_) | Tree::Tuple(_)));
                    match inner && !items.is_empty() {
                        true => items.iter_mut().for_each(|item| {
                            if let Tree::List(items) | Tree::Tuple(items) = item {
                                resize(items, *length);
                            }
                        }),
                        false => resize(items, *length),
                    }
                }
                Tree::Str(text) => *text = "abcdefgh".chars().take(*length).collect(),
                _ => return None,
            }
        }
        Hint::Reads(text_read, ty) => {
            let path = chosen(&|value| matches!(value, Tree::Str(text) if text.contains(text_read.as_str())), random)?;
            let Some(Tree::Str(text)) = changed.at_mut(&path) else { return None };
            let number = drawn_value(ty, constants, random).text();
            *text = if text_read.is_empty() { number } else { text.replace(text_read.as_str(), &number) };
        }
        Hint::Arguments(count) => {
            let path = chosen(&|value| value.type_name() == Some("function"), random)?;
            const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
            let names = NAMES.get(..*count)?.join(", ");
            let body = *random.pick(&["a", "a + b", "a < b", "a == b", "a * 2", "True", "str(a)"]);
            let body = if *count < 2 && body.contains('b') { "a" } else { body };
            let body = if *count == 0 { "1" } else { body };
            *changed.at_mut(&path)? = Tree::Raw(format!("(lambda {names}: {body})").replace("lambda :", "lambda:"));
        }
        Hint::Named(message, values) => {
            let is_number = |value: &Tree| matches!(value, Tree::Int(_) | Tree::Float(_));
            let value = random.pick(values).clone();
            let alike = |other: &Tree| match &value {
                Tree::Str(_) => matches!(other, Tree::Str(_)),
                _ => is_number(other),
            };
            // The value that the message objects to changes, where the message contains it.
            let objected = |other: &Tree| alike(other) && message.contains(&other.text());
            let path = chosen(&objected, random).or_else(|| chosen(&alike, random))?;
            *changed.at_mut(&path)? = value.clone();
        }
        Hint::Smaller => {
            let path = chosen(&|value| matches!(value, Tree::Int(number) if number.abs() > 3), random)?;
            let Some(Tree::Int(number)) = changed.at_mut(&path) else { return None };
            *number = *random.pick(&[*number / 2, *number / 4, 3, 2, 1, 0]);
        }
    }
    (changed != *tree).then_some(changed)
}

/// Cuts a sequence, or repeats its last element.
fn resize(items: &mut Vec<Tree>, length: usize) {
    let filler = items.last().cloned().unwrap_or(Tree::Int(1));
    items.resize(length.min(16), filler);
}
