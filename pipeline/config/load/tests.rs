//! Layers, messages, corpora, and the promises about `default.toml`.

use std::fs;
use std::path::Path;

use toml_edit::{Document, Item, TableLike};
use tracemill_trace::Limits;

use super::*;
use crate::config::CorpusKind;

/// Loads a file of that text from a folder of its own, which messages show as `DIR`.
fn load_text(text: &str, overrides: &Overrides) -> (Result<Config>, String) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["requests-2.31.0.tar.gz", "functions.jsonl.zst", "more/functions.jsonl.zst"] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    let path = folder.path().join("train.toml");
    fs::write(&path, text).unwrap();
    let result = load(Some(&path), overrides);
    (result, folder.path().display().to_string())
}

fn message(text: &str, set: &[&str]) -> String {
    let overrides = Overrides { set: set.iter().map(|&text| text.to_owned()).collect(), ..Overrides::default() };
    let (result, folder) = load_text(text, &overrides);
    match result {
        Ok(_) => "it was accepted".to_owned(),
        Err(error) => {
            assert!(matches!(error, Error::Config(_)), "{error:?}");
            error.to_string().replace(&folder, "DIR")
        }
    }
}

#[test]
fn what_is_wrong_in_a_file_is_named_with_its_line() {
    for (text, expected) in [
        ("sead = 1", "DIR/train.toml:1: unknown key `sead`; did you mean `seed`?"),
        (
            "[executions.limits]\n# a comment\nevent_max = 5",
            "DIR/train.toml:3: unknown key `executions.limits.event_max`; did you mean `executions.limits.events_max`?",
        ),
        (
            "[exectuions.limits]\nevents_max = 5",
            "DIR/train.toml:1: unknown key `exectuions`; did you mean `executions`?",
        ),
        (
            "\nevents_max = 5",
            "DIR/train.toml:2: unknown key `events_max`; did you mean `executions.limits.events_max`?",
        ),
        (
            "[inputs.search]\nsteps = 5",
            "DIR/train.toml:2: unknown key `inputs.search.steps`; did you mean `inputs.search.lines_max`?",
        ),
        (
            "inputs.search.steps_total = 5",
            "DIR/train.toml:1: unknown key `inputs.search.steps_total`; did you mean `inputs.search.lines_total_max`?",
        ),
        (
            "[executions.limits]\nsteps = 5",
            "DIR/train.toml:2: unknown key `executions.limits.steps`; did you mean `executions.limits.events_max`?",
        ),
        ("frobnicate = 1", "DIR/train.toml:1: unknown key `frobnicate`"),
        (
            "seed = 1\nzstd_level = 23",
            "DIR/train.toml:2: `zstd_level = 23` is not allowed: it must be a whole number from 1 to 22",
        ),
        (
            "shards.group_rows = 0",
            "DIR/train.toml:1: `shards.group_rows = 0` is not allowed: it must be a whole number from 1 to 100000",
        ),
        (
            "sql_memory_mib = 127 # little",
            "DIR/train.toml:1: `sql_memory_mib = 127` is not allowed: it must be a whole number from 128 to 16777216",
        ),
        ("seed = \"seven\"", "DIR/train.toml:1: `seed = \"seven\"` is not allowed: it must be a whole number from 0"),
        ("seed = 1.5", "DIR/train.toml:1: `seed = 1.5` is not allowed: it must be a whole number from 0"),
        (
            "files.respect_ignore_files = 1",
            "DIR/train.toml:1: `files.respect_ignore_files = 1` is not allowed: it must be true or false",
        ),
        (
            "mixtures.mixture = \"\"",
            "DIR/train.toml:1: `mixtures.mixture = \"\"` is not allowed: it must be text that is not empty",
        ),
        (
            "[mixtures.formats]\ndirect = 1.5",
            "DIR/train.toml:2: `mixtures.formats.direct = 1.5` is not allowed: it must be a number from 0 to 1",
        ),
        ("shards = 3", "DIR/train.toml:1: `shards = 3` is not allowed: it must be a table of keys"),
        ("[seed]\na = 1", "DIR/train.toml:1: `seed, a table,` is not allowed: it must be a whole number from 0"),
        (
            "shards.validation = 0.6\nshards.test = 0.5",
            "`shards.validation` + `shards.test` = 1.1 is not allowed: together they must be at most 1",
        ),
        ("corpora = 3", "DIR/train.toml:1: `corpora` must be tables: write `[[corpora]]`"),
        ("[[corpora]]\nname = \"a\"", "DIR/train.toml:2: a corpus needs a `path`"),
        (
            "[[corpora]]\npath = \".\"\nlicense = \"MIT\"",
            "DIR/train.toml:3: unknown key `corpora.license`; did you mean `corpora.licence`?",
        ),
        (
            "[[corpora]]\npath = \".\"\nkind = \"json\"",
            "DIR/train.toml:3: `corpora.kind = \"json\"` is not allowed: it must be one of tree, archive, jsonl, \
             parquet, cruxeval, mbpp, humaneval; did you mean `jsonl`?",
        ),
        (
            "[[corpora]]\npath = \".\"\n[corpora.columns]\ntext = \"t\"",
            "DIR/train.toml:4: unknown key `corpora.columns.text`",
        ),
        ("[[corpora]]\npath = 3", "DIR/train.toml:2: `corpora.path` must be text that is not empty"),
        (
            "[[corpora]]\nname = \"a\"\npath = \".\"\n[[corpora]]\nname = \"a\"\npath = \"more\"",
            "two corpora have the name `a`",
        ),
    ] {
        assert_eq!(message(text, &[]), expected, "{text}");
    }
    assert!(message("seed = = 1", &[]).starts_with("DIR/train.toml:1: "));
}

