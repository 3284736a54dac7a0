//! The mixtures and shards stages over the fixture: what is kept, what is counted, the same bytes for any number of
//! workers, and files that go missing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use tracemill::cancel::Cancel;
use tracemill::config::{Config, DEFAULT};
use tracemill::dataset::{Dataset, PartEntry, PartKey, read_rows};
use tracemill::mixtures::Mixtures;
use tracemill::progress::Progress;
use tracemill::shards::{Shards, ShardsManifest};
use tracemill::stage::{Context, Report, drive};
use tracemill_schemas::mixtures::MixturesRow;
use tracemill_schemas::shards::ShardsRow;

use crate::fixture;

pub(crate) fn context(root: &Path, workers: usize, change: impl FnOnce(&mut Config)) -> Context {
    let mut config: Config = toml::from_str(DEFAULT).unwrap();
    config.sql_memory_mib = 256;
    change(&mut config);
    Context::new(Arc::new(config), Dataset::new(root), workers, Cancel::default(), Progress::Silent)
}

fn dataset() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fixture::write_until_changes(folder.path());
    folder
}

fn counts(report: &Report, unit: &str) -> BTreeMap<String, u64> {
    let of_unit = report.counts.iter().filter(|count| count.unit == unit);
    of_unit.map(|count| (count.reason.clone(), count.count)).collect()
}

fn counted<const N: usize>(expected: [(&str, u64); N]) -> BTreeMap<String, u64> {
    expected.into_iter().map(|(reason, count)| (reason.to_owned(), count)).collect()
}

fn samples(root: &Path) -> Vec<MixturesRow> {
    let file = Dataset::new(root).part("mixtures", "00000");
    read_rows(&file).unwrap().flat_map(Result::unwrap).collect()
}

fn shard_rows(root: &Path) -> Vec<ShardsRow> {
    let files = Dataset::new(root).files("shards").unwrap();
    files.iter().flat_map(|file| read_rows(file).unwrap().flat_map(Result::unwrap)).collect()
}

