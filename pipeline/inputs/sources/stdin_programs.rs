//! Standard input for whole programs: texts of the kinds that programs read. Called by `offers`.

use crate::inputs::candidate::Candidate;
use crate::inputs::random::Random;

/// The input of this number; some are fixed, the others random.
pub(in crate::inputs) fn nth(index: usize, random: &mut Random) -> Candidate {
    let stdin = match index {
        0 => "5\n3 1 4 1 5\n".to_owned(),
        1 => "the quick brown fox\njumps over the lazy dog\nthe end\n".to_owned(),
        2 => lines(random, 4, |random| number(random).to_string()),
        3 => lines(random, 3, |random| format!("{} {}", word(random), number(random))),
        4 => String::new(),
        _ if index.is_multiple_of(2) => {
            let rows = 2 + random.below(4);
            let text = lines(random, rows, |random| format!("{} {}", number(random), number(random)));
            format!("{rows}\n{text}")
        }
        _ => {
            let rows = 2 + random.below(4);
            lines(random, rows, |random| (0..3).map(|_| word(random)).collect::<Vec<_>>().join(" "))
        }
    };
    Candidate { origin: "stdin", stdin, ..Candidate::default() }
}

fn lines(random: &mut Random, count: usize, line: impl Fn(&mut Random) -> String) -> String {
    (0..count).map(|_| line(random) + "\n").collect()
}

fn number(random: &mut Random) -> i64 {
    random.between(1, 40)
}

fn word(random: &mut Random) -> &'static str {
    const WORDS: [&str; 10] = ["alpha", "beta", "Oslo", "Rome", "red", "green", "add", "list", "yes", "north"];
    WORDS[random.below(WORDS.len())]
}
