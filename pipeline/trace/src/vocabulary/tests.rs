//! Every list is complete, in the order of its numbers, and says each word once.

use std::collections::BTreeSet;

use super::*;
use crate::Granularity;

macro_rules! lists {
    ($check:ident: $($name:ident),*) => {
        $($check(stringify!($name), &$name::ALL, $name::name, $name::sentence, $name::parse);)*
    };
}

fn check<W: Copy + PartialEq + std::fmt::Debug>(
    list: &str,
    all: &[W],
    name: fn(W) -> &'static str,
    sentence: fn(W) -> &'static str,
    parse: fn(&str) -> Option<W>,
) {
    let words: BTreeSet<&str> = all.iter().map(|&word| name(word)).collect();
    assert_eq!(words.len(), all.len(), "{list} says a word twice");
    for &word in all {
        assert_eq!(parse(name(word)), Some(word));
        let snake_case = |letter: u8| letter.is_ascii_lowercase() || letter == b'_';
        assert!(name(word).bytes().all(snake_case), "{list}: {}", name(word));
        assert!(sentence(word).ends_with('.') && !sentence(word).contains('|'), "{list}: {}", sentence(word));
    }
    assert_eq!((parse(""), parse("Call"), parse("local ")), (None, None, None));
}

#[test]
fn every_word_is_read_back_and_has_a_sentence() {
    lists!(check: Scope, EventKind, Action, Outcome, Label, Granularity);
}

#[test]
fn records_hold_the_numbers_of_the_lists() {
    assert!((0..).zip(Scope::ALL).all(|(number, scope)| scope as usize == number));
    assert!((0..).zip(EventKind::ALL).all(|(number, kind)| kind as usize == number));
    assert!((0..).zip(Action::ALL).all(|(number, action)| action as usize == number));
    assert!((0..).zip(Label::ALL).all(|(number, label)| label as usize == number));
}

#[test]
fn labels_stand_in_the_order_of_their_words_as_executions_store_them() {
    assert!(Label::ALL.is_sorted_by_key(|label| label.name()));
}

#[test]
fn what_does_not_reproduce_is_decided_here() {
    let named = |is_one: fn(Label) -> bool| -> Vec<&str> {
        Label::ALL.into_iter().filter(|&label| is_one(label)).map(Label::name).collect()
    };
    assert_eq!(named(Label::is_irreproducible), ["address", "hash", "id", "killed", "wall_clock"]);
    assert_eq!(named(Label::may_differ_between_seeds), ["address", "hash", "id", "set_order", "wall_clock"]);
}
