//! Which jobs may share a process, judged by their texts. This file alone has that rule.
//!
//! A fork costs ten times what a small job does. A job that can only reach objects of its own leaves nothing behind
//! that another such job could meet, so such jobs run one after the other in one process. All others get a process of
//! their own, or that of their unit's search.

use tracemill_trace::Job;

use crate::engines::rustpython::analysis::text_scan::WordSet;

/// Without one of these words a program cannot reach a module, the interpreter, a name that is not in the text, or code
/// that runs when an object ends.
const REACHING_WORDS: WordSet<27> = WordSet::new([
    "import",
    "__",
    "getattr",
    "setattr",
    "delattr",
    "globals",
    "locals",
    "vars",
    "eval",
    "exec",
    "compile",
    "_frame",
    "f_back",
    "f_builtins",
    "f_globals",
    "gi_code",
    // Makes classes whose special methods the text does not name.
    "type",
    // Built-ins that take attributes, or that load modules.
    "open",
    "quit",
    "exit",
    "copyright",
    "credits",
    "license",
    "help",
    // A generator may run code when it ends.
    "yield",
    "async",
    // The name that `ANNOTATIONS` binds, to an object that all programs have.
    "annotations",
]);

/// The one import that reaches nothing but the object of that name: its module is always loaded, and the compiler obeys it.
const ANNOTATIONS: &str = "from __future__ import annotations\n";

/// Words without which a program leaves its standard streams as they are.
const STREAM_WORDS: WordSet<4> = WordSet::new(["import", "__", "input", "open"]);

/// The job's texts. The check is without the name of the result.
fn texts(job: &Job) -> impl Iterator<Item = &str> {
    let check = job.check.iter().flat_map(|check| check.split("__result__"));
    [&job.source, &job.setup, &job.call].into_iter().map(String::as_str).chain(check)
}

/// Whether the job leaves nothing behind in its process that another such job could meet.
pub(crate) fn leaves_nothing_behind(job: &Job) -> bool {
    job.slices.is_empty() && texts(job).all(is_confined)
}

/// Whether the text reaches objects of its own only.
pub(crate) fn is_confined(text: &str) -> bool {
    !holds_any(&REACHING_WORDS, text) && !may_hide_names(text)
}

/// Whether the text holds one of the words, other than in the import of `annotations`.
fn holds_any<const COUNT: usize>(words: &WordSet<COUNT>, text: &str) -> bool {
    text.split(ANNOTATIONS).any(|rest| words.any_in(rest))
}

/// Whether the job's text has an import, or may have one. Such a job runs in a process with the library loaded ahead,
/// because its hidden modules must not depend on the jobs of other processes.
pub(crate) fn may_import(job: &Job) -> bool {
    !job.slices.is_empty() || texts(job).any(|text| text.contains("import") || may_hide_names(text))
}

/// Whether the job can read from its standard streams, or change them.
pub(crate) fn may_touch_streams(job: &Job) -> bool {
    [&job.source, &job.setup, &job.call].into_iter().any(|text| holds_any(&STREAM_WORDS, text) || may_hide_names(text))
}

/// Whether the text may hold a name in other letters. Python normalises names, so that full-width letters and the like
/// stand for plain ones. Letters that are known not to do so are let through.
fn may_hide_names(text: &str) -> bool {
    let may = |letter: char| {
        matches!(letter,
            '\u{aa}' | '\u{ba}' | '\u{132}'..='\u{140}' | '\u{149}' | '\u{17f}' | '\u{1c4}'..='\u{1f3}'
            | '\u{2b0}'..='\u{2ff}' | '\u{1d00}'..='\u{1eff}' | '\u{2000}'..='\u{2fff}' | '\u{3200}'..='\u{33ff}'
            | '\u{a640}'..='\u{abff}' | '\u{f900}'..)
    };
    !text.is_ascii() && text.chars().any(may)
}

#[test]
fn the_import_of_annotations_reaches_nothing() {
    for text in ["from __future__ import annotations\nx = 1", "'''d'''\n\nfrom __future__ import annotations\n"] {
        assert!(is_confined(text), "{text}");
    }
    for text in [
        "from __future__ import annotations\nannotations.x = 1",
        "from __future__ import annotations, division\n",
        "from __future__ import annotations as a\n",
        "from __future__ import annotations\nimport os",
        "from __future__ import annotations",
    ] {
        assert!(!is_confined(text), "{text}");
    }
}

#[test]
fn names_in_disguise_are_seen() {
    for text in ["\u{ff47}lobals()", "x\u{ff3f}\u{fe33}", "\u{1d452}val", "\u{fb01}nd", "\u{2171}", "i\u{17f}"] {
        assert!(may_hide_names(text), "{text}");
    }
    for text in ["globals", "größe = 'Überfluß'", "имя", "名前", "λ"] {
        assert!(!may_hide_names(text), "{text}");
    }
}
