//! The whole pipeline over the demo's corpus: the funnel adds up, a second run does nothing, and the bytes do not
//! depend on the number of workers.

use std::collections::BTreeSet;
use std::fs;

use tracemill::stages::STAGES;
use tracemill_queries::{QueryKind, of_kind};
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::mixtures::MixturesRow;
use tracemill_schemas::shards::ShardsRow;

use crate::harness::{counts, folder, hashes, manifest, output_text, repository, rows, run, succeed};

#[test]
fn the_demo_corpus_goes_from_files_to_shards_and_nothing_is_lost() {
    let corpora = [repository("pipeline/demo/corpus").display().to_string()];
    let mut all = Vec::new();
    for workers in ["1", "2", "7"] {
        let data = tempfile::tempdir().unwrap();
        let output = run(&corpora, data.path(), &["--workers", workers]);
        assert!(output.status.success(), "{}", output_text(&output));
        all.push((workers, hashes(data.path()), data));
    }
    for (workers, hashes, _) in &all[1..] {
        assert_eq!(&all[0].1, hashes, "{workers} workers write other bytes than one");
    }
    let data = all[0].2.path();

    // From stage to stage, what comes in is what went out.
    let sum = |stage, unit| counts(data, stage, unit).values().sum::<u64>();
    let python_files = fs::read_dir(repository("pipeline/demo/corpus")).unwrap().count() as u64;
    assert_eq!(sum("corpora", "files"), python_files);
    assert_eq!(sum("modules", "modules"), counts(data, "corpora", "files")["parsed"]);
    let functions = rows::<FunctionsRow>(data);
    assert!(functions.len() >= 40, "{} functions", functions.len());
    assert_eq!(counts(data, "functions", "functions")["kept"], functions.len() as u64);
    assert_eq!(sum("inputs", "functions"), functions.len() as u64);
    assert_eq!(sum("executions", "functions"), counts(data, "inputs", "functions")["with_inputs"]);
    let executions = rows::<ExecutionsRow>(data);
    assert_eq!(sum("executions", "executions"), executions.len() as u64);
    assert_eq!(counts(data, "executions", "checks").get("failed"), None, "a doctest or assert of the demo fails");
    let samples = rows::<MixturesRow>(data);
    assert_eq!(sum("shards", "samples"), samples.len() as u64);

    // Each stage writes the tables that its entry in the list names; `instructions` only where they are recorded.
    for stage in STAGES {
        let files = manifest(data, stage.name).parts.into_values().flat_map(|part| part.files);
        let written: BTreeSet<String> = files.map(|file| file.table).collect();
        let listed = stage.writes.iter().filter(|table| **table != "instructions");
        assert_eq!(written, listed.map(|table| (*table).to_owned()).collect(), "{}", stage.name);
    }

    // Every sample is in the shards, once, and no function is in two splits.
    let in_shards: Vec<ShardsRow> = rows::<ShardsRow>(data);
    let ids = |ids: &mut dyn Iterator<Item = String>| ids.collect::<BTreeSet<_>>();
    assert_eq!(in_shards.len(), samples.len());
    assert_eq!(
        ids(&mut in_shards.iter().map(|row| row.sample_id.clone())),
        ids(&mut samples.iter().map(|row| row.sample_id.clone()))
    );
    let formats: BTreeSet<&str> = samples.iter().map(|row| row.format.as_str()).collect();
    assert_eq!(formats.len(), 5, "{formats:?}");
    let splits: BTreeSet<(&str, &str)> =
        samples.iter().map(|row| (row.function_id.as_str(), row.split.as_str())).collect();
    let split_functions: BTreeSet<&str> = samples.iter().map(|row| row.function_id.as_str()).collect();
    assert_eq!(splits.len(), split_functions.len(), "a function is in two splits");

    // A second run finds everything done and touches nothing.
    let written = |data: &std::path::Path| -> Vec<_> {
        hashes(data).into_keys().map(|name| fs::metadata(data.join(&name)).unwrap().modified().unwrap()).collect()
    };
    let before = written(data);
    let output = run(&corpora, data, &[]);
    assert!(output.status.success(), "{}", output_text(&output));
    assert_eq!(before, written(data), "a second run wrote something");
}

#[test]
fn copies_fold_into_one_unit_that_keeps_its_origins() {
    let text = "def f(x: int) -> int:\n    return x + 1\n";
    let corpus = folder(&[("a.py", text), ("b/copy.py", text), ("c.py", "def g(x: int) -> int:\n    return x\n")]);
    let data = tempfile::tempdir().unwrap();
    let output = run(&[corpus.path().display().to_string()], data.path(), &[]);
    assert!(output.status.success(), "{}", output_text(&output));
    let count = counts(data.path(), "functions", "functions");
    assert_eq!((count["kept"], count["duplicate"]), (2, 1));
    let query = "SELECT path FROM origins WHERE is_first = false";
    let out = succeed(["sql", query, "--output", "csv", "--data", &data.path().display().to_string()]);
    assert_eq!(out.trim(), "path\nb/copy.py");
}