#[test]
fn what_is_wrong_in_a_flag_is_named_with_the_flag() {
    for (set, expected) in [
        ("seed", "--set seed: write it as key=value, such as --set seed=7"),
        ("sed=1", "--set sed=1: unknown key `sed`; did you mean `seed`?"),
        (
            "workers=many",
            "--set workers=many: `workers = \"many\"` is not allowed: it must be a whole number from 0 to 4096",
        ),
        ("a b=1", "--set a b=1: `a b` is not a key"),
        ("corpora.path=x", "--set corpora.path=x: corpora are given with --corpus or in a file"),
    ] {
        assert_eq!(message("", &[set]), expected);
    }
}

#[test]
fn later_layers_win() {
    let overrides = Overrides {
        set: ["executions.limits.events_max=9", "shards.dataset_name=mine", "mixtures.formats.direct=0.5"]
            .map(str::to_owned)
            .to_vec(),
        workers: Some(3),
        ..Overrides::default()
    };
    let text =
        "seed = 5\nworkers = 8\n[executions.limits]\nevents_max = 7\ndepth = 8\n[mixtures.formats]\nscratchpad = 1";
    let config = load_text(text, &overrides).0.unwrap();
    assert_eq!((config.seed, config.workers, config.executions.limits.events_max), (5, 3, 9));
    assert_eq!((config.executions.limits.depth, config.shards.dataset_name.as_str()), (8, "mine"));
    let formats = &config.mixtures.formats;
    assert_eq!((formats["direct"], formats["scratchpad"], formats["dynamic_line"]), (0.5, 1.0, 1.0));
}

#[test]
fn corpora_get_kinds_names_and_absolute_paths() {
    let text = "corpora = [{ path = 'requests-2.31.0.tar.gz', licence = 'Apache-2.0' }, \
                { path = 'functions.jsonl.zst' }, { path = 'more/functions.jsonl.zst' }, \
                { path = '.', name = 'functions-2' }, { path = 'more', kind = 'parquet' }]";
    let (config, folder) = load_text(text, &Overrides::default());
    let found: Vec<(String, CorpusKind, String)> = config
        .unwrap()
        .corpora
        .into_iter()
        .map(|corpus| (corpus.name, corpus.kind.unwrap(), corpus.path.display().to_string().replace(&folder, "DIR")))
        .collect();
    let expected = [
        ("requests-2.31.0", CorpusKind::Archive, "DIR/requests-2.31.0.tar.gz"),
        ("functions", CorpusKind::Jsonl, "DIR/functions.jsonl.zst"),
        ("functions-3", CorpusKind::Jsonl, "DIR/more/functions.jsonl.zst"),
        ("functions-2", CorpusKind::Tree, "DIR"),
        ("more", CorpusKind::Parquet, "DIR/more"),
    ];
    let expected: Vec<_> = expected.map(|(name, kind, path)| (name.to_owned(), kind, path.to_owned())).to_vec();
    assert_eq!(found, expected);
}

#[test]
fn corpus_flags_replace_the_file_and_take_a_kind_only_when_it_is_one() {
    let folder = Path::new("/somewhere");
    for (argument, kind, path) in [
        ("cruxeval=data.jsonl", Some(CorpusKind::Cruxeval), "/somewhere/data.jsonl"),
        ("odd=data.jsonl", None, "/somewhere/odd=data.jsonl"),
        ("/x/a=b", None, "/x/a=b"),
        ("tree=a=b", Some(CorpusKind::Tree), "/somewhere/a=b"),
    ] {
        let corpus = corpora::from_flag(argument, folder);
        assert_eq!((corpus.kind, corpus.path.to_str().unwrap()), (kind, path));
    }
    let overrides = Overrides { corpora: vec!["mbpp=mbpp-1.0.jsonl".into()], ..Overrides::default() };
    let config = load_text("[[corpora]]\npath = '.'", &overrides).0.unwrap();
    assert_eq!(config.corpora.len(), 1);
    assert_eq!((config.corpora[0].name.as_str(), config.corpora[0].kind), ("mbpp-1.0", Some(CorpusKind::Mbpp)));
}