/// Everything below `mixtures` and `shards`, by name.
fn bytes(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for folder in ["mixtures", "shards", "shards/data"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                found.insert(path.strip_prefix(root).unwrap().display().to_string(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn every_execution_is_counted_and_the_bytes_do_not_depend_on_the_workers() {
    let mut all = Vec::new();
    for workers in [1, 2, 7] {
        let data = dataset();
        // Splits of half and half, and files so small that there are several.
        let cx = context(data.path(), workers, |config| {
            config.shards.validation = 0.5;
            config.shards.file_bytes = 4_000;
        });
        let mixed = drive(&Mixtures::new(), &cx).unwrap();
        assert_eq!(counts(&mixed, "executions"), counted([("chosen", 3), ("step_limit", 2)]));
        let formats =
            [("compact_scratchpad", 3), ("direct", 3), ("dynamic_line", 10), ("dynamic_line_n", 10), ("scratchpad", 3)];
        assert_eq!(counts(&mixed, "samples"), counted(formats));
        let sharded = drive(&Shards::new(), &cx).unwrap();
        assert_eq!(counts(&sharded, "samples").values().sum::<u64>(), 29);
        all.push(bytes(data.path()));
        if workers == 1 {
            let samples = samples(data.path());
            let order = |row: &MixturesRow| (row.execution_index, row.format.clone(), row.sample_index);
            assert!(samples.is_sorted_by_key(order));
            let mut splits: Vec<(&str, &str)> =
                samples.iter().map(|row| (row.function_id.as_str(), row.split.as_str())).collect();
            splits.sort_unstable();
            splits.dedup();
            assert_eq!(splits.len(), 2, "a function is in two splits: {splits:?}");

            let mut one: Vec<String> = samples.iter().map(|row| row.sample_id.clone()).collect();
            let mut other: Vec<String> = shard_rows(data.path()).into_iter().map(|row| row.sample_id).collect();
            one.sort_unstable();
            other.sort_unstable();
            assert_eq!(one, other, "the shards hold other samples");

            // A second run does nothing; a file that went missing is written again, the same.
            let again = drive(&Mixtures::new(), &cx).unwrap();
            assert_eq!((again.made, again.kept), (0, 1));
            let missing = all[0].keys().find(|name| name.ends_with(".parquet") && name.contains("data")).unwrap();
            fs::remove_file(data.path().join(missing)).unwrap();
            drive(&Shards::new(), &cx).unwrap();
            assert_eq!(bytes(data.path()), all[0]);
        }
    }
    assert!(all[0].len() > 5, "{:?}", all[0].keys());
    assert!(all[0] == all[1] && all[0] == all[2], "the number of workers changes bytes");
}

#[test]
fn shards_are_in_the_order_of_their_keys_and_the_card_names_what_is_there() {
    let data = dataset();
    let cx = context(data.path(), 2, |config| (config.shards.validation, config.shards.test) = (0.0, 0.0));
    drive(&Mixtures::new(), &cx).unwrap();
    drive(&Shards::new(), &cx).unwrap();
    let mut expected: Vec<(i64, String)> =
        samples(data.path()).into_iter().map(|row| (row.shuffle_key, row.sample_id)).collect();
    expected.sort_unstable();
    let found: Vec<String> = shard_rows(data.path()).into_iter().map(|row| row.sample_id).collect();
    assert_eq!(found, expected.into_iter().map(|(_, id)| id).collect::<Vec<_>>());

    let manifest = fs::read(data.path().join("shards/manifest.json")).unwrap();
    let manifest: ShardsManifest = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest.rows, 29);
    let paths: Vec<&str> = manifest.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["data/train-00000-of-00001.parquet"]);
    assert_eq!(manifest.files[0].sha256.len(), 64);
    let card = fs::read_to_string(data.path().join("shards/README.md")).unwrap();
    let head = "---\nlicense: other\ntags:\n- code\n- python\n- program-execution\nconfigs:\n- config_name: default\n  \
                data_files:\n  - split: train\n    path: data/train-*.parquet\n---\n\n# tracemill\n";
    assert!(card.starts_with(head), "{card}");
    assert!(card.contains("| dynamic_line | 2 | 10 |"), "{card}");
    assert!(card.contains("| small | MIT | 20 |"), "{card}");
}

#[test]
fn shards_that_no_entry_lists_are_made_again_with_the_same_bytes() {
    let data = dataset();
    let cx = context(data.path(), 2, |_| {});
    drive(&Mixtures::new(), &cx).unwrap();
    drive(&Shards::new(), &cx).unwrap();
    let (expected, key) = (bytes(data.path()), PartKey::numbered(0));
    let listed = |cx: &Context| cx.dataset.manifest("shards").unwrap().files("shards").count();
    assert_eq!(listed(&cx), expected.keys().filter(|name| name.starts_with("shards/")).count());
    // An entry of an older version lists no files; a run that was killed before its last step left no entry.
    let old = PartEntry { fingerprint: "old".to_owned(), ..PartEntry::default() };
    for entry in [Some(old), None] {
        match entry {
            Some(entry) => cx.dataset.commit_entry("shards", &key, &entry).unwrap(),
            None => fs::remove_file(cx.dataset.entry_path("shards", &key)).unwrap(),
        }
        assert_eq!(drive(&Shards::new(), &cx).unwrap().made, 1);
        assert_eq!(bytes(data.path()), expected);
        assert_eq!(drive(&Shards::new(), &cx).unwrap().kept, 1);
    }
    // A changed shard is an error that names it, as in any other table.
    let shard = expected.keys().find(|name| name.starts_with("shards/data/")).unwrap();
    fs::write(data.path().join(shard), "short").unwrap();
    let error = drive(&Shards::new(), &cx).unwrap_err().to_string();
    assert!(error.contains(shard.as_str()) && error.contains("it has 5 bytes"), "{error}");
}

#[test]
fn what_is_too_long_is_counted_and_a_run_without_samples_still_has_a_manifest() {
    let data = dataset();
    let cx = context(data.path(), 2, |config| config.mixtures.sample_chars_max = 10);
    let report = drive(&Mixtures::new(), &cx).unwrap();
    assert_eq!(counts(&report, "samples"), counted([("too_long", 29)]));
    let report = drive(&Shards::new(), &cx).unwrap();
    assert_eq!(report.counts, []);
    let manifest = fs::read(data.path().join("shards/manifest.json")).unwrap();
    let manifest: ShardsManifest = serde_json::from_slice(&manifest).unwrap();
    assert_eq!((manifest.rows, manifest.files.len()), (0, 0));
    assert!(!fs::read_to_string(data.path().join("shards/README.md")).unwrap().contains("configs:"));
}

#[test]
fn a_share_of_nothing_and_too_many_events_leave_executions_out() {
    let data = dataset();
    let cx = context(data.path(), 2, |config| {
        config.mixtures.events_max = 8;
        config.mixtures.formats = [("direct".to_owned(), 1.0), ("scratchpad".to_owned(), 0.0)].into();
    });
    let report = drive(&Mixtures::new(), &cx).unwrap();
    assert_eq!(counts(&report, "executions"), counted([("chosen", 2), ("step_limit", 2), ("too_many_events", 1)]));
    assert_eq!(counts(&report, "samples"), counted([("direct", 2)]));
}

#[test]
fn a_file_of_the_users_own_is_a_format_and_a_mixture() {
    let data = dataset();
    let folder = tempfile::tempdir().unwrap();
    let (format, mixture) = (folder.path().join("names.sql"), folder.path().join("raised.sql"));
    let head = "-- One row is one sample.\n-- @reads _prompts\n-- @version 7\n";
    let select =
        "SELECT execution_index, 0 AS sample_index, 'how does it end?' AS prompt, ending AS completion FROM _prompts";
    fs::write(&format, format!("{head}{select}")).unwrap();
    let select = "SELECT execution_index, 'names' AS format FROM executions WHERE outcome = 'raised'";
    fs::write(&mixture, format!("-- One row is one choice.\n-- @reads executions\n{select}")).unwrap();
    let cx = context(data.path(), 2, |config| {
        config.mixtures.mixture = mixture.display().to_string();
        config.mixtures.formats = [(format.display().to_string(), 1.0)].into();
    });
    let report = drive(&Mixtures::new(), &cx).unwrap();
    assert_eq!(counts(&report, "executions"), counted([("chosen", 1), ("not_sampled", 2), ("step_limit", 2)]));
    let samples = samples(data.path());
    assert_eq!(samples.len(), 1);
    assert_eq!((samples[0].format.as_str(), samples[0].format_version), ("names", 7));
    assert_eq!(samples[0].completion, "raise TypeError: can only concatenate str (not \"int\") to str");

    // Another text of the same name makes the part stale.
    fs::write(
        &format,
        format!("{head}{}", "SELECT 1 AS execution_index, 0 AS sample_index, 'p' AS prompt, 'c' AS completion"),
    )
    .unwrap();
    assert_eq!(drive(&Mixtures::new(), &cx).unwrap().made, 1);
}

#[test]
fn names_that_do_not_exist_are_answered_with_the_nearest() {
    let data = dataset();
    let cx = context(data.path(), 1, |config| {
        config.mixtures.formats = [("scratchpda".to_owned(), 1.0)].into();
    });
    assert_eq!(
        drive(&Mixtures::new(), &cx).unwrap_err().to_string(),
        "there is no format `scratchpda` (did you mean `scratchpad`?): there are `direct`, `scratchpad`, \
         `compact_scratchpad`, `dynamic_line`, `dynamic_line_n`, and paths of files that end in `.sql`"
    );
    let cx = context(data.path(), 1, |config| config.mixtures.mixture = "everything".to_owned());
    let error = drive(&Mixtures::new(), &cx).unwrap_err().to_string();
    assert_eq!(error, "there is no mixture `everything`: there are `default`, and paths of files that end in `.sql`");
}

#[test]
fn a_request_to_stop_is_heard_between_formats() {
    let data = dataset();
    let cx = context(data.path(), 1, |_| {});
    cx.cancel.set();
    assert_eq!(
        drive(&Mixtures::new(), &cx).unwrap_err().to_string(),
        "stopped on request; run the same command again to go on"
    );
    assert!(!data.path().join("mixtures/part-00000.parquet").exists());
}
