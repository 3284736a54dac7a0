//! Files that are not what was written, one fault after the other.

use std::io::Write as _;

use super::*;
use crate::dataset::{FileEntry, PartEntry, PartOutput, Severity};
use crate::stages::STAGES;
use tracemill_schemas::origins::OriginsRow;

fn count() -> Count {
    Count { unit: "files".to_owned(), reason: "parsed".to_owned(), severity: Severity::Kept, count: 2 }
}

/// A part of one row.
fn part<R: tracemill_schemas::Row + Default>(root: &Path, key: &str, row: &R) -> Vec<FileEntry> {
    let mut output = PartOutput::new(root, key, 3);
    let mut writer = output.table::<R>().unwrap();
    writer.push(row).unwrap();
    output.close(writer).unwrap();
    output.commit().unwrap()
}

/// A dataset with one stage, its counts, and shards.
fn dataset() -> (tempfile::TempDir, Dataset) {
    let folder = tempfile::tempdir().unwrap();
    let (root, dataset) = (folder.path(), Dataset::new(folder.path()));
    let files = part(root, "0", &OriginsRow::default());
    let entry = PartEntry { files, counts: vec![count()], ..PartEntry::default() };
    dataset.commit_entry("functions", "0", &entry).unwrap();
    part(root, "functions", &count().row("functions"));

    let mut output = PartOutput::new(root, "00000", 3);
    for (name, text) in [("data/train.parquet", "abc"), ("README.md", "card"), ("manifest.json", "{\"rows\": 1}")] {
        let file = output.named("shards", name.to_owned()).unwrap();
        file.open().unwrap().write_all(text.as_bytes()).unwrap();
        output.close_named(file, 0).unwrap();
    }
    let entry = PartEntry { files: output.commit().unwrap(), ..PartEntry::default() };
    dataset.commit_entry("shards", "00000", &entry).unwrap();
    (folder, dataset)
}

/// Every finding as `PATH FAULT problem`.
fn found(dataset: &Dataset, depth: CheckLevel) -> Vec<String> {
    let checked = check(dataset, &STAGES, depth, &Cancel::default()).unwrap();
    let short = |finding: &Finding| {
        let path = finding.path.strip_prefix(dataset.root()).unwrap().display();
        format!("{path} {:?} {}", finding.fault, finding.problem)
    };
    checked.findings.iter().map(short).collect()
}

#[test]
fn a_whole_dataset_has_no_findings() {
    let (_folder, dataset) = dataset();
    let checked = check(&dataset, &STAGES, CheckLevel::Bytes, &Cancel::default()).unwrap();
    assert_eq!((checked.findings.as_slice(), checked.files), (&[][..], 5));
    assert!(checked.bytes > 3);
}

#[test]
fn each_fault_is_found() {
    let origins = "origins/part-0.parquet";
    let other_bytes = "Damaged its bytes are not those that were written";
    let flip = |bytes: &mut Vec<u8>| bytes[0] ^= 1;
    type Change = fn(&mut Vec<u8>);
    let cases: [(&str, Change, &[&str]); 7] = [
        (origins, flip, &[other_bytes]),
        ("shards/data/train.parquet", flip, &[other_bytes]),
        ("shards/data/train.parquet", |bytes| bytes.clear(), &["Damaged it has 0 bytes, and 3 were written"]),
        ("_run/functions/0.json", |bytes| bytes.truncate(5), &["Damaged it is not the entry of a part"]),
        ("shards/manifest.json", |bytes| bytes.truncate(5), &["Damaged it has 5 bytes, and 11 were written"]),
        ("shards/README.md", flip, &[other_bytes]),
        (
            "stats/part-functions.parquet",
            |bytes| bytes.truncate(5),
            &["Damaged it does not hold the counts of its stage"],
        ),
    ];
    for (file, change, problems) in cases {
        let (_folder, dataset) = dataset();
        let path = dataset.root().join(file);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let expected: Vec<String> = problems.iter().map(|problem| format!("{file} {problem}")).collect();
        assert_eq!(found(&dataset, CheckLevel::Bytes), expected, "{file}");
    }
}

#[test]
fn counts_that_are_another_stages_are_found() {
    let (_folder, dataset) = dataset();
    fs::remove_file(dataset.stats_path("functions")).unwrap();
    assert_eq!(found(&dataset, CheckLevel::Bytes), [""; 0], "a stopped run may lack them");
    part(dataset.root(), "functions", &Count { count: 3, ..count() }.row("functions"));
    assert_eq!(
        found(&dataset, CheckLevel::Bytes),
        ["stats/part-functions.parquet Damaged it does not hold the counts of its stage"]
    );
}

#[test]
fn what_is_missing_or_too_much_is_found() {
    for file in ["origins/part-0.parquet", "shards/data/train.parquet", "shards/manifest.json", "shards/README.md"] {
        let (_folder, dataset) = dataset();
        fs::remove_file(dataset.root().join(file)).unwrap();
        assert_eq!(found(&dataset, CheckLevel::Sizes), [format!("{file} Missing it is missing")]);
    }
    for file in ["origins/part-1.parquet", "events/part-0.parquet", "shards/data/test.parquet"] {
        let (_folder, dataset) = dataset();
        let path = dataset.root().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
        assert_eq!(
            found(&dataset, CheckLevel::Sizes),
            [format!("{file} Unlisted no manifest lists it, and queries read it")]
        );
    }
}

#[test]
fn sizes_alone_do_not_tell_of_bytes() {
    let (_folder, dataset) = dataset();
    fs::write(dataset.root().join("shards/data/train.parquet"), "abd").unwrap();
    assert_eq!(found(&dataset, CheckLevel::Sizes), [""; 0]);
}