#[test]
fn tests_in_other_files_give_inputs_that_know_the_result() {
    let module = "def total(prices, rate):\n    due = 0\n    for price in prices:\n        due += price * rate\n    return due\n";
    let test = "import unittest\nfrom shop import prices as p\n\n\nclass Totals(unittest.TestCase):\n    \
                def test_two(self):\n        basket = [10, 20]\n        self.assertEqual(p.total(basket, 3), 90)\n";
    let corpus = folder(&[("shop/__init__.py", ""), ("shop/prices.py", module), ("tests/test_prices.py", test)]);
    let corpora = [corpus.path().display().to_string()];
    let data = tempfile::tempdir().unwrap();
    let tested = |data: &std::path::Path| {
        let output = run(&corpora, data, &["--stages", "corpora,modules,functions,inputs,executions"]);
        assert!(output.status.success(), "{}", output_text(&output));
        let query =
            "SELECT setup, call, check_passed FROM inputs JOIN executions USING (input_id) WHERE origin = 'test'";
        succeed(["sql", query, "--output", "csv", "--data", &data.display().to_string()])
    };
    let expected = |price| format!("setup,call,check_passed\n\"basket = [{price}, 20]\",\"total(basket, 3)\",true\n");
    assert_eq!(tested(data.path()), expected(10));

    // The module is as it was; the test is not.
    fs::write(corpus.path().join("tests/test_prices.py"), test.replace("10", "11").replace("90", "93")).unwrap();
    assert_eq!(tested(data.path()), expected(11));
}

#[test]
fn a_changed_configuration_redoes_what_depends_on_it_and_no_more() {
    let corpus = folder(&[("a.py", "def f(x: int) -> int:\n    y = x + 1\n    return y\n")]);
    let corpora = [corpus.path().display().to_string()];
    let data = tempfile::tempdir().unwrap();
    assert!(run(&corpora, data.path(), &[]).status.success());
    let before = hashes(data.path());
    let output = run(&corpora, data.path(), &["--set", "mixtures.formats.scratchpad=0.0"]);
    assert!(output.status.success(), "{}", output_text(&output));
    let after = hashes(data.path());
    let changed: BTreeSet<&str> = before
        .iter()
        .filter(|(name, hash)| after.get(*name) != Some(*hash))
        .filter_map(|(name, _)| name.split('/').next())
        .collect();
    assert!(changed.contains("mixtures") && changed.contains("shards"), "{changed:?}");
    assert!(!changed.contains("executions") && !changed.contains("inputs"), "{changed:?}");
}

#[test]
fn clock_chance_and_machine_do_not_reach_the_tables() {
    let nosy = "import datetime\nimport os\nimport random\nimport sys\nimport time\nimport uuid\nfrom _random import Random\n\n\n\
                def when() -> str:\n    return str(datetime.datetime.now()) + str(time.time())\n\n\n\
                def chance() -> list:\n    return [random.random(), Random().random(), os.urandom(4), uuid.uuid4()]\n\n\n\
                def where() -> list:\n    return [sys.executable, sys.version, os.getcwd(), dict(os.environ), hash('text')]\n";
    let corpus = folder(&[("nosy.py", nosy)]);
    let corpora = [corpus.path().display().to_string()];
    let run_with = |workers: &str| {
        let data = tempfile::tempdir().unwrap();
        let output = run(&corpora, data.path(), &["--workers", workers]);
        assert!(output.status.success(), "{}", output_text(&output));
        let ended: Vec<String> = rows::<ExecutionsRow>(data.path()).into_iter().map(|row| row.outcome).collect();
        assert_eq!(ended, ["returned", "returned", "returned"]);
        hashes(data.path())
    };
    let first = run_with("1");
    // The real clock goes on in between.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_eq!(first, run_with("3"));
}

#[test]
fn instructions_change_no_sample_of_a_line_format_and_every_check_holds() {
    let corpora = [repository("pipeline/demo/corpus/generators.py"), repository("pipeline/demo/corpus/loops.py")]
        .map(|path| path.display().to_string());
    // Ids name the granularity, and choices are hashes of ids: only formats that show an execution whole say the same.
    let formats = ["direct", "scratchpad", "compact_scratchpad"];
    let others = ["--set", "mixtures.formats.dynamic_line=0.0", "--set", "mixtures.formats.dynamic_line_n=0.0"];
    let samples = |granularity: &str| {
        let data = tempfile::tempdir().unwrap();
        let set = format!("executions.granularity={granularity}");
        let more = [&["--set", set.as_str(), "--set", "executions.limits.events_max=100000"][..], &others[..]].concat();
        let output = run(&corpora, data.path(), &more);
        assert!(output.status.success(), "{}", output_text(&output));
        for check in of_kind(QueryKind::Check) {
            // As an argument it may not begin with dashes.
            let query = check.sql.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n");
            let out = succeed(["sql", &query, "--output", "csv", "--data", &data.path().display().to_string()]);
            assert_eq!(out.lines().count(), 1, "{}: {out}", check.name);
        }
        let instructions: i64 = rows::<ExecutionsRow>(data.path()).iter().map(|row| row.instruction_count).sum();
        assert_eq!(instructions > 0, granularity == "instruction");
        let said: BTreeSet<_> = rows::<MixturesRow>(data.path())
            .into_iter()
            .map(|row| (row.execution_index, row.format, row.prompt, row.completion))
            .collect();
        for format in formats {
            assert!(said.iter().any(|(_, name, ..)| name == format), "no sample in {format}");
        }
        said
    };
    let (lines, instructions) = (samples("line"), samples("instruction"));
    let only = lines.symmetric_difference(&instructions).next();
    assert_eq!(only, None);
}
