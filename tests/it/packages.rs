//! Units that need other modules of their corpus: they are cut from all of them, run as in the package, and are made again
//! when one of them changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::functions::FunctionsRow;

use crate::harness::{folder, hashes, output_text, rows, run, succeed};

const STAGES: &str = "corpora,modules,functions,inputs,executions";

const PACKAGE: &[(&str, &str)] = &[
    ("src/acme/__init__.py", "from .text.count import count_words\n"),
    ("src/acme/text/__init__.py", "\"\"\"Texts.\"\"\"\n"),
    ("src/acme/text/utils.py", "import re\n\ndef normalise(word):\n    return re.sub('[^a-z]', '', word.lower())\n"),
    (
        "src/acme/text/count.py",
        "from .utils import normalise\n\ndef count_words(text: str) -> int:\n    words = set()\n    for word in \
         text.split():\n        words.add(normalise(word))\n    return len(words)\n",
    ),
    (
        "src/acme/shapes.py",
        "class Shape:\n    def __init__(self, side: int):\n        self.side = side\n\n    def area(self):\n        return \
         self.side ** 2\n",
    ),
    (
        "src/acme/total.py",
        "import acme.shapes\n\ndef total(shapes: list['acme.shapes.Shape'], scale: int) -> int:\n    return scale * \
         sum(shape.area() for shape in shapes)\n",
    ),
];

fn run_stages(corpus: &Path, data: &Path, workers: &str) {
    let corpora = [corpus.display().to_string()];
    let output = run(&corpora, data, &["--workers", workers, "--stages", STAGES]);
    assert!(output.status.success(), "{}", output_text(&output));
}

/// The units by their names.
fn units(data: &Path) -> BTreeMap<String, FunctionsRow> {
    rows::<FunctionsRow>(data).into_iter().map(|row| (row.qualified_name.clone(), row)).collect()
}

/// How the executions of a unit ended, without repetition.
fn outcomes(data: &Path, unit: &str) -> Vec<String> {
    let function_id = &units(data)[unit].function_id;
    let executions = rows::<ExecutionsRow>(data).into_iter().filter(|row| row.function_id == *function_id);
    let mut outcomes: Vec<String> = executions.map(|row| row.outcome).collect();
    outcomes.sort();
    outcomes.dedup();
    outcomes
}

#[test]
fn units_span_the_modules_of_a_package() {
    let corpus = folder(PACKAGE);
    let data = tempfile::tempdir().unwrap();
    run_stages(corpus.path(), data.path(), "1");
    let again = tempfile::tempdir().unwrap();
    run_stages(corpus.path(), again.path(), "3");
    assert_eq!(hashes(data.path()), hashes(again.path()), "3 workers write other bytes than one");
    let data = data.path();

    let units = units(data);
    let count_words = &units["count_words"];
    assert_eq!(count_words.linkage, "files");
    let modules: Vec<(&str, i32)> =
        count_words.slices.iter().map(|slice| (slice.module.as_str(), slice.line_count)).collect();
    assert_eq!(modules, [("acme", 0), ("acme.text", 0), ("acme.text.utils", 4), ("acme.text.count", 7)]);
    // The folder in which the package lies is not part of the source.
    assert!(count_words.source.starts_with("# acme/text/utils.py\n"), "{}", count_words.source);
    assert_eq!(units["normalise"].linkage, "file");
    assert!(outcomes(data, "count_words").contains(&"returned".to_owned()));
    assert!(outcomes(data, "total").contains(&"returned".to_owned()));

    // Steps into the other module are recorded, and belong to its slice.
    let question = "SELECT DISTINCT slices.module FROM events \
                    JOIN executions ON executions.execution_index = events.execution_index \
                    JOIN slices ON slices.function_id = executions.function_id \
                     AND events.line_number BETWEEN slices.first_line AND slices.last_line \
                    JOIN functions ON functions.function_id = executions.function_id \
                    WHERE functions.qualified_name = 'count_words' ORDER BY 1";
    let data_text = data.display().to_string();
    let printed = succeed(["sql", "--data", &data_text, "--output", "csv", question]);
    assert_eq!(printed.lines().collect::<Vec<_>>(), ["module", "acme.text.count", "acme.text.utils"]);
    // All of them run again and end the same.
    succeed(["verify", &data_text, "--sample", "100"]);
}

#[test]
fn a_changed_module_redoes_the_units_that_need_it() {
    let corpus = folder(PACKAGE);
    let data = tempfile::tempdir().unwrap();
    run_stages(corpus.path(), data.path(), "2");
    let before = units(data.path());
    let utils = "import re\n\ndef normalise(word):\n    return re.sub('[^a-z]', '', word.upper().lower())\n";
    fs::write(corpus.path().join("src/acme/text/utils.py"), utils).unwrap();
    run_stages(corpus.path(), data.path(), "2");
    let after = units(data.path());
    assert!(after["count_words"].source.contains("upper"));
    assert_ne!(before["count_words"].function_id, after["count_words"].function_id);
    assert_eq!(before["total"].function_id, after["total"].function_id);
    let fresh = tempfile::tempdir().unwrap();
    run_stages(corpus.path(), fresh.path(), "2");
    assert_eq!(hashes(fresh.path()), hashes(data.path()), "what was redone differs from a fresh run");
}

#[test]
fn bad_packages_end_as_counted_outcomes() {
    let corpus = folder(&[
        ("acme/__init__.py", ""),
        ("acme/broken.py", "def g(:\n    pass\n"),
        ("acme/endless.py", "def g():\n    return 1\nwhile g():\n    h = g\n"),
        ("acme/missing.py", "import not_there\nx = not_there.x\n"),
        ("acme/cycle_a.py", "from .cycle_b import late\ndef early():\n    return 1\n"),
        ("acme/cycle_b.py", "from .cycle_a import early\ndef late():\n    return early()\n"),
        ("acme/uses_broken.py", "from .broken import g\ndef with_broken():\n    return g()\n"),
        ("acme/uses_endless.py", "from .endless import h\ndef with_endless():\n    return h()\n"),
        ("acme/uses_missing.py", "from .missing import x\ndef with_missing():\n    return x\n"),
        ("acme/uses_cycle.py", "from .cycle_a import late\ndef with_cycle():\n    return late()\n"),
    ]);
    let data = tempfile::tempdir().unwrap();
    run_stages(corpus.path(), data.path(), "2");
    let ends =
        ["with_broken", "with_endless", "with_missing", "with_cycle"].map(|unit| outcomes(data.path(), unit).join(" "));
    assert_eq!(ends, ["unsupported_import", "step_limit", "unsupported_import", "unsupported_import"]);
}
