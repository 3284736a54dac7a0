//! Random values of types, from the constants of the unit among others. Called for the type that an exception hints at.

use super::constants::Constants;
use super::tree::Tree;
use crate::inputs::random::Random;
use crate::inputs::types::PyType;

/// A random value of a type; a number for a type that no hint names.
pub(super) fn drawn_value(ty: &PyType, constants: &Constants, random: &mut Random) -> Tree {
    let draw = |ty: &PyType, random: &mut Random| drawn_value(ty, constants, random);
    match ty {
        PyType::Float => Tree::Float(random.between(-8, 24) as f64 / 4.0),
        PyType::Str => text(constants, random),
        PyType::Bytes => Tree::Bytes(b"abc".to_vec()),
        PyType::Bool => Tree::Bool(random.below(2) == 0),
        PyType::List(row) if matches!(**row, PyType::List(_)) => matrix(row, constants, random),
        PyType::List(element) => Tree::List((0..length(random)).map(|_| draw(element, random)).collect()),
        PyType::Record(parts) => Tree::Tuple(parts.iter().map(|part| draw(part, random)).collect()),
        PyType::Tuple(element) => Tree::Tuple((0..2 + random.below(2)).map(|_| draw(element, random)).collect()),
        // Three numbers that differ.
        PyType::Set(_) => {
            Tree::Set((1..=3).map(|number| Tree::Int(number * i128::from(random.between(1, 3)))).collect())
        }
        // A graph that ends.
        PyType::Dict(_, value) if matches!(**value, PyType::List(_)) => {
            let edges = Tree::List(vec![Tree::Str("b".into())]);
            Tree::Dict(vec![(Tree::Str("a".into()), edges), (Tree::Str("b".into()), Tree::List(vec![]))])
        }
        PyType::Dict(key, value) => {
            let mut items: Vec<(Tree, Tree)> = Vec::new();
            for _ in 0..length(random) {
                let key = draw(key, random);
                if items.iter().all(|(other, _)| *other != key) {
                    items.push((key, draw(value, random)));
                }
            }
            Tree::Dict(items)
        }
        PyType::Callable(..) => Tree::Raw("(lambda *args: args[0] if args else None)".to_owned()),
        _ => int(constants, random),
    }
}

/// Elements of a container.
fn length(random: &mut Random) -> usize {
    1 + random.below(4)
}

/// A list of as many rows as each row has elements.
fn matrix(row: &PyType, constants: &Constants, random: &mut Random) -> Tree {
    let PyType::List(element) = row else { return Tree::List(Vec::new()) };
    let width = length(random);
    let row = |random: &mut Random| (0..width).map(|_| drawn_value(element, constants, random)).collect();
    Tree::List((0..width).map(|_| Tree::List(row(random))).collect())
}

fn int(constants: &Constants, random: &mut Random) -> Tree {
    match constants.ints.is_empty() || random.below(3) > 0 {
        true => Tree::Int(i128::from(random.between(0, 9))),
        false => Tree::Int(*random.pick(&constants.ints)),
    }
}

fn text(constants: &Constants, random: &mut Random) -> Tree {
    let texts = &constants.strs;
    match random.below(4) {
        0 if !texts.is_empty() => Tree::Str(random.pick(texts).clone()),
        1 if !constants.shaped.is_empty() => Tree::Str(random.pick(&constants.shaped).clone()),
        _ => Tree::Str((*random.pick(&["abc", "a", "hello world", "12", "b c", "xyz"])).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a type for a seed, without constants.
    fn value(ty: &PyType, seed: u8) -> Tree {
        drawn_value(ty, &Constants::default(), &mut Random::new([seed; 32]))
    }

    #[test]
    fn a_list_of_lists_is_a_square() {
        for seed in 0..20 {
            let Tree::List(rows) = value(&PyType::list(PyType::list(PyType::Int)), seed) else { panic!("no list") };
            let is_square = |row: &Tree| matches!(row, Tree::List(items) if items.len() == rows.len());
            assert!(!rows.is_empty() && rows.iter().all(is_square), "{rows:?}");
        }
    }

    #[test]
    fn elements_are_of_their_types() {
        for seed in 0..20 {
            let pairs = value(&PyType::list(PyType::Record(vec![PyType::Int, PyType::Str])), seed);
            let Tree::List(pairs) = pairs else { panic!("{pairs:?}") };
            let is_pair =
                |pair: &Tree| matches!(pair, Tree::Tuple(parts) if matches!(parts[..], [Tree::Int(_), Tree::Str(_)]));
            assert!(pairs.iter().all(is_pair), "{pairs:?}");
            let Tree::Dict(items) = value(&PyType::dict(PyType::Str, PyType::Float), seed) else { panic!("no dict") };
            assert!(items.iter().all(|item| matches!(item, (Tree::Str(_), Tree::Float(_)))), "{items:?}");
        }
    }
}
