//! Labels that follow from the text of a job alone. Called by `code_cache` for a source, and by `job` for the rest.

use tracemill_trace::Label;

use super::text_scan::WordSet;
use crate::engines::rustpython::runtime::labels::LabelSet;

/// Words of a job's texts with the label that each brings. The built-in function `hash` notes its label when it is
/// called (`labelled_functions`). A program that calls `__hash__` itself is found here.
const WORDS: [(&str, Label); 15] = [
    ("__code__", Label::Code),
    ("f_code", Label::Code),
    ("f_lasti", Label::Code),
    ("co_code", Label::Code),
    ("co_consts", Label::Code),
    ("import dis", Label::Code),
    ("from dis", Label::Code),
    ("getframe", Label::Code),
    ("currentframe", Label::Code),
    (".__hash__", Label::Hash),
    ("'__hash__'", Label::Hash),
    ("\"__hash__\"", Label::Hash),
    ("def __del__", Label::EndOrder),
    ("getsizeof", Label::Size),
    ("//", Label::Constant),
];

/// The words alone.
const SCAN: WordSet<15> = {
    let mut words = [""; 15];
    let mut at = 0;
    while at < words.len() {
        words[at] = WORDS[at].0;
        at += 1;
    }
    WordSet::new(words)
};

/// The labels that the words of a source bring.
pub(crate) fn labels_in(source: &str) -> LabelSet {
    let found = SCAN.words_in(source);
    let brings = |at: usize, label| found >> at & 1 != 0 && (label != Label::Constant || divides_constants(source));
    let labels = WORDS.iter().enumerate().filter(|&(at, &(_, label))| brings(at, label));
    labels.fold(LabelSet::default(), |set, (_, &(_, label))| set.with(label))
}

/// Whether two literal numbers, one of them a float, are divided with `//`.
fn divides_constants(source: &str) -> bool {
    source.match_indices("//").any(|(at, _)| {
        let in_number = |letter: &char| letter.is_ascii_alphanumeric() || "._+-()* ".contains(*letter);
        let left: String = source[..at].chars().rev().take_while(in_number).collect();
        let right: String = source[at + 2..].chars().take_while(in_number).collect();
        let is_number = |text: &str, first: Option<char>| {
            first.is_some_and(|letter| letter.is_ascii_digit() || letter == '.') && !text.is_empty()
        };
        let is_float = |text: &str| {
            let letters: Vec<char> = text.chars().collect();
            letters.windows(2).any(|pair| matches!(pair, ['.', digit] | [digit, '.'] if digit.is_ascii_digit()))
                || letters
                    .windows(2)
                    .any(|pair| matches!(pair, [digit, 'e' | 'E'] | ['e' | 'E', digit] if digit.is_ascii_digit()))
        };
        is_number(&left, left.trim_start_matches([' ', ')']).chars().next())
            && is_number(&right, right.trim_start_matches([' ', '(', '-', '+']).chars().next())
            && (is_float(&left) || is_float(&right))
    })
}

#[test]
fn floor_divisions_of_constants_are_found() {
    for source in ["x = 7.5 // 2", "10**2 // 2.0", "(0.1 - 1.5) // 0.7", "f(1e300//3)", "-2. // (-3)"] {
        assert!(divides_constants(source), "{source}");
    }
    for source in ["x // 2.5", "7 // 2", "7.5 // x", "7.5 / 2", "a2 // 2", "http://1.2.3.4", "x.y // 2"] {
        assert!(!divides_constants(source), "{source}");
    }
}
