//! The words of the data dictionary: which columns hold words of the vocabulary. The tables belong to the crate
//! `schemas` and most words to the crate `trace`, which do not know each other; the splits belong to the pipeline. Called by `tracemill schema`.

use tracemill_schemas::WordList;
use tracemill_trace::{Action, EventKind, Granularity, Label, Outcome, Scope};

use crate::split::Split;

/// The lists of words, in the order of the tables and their columns.
#[must_use]
pub fn word_lists() -> Vec<WordList> {
    let list = |table, column, words| WordList { table, column, heads: &["what it means"], words };
    let labels = WordList {
        table: "executions",
        column: "labels",
        heads: &["what was seen", "another run shows", "CPython shows"],
        words: Label::ALL.map(label).to_vec(),
    };
    vec![
        list("executions", "granularity", Granularity::ALL.map(|word| (word.name(), vec![word.sentence()])).to_vec()),
        list("executions", "outcome", Outcome::ALL.map(|word| (word.name(), vec![word.sentence()])).to_vec()),
        labels,
        list("events", "kind", EventKind::ALL.map(|word| (word.name(), vec![word.sentence()])).to_vec()),
        list("changes", "scope", Scope::ALL.map(|word| (word.name(), vec![word.sentence()])).to_vec()),
        list("changes", "action", Action::ALL.map(|word| (word.name(), vec![word.sentence()])).to_vec()),
        list("mixtures", "split", Split::ALL.map(|word| (word.name(), vec![word.sentence()])).to_vec()),
    ]
}

fn label(label: Label) -> (&'static str, Vec<&'static str>) {
    let cpython = if label.may_differ_from_cpython() { "perhaps something else" } else { "does not apply" };
    (label.name(), vec![label.sentence(), label.reproducibility().phrase(), cpython])
}

#[cfg(test)]
mod tests {
    use tracemill_schemas::{dictionary, table_named};

    use super::word_lists;

    #[test]
    fn the_dictionary_in_the_repository_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/README.md");
        expect_test::ExpectFile { path: path.into(), position: file!() }.assert_eq(&dictionary(&[], &word_lists()));
    }

    #[test]
    fn lists_belong_to_columns_and_say_as_much_of_each_word_as_their_heads() {
        for list in word_lists() {
            let table = table_named(list.table).unwrap();
            assert!(table.columns.iter().any(|column| column.name == list.column), "{}.{}", list.table, list.column);
            assert!(list.words.iter().all(|(_, said)| said.len() == list.heads.len()), "{}", list.column);
        }
    }
}