#[test]
fn sql_files_stand_relative_to_the_file_that_names_them() {
    let text = "[mixtures]\nmixture = 'mine.sql'\n[mixtures.formats]\n'formats/own.sql' = 0.25";
    let (config, folder) = load_text(text, &Overrides::default());
    let mixtures = config.unwrap().mixtures;
    assert_eq!(mixtures.mixture, format!("{folder}/mine.sql"));
    assert_eq!(mixtures.formats[&format!("{folder}/formats/own.sql")], 0.25);
    let set = vec!["mixtures.formats./own/x.sql=0.5".to_owned()];
    let config = load(None, &Overrides { set, ..Overrides::default() }).unwrap();
    assert_eq!(config.mixtures.formats["/own/x.sql"], 0.5);
}

#[test]
fn the_default_limits_are_the_workers() {
    assert_eq!(load(None, &Overrides::default()).unwrap().executions.limits, Limits::default());
}

#[test]
fn a_written_configuration_reads_the_same() {
    let config = load(None, &Overrides::default()).unwrap();
    assert_eq!(to_toml(&config).unwrap(), DEFAULT);

    let text = "seed = 9\nzstd_level = 4\n[mixtures.formats]\ndirect = 0\n'a.sql' = 0.5\n[[corpora]]\nname = 'a b'\n\
                path = 'more'\nkind = 'jsonl'\nlicence = 'MIT'\nrepository = 'r'\ncolumns = { content = 'text' }\n\
                [[corpora]]\npath = '.'";
    let config = load_text(text, &Overrides::default()).0.unwrap();
    let written = to_toml(&config).unwrap();
    assert!(written.contains("# zstd level of all tables, 1 to 22.\nzstd_level = 4\n"), "{written}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, &written).unwrap();
    // The second corpus was guessed, and its folder is gone by now: the written file says the kind.
    assert_eq!(load(Some(&path), &Overrides::default()).unwrap(), config);
}

#[test]
fn a_configuration_without_toml_is_not_written() {
    // Integers of TOML have 63 bits and a sign.
    let config = Config { seed: u64::MAX, ..load(None, &Overrides::default()).unwrap() };
    let error = to_toml(&config).unwrap_err().to_string();
    assert!(error.starts_with("internal error: failed to write the configuration as TOML: "), "{error}");
}

#[test]
fn every_key_has_a_comment_and_a_range() {
    fn keys(table: &dyn TableLike, prefix: &str, found: &mut Vec<String>) {
        for (key, item) in table.iter() {
            let path = format!("{prefix}{key}");
            match item {
                Item::Table(table) if path != "mixtures.formats" => keys(table, &format!("{path}."), found),
                Item::Table(_) => assert!(DEFAULT.contains("format renders, 0 to 1")),
                _ => {
                    let comment = table.key(key).and_then(|key| key.leaf_decor().prefix()).and_then(|raw| raw.span());
                    let comment = comment.map(|span| DEFAULT[span].trim()).unwrap_or_default();
                    assert!(comment.starts_with('#'), "{path} has no comment of its own");
                    found.push(path);
                }
            }
        }
    }
    let document = Document::parse(DEFAULT).unwrap();
    let mut found = Vec::new();
    keys(document.as_table(), "", &mut found);
    assert_eq!(found, ranges::paths().collect::<Vec<_>>());
}

#[test]
fn renamed_keys_have_new_names_that_exist() {
    for (old, new) in ranges::RENAMED {
        assert!(ranges::allowed(old).is_none() && ranges::allowed(new).is_some(), "{old} {new}");
    }
}

#[test]
fn the_model_has_an_endpoint_and_a_name_and_no_secret() {
    let allowed = [
        ("http://localhost:8000/v1", true),
        ("https://api.example.com/v1/", true),
        ("http://[::1]:8000", true),
        ("", true),
        ("localhost:8000", false),
        ("http://", false),
        ("http://:80/v1", false),
        ("ftp://host/v1", false),
        ("https://me:secret@host/v1", false),
        ("https://host/v1?key=secret", false),
        ("https://host/v 1", false),
    ];
    for (endpoint, is_allowed) in allowed {
        let answer = message("", &[&format!("inputs.model.endpoint='{endpoint}'"), "inputs.model.model=small"]);
        assert_eq!(answer == "it was accepted", is_allowed, "{endpoint}: {answer}");
        assert!(!answer.contains("secret"), "{answer}");
    }
    let text = "[inputs.model]\nkey_variable = 'sk-secret'";
    let answer = message(text, &[]);
    assert!(answer.starts_with("DIR/train.toml:2: `inputs.model.key_variable` is not allowed: it must be the name"));
    assert!(!answer.contains("secret"), "{answer}");
    assert_eq!(
        message("inputs.model.endpoint = 'http://localhost/v1'", &[]),
        "`inputs.model.endpoint` is given and `inputs.model.model` is not: name the model"
    );
    for (set, is_allowed) in
        [("temperature=2", true), ("temperature=2.1", false), ("ask=all", true), ("ask=few", false)]
    {
        assert_eq!(message("", &[&format!("inputs.model.{set}")]) == "it was accepted", is_allowed, "{set}");
    }
}
