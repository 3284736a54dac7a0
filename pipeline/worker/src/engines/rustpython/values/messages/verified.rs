//! Kinds of messages that were measured to be CPython's. Called by `mod`.
//!
//! A kind is an exception class and a template: the message without its variable parts.

use std::collections::HashMap;

/// The kinds, each with the names for which CPython has another message.
const VERIFIED: &str = include_str!("verified.txt");

/// Classes that the library has in Python and CPython in C. Messages about calls of these have kinds of their own.
const C_CLASSES: [&str; 8] = ["Context", "Decimal", "date", "datetime", "time", "timedelta", "timezone", "tzinfo"];

thread_local! {
    static KINDS: HashMap<&'static str, &'static str> = kinds().collect();
}

/// The kinds of the table, each with its exceptions.
fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = VERIFIED.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.map(|line| line.split_once("  unless ").unwrap_or((line, "")))
}

/// Whether the message is of a verified kind, as raised by code that uses these names.
pub(super) fn is_verified(class: &str, message: &str, names: &[&str]) -> bool {
    let template = template(message);
    // A message that begins with the name of a function says what was called.
    let called = template.starts_with("_() ").then(|| message.split("() ").next().unwrap_or_default());
    let called = called.map(|name| name.rsplit('.').next().unwrap_or(name));
    let names = called.as_ref().map_or(names, std::slice::from_ref);
    let kind = format!("{class}: {template}");
    KINDS.with(|kinds| match kinds.get(kind.as_str()) {
        Some(unless) => !unless.split_whitespace().any(|name| names.contains(&name) || names_type(message, name)),
        None => false,
    })
}

/// Whether the message names that type.
fn names_type(message: &str, name: &str) -> bool {
    let ends = |end: &str| end.is_empty() || end.starts_with('\'');
    message.match_indices(name).any(|(at, _)| message[..at].ends_with(['\'', ' ']) && ends(&message[at + name.len()..]))
}

/// The message without quoted parts, numbers, names of called functions and types at its end.
fn template(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(first) = rest.chars().next() {
        let after_word = out.ends_with(is_word);
        if !after_word && (first == '\'' || first == '"') {
            if let Some(end) = closing(rest, first) {
                out.extend([first, '_', first]);
                rest = &rest[end..];
                continue;
            }
        } else if !after_word && (is_word(first) || first == '<') {
            let end = rest.find(|next: char| !is_word(next) && !"<>.".contains(next)).unwrap_or(rest.len());
            let word = rest[..end].trim_end_matches('.');
            if !word.is_empty() {
                rest = &rest[word.len()..];
                out.push_str(if first.is_ascii_digit() {
                    "#"
                } else if is_variable(&out, word, rest) {
                    "_"
                } else {
                    word
                });
                continue;
            }
        }
        out.push(first);
        rest = &rest[first.len_utf8()..];
    }
    out
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The end of the quoted part that the text begins with.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if letter == '\\' {
            escaped = true;
        } else if letter == quote && !text[at + 1..].starts_with(is_word) {
            return Some(at + 1);
        }
    }
    None
}

/// Whether a word between two texts is a variable part.
fn is_variable(before: &str, word: &str, rest: &str) -> bool {
    let is_function =
        ["() missing ", "() takes ", "() got ", "() argument after "].iter().any(|end| rest.starts_with(end));
    is_function && !C_CLASSES.contains(&word.split('.').next().unwrap_or_default())
        || rest.is_empty() && before.ends_with(", not ")
        || rest == " found" && before.ends_with(", ")
        || before.ends_with("non-iterable ")
}

#[cfg(test)]
mod tests {
    use super::{VERIFIED, is_verified, kinds, template};

    #[test]
    fn a_kind_is_what_messages_have_in_common() {
        let check = |message: &str, expect: &str| assert_eq!(template(message), expect);
        check("unsupported operand type(s) for +: 'int' and 'str'", "unsupported operand type(s) for +: '_' and '_'");
        check("C.f() missing 1 required positional argument: 'a'", "_() missing # required positional argument: '_'");
        check("f.<locals>.<lambda>() takes 0 positional arguments", "_() takes # positional arguments");
        check("could not convert string to float: \"it's\"", "could not convert string to float: \"_\"");
        check("can't multiply sequence by non-int of type 'C'", "can't multiply sequence by non-int of type '_'");
        check("sequence item 10: expected str instance, C found", "sequence item #: expected str instance, _ found");
        check("an argument must be str, not Größe", "an argument must be str, not _");
        check("'it\\'s' is 1.5, -2.", "'_' is #, -#.");
        check("<C object at 0x7f> '", "<C object at # '");
        check("Decimal.sqrt() takes 1 argument", "Decimal.sqrt() takes # argument");
    }

    #[test]
    fn the_table_is_sorted_and_holds_templates() {
        let lines: Vec<&str> = VERIFIED.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.windows(2).all(|pair| pair[0] < pair[1]));
        for (kind, _) in kinds() {
            let (_, message) = kind.split_once(": ").unwrap_or((kind, ""));
            assert_eq!(template(message), message);
        }
    }

    #[test]
    fn a_kind_may_have_exceptions() {
        assert!(is_verified("TypeError", "'int' object is not iterable", &["list"]));
        assert!(!is_verified("TypeError", "'int' object is not iterable", &["reduce"]));
        assert!(!is_verified("TypeError", "no such message", &[]));
    }
}
