//! Fuzzing of the readers of corpora: archives, records, benchmarks and source files, from bytes on disk to rows.

use std::io::Write as _;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;

use super::*;
use crate::config::{ColumnsConfig, CorpusConfig, Overrides, load};
use crate::fuzz::{Target, fuzz, outcome};

const SOURCE: &str = "# -*- coding: latin-1 -*-\r\ndef f(a: int) -> int:\n    return a + 1\n\n\nassert f(1) == 2\n";

/// Plays a target whose inputs are files of that name.
fn files(target: &Target<'_>, kind: CorpusKind, name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let mut config = load(None, &Overrides::default()).unwrap().files;
    config.size_bytes_max = 20_000;
    let corpus = CorpusConfig {
        name: "c".to_owned(),
        kind: Some(kind),
        path: path.clone(),
        licence: None,
        repository: None,
        columns: ColumnsConfig::default(),
    };
    fuzz(target, |bytes| {
        std::fs::write(&path, bytes).unwrap();
        let mut units = Vec::new();
        listing::list(&corpus, &config, &mut units).unwrap();
        let mut said = String::new();
        let mut rows = 0_u64;
        let mut take = |found: &mut dyn Iterator<Item = Result<SourceFile>>| {
            for found in found {
                let row = read::row(&corpus, found?, &config);
                rows += 1;
                assert!(row.content.as_ref().is_none_or(|content| content.len() as u64 <= 3 * config.size_bytes_max));
                assert_eq!(row.status == "parsed", row.content.is_some() && row.error.is_none());
                if rows <= 5 {
                    said += &row.status;
                    // The first words say what it is; the rest is what stands in the file.
                    said.extend(row.error.unwrap_or_default().split(' ').take(6));
                }
            }
            Ok(())
        };
        let read = match kind {
            CorpusKind::Tree => tree::each(&units[0], &mut take),
            CorpusKind::Archive => archive::each(&units[0], &config, &mut take),
            CorpusKind::Jsonl => records::each(&units[0], &config, &mut take),
            CorpusKind::Parquet => parquet::each(&units[0], &mut take),
            CorpusKind::Cruxeval | CorpusKind::Mbpp | CorpusKind::Humaneval => {
                benchmarks::each(&units[0], kind, &config, &mut take)
            }
        };
        // An error of ours names the file.
        if let Err(error) = read {
            let error = error.to_string();
            assert!(error.contains(name), "{error}");
            said += &error;
        }
        outcome(&format!("{said} {:?}", rows.checked_ilog2()))
    });
}

fn tar_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

const ENTRIES: [(&str, &[u8]); 4] = [
    ("p-1.0/PKG-INFO", b"Name: p\nLicense: MIT\nProject-URL: Source, https://example.org/p\n\nText\n"),
    ("p-1.0/a.py", SOURCE.as_bytes()),
    ("p-1.0/a.py", b"x = (\n"),
    ("p-1.0/../b.py", b"\xef\xbb\xbfy = 1\n"),
];

/// Every block that could be a header gets its right checksum.
fn checksums(bytes: &mut [u8]) {
    for block in bytes.chunks_exact_mut(512) {
        if &block[257..262] == b"ustar" {
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
    }
}

#[test]
fn no_tar_breaks_the_reader() {
    let long = format!("{}/x.py", "folder/".repeat(30));
    let entries = [ENTRIES[0], ENTRIES[1], (&long, b"z = 1\n")];
    let safe = [ENTRIES[0], ENTRIES[1], ENTRIES[2]];
    let tokens: &[&[u8]] =
        &[b"ustar  \0", b"ustar\x0000", b"00000000000\0", b"77777777777\0", b"L", b"x", b"g", b"S", b"\x80\0\0\0"];
    let seeds = vec![tar_of(&entries), tar_of(&safe)];
    let target = Target { name: "tar", seeds, tokens, repair: checksums, is_source: false, inputs: 3_000 };
    files(&target, CorpusKind::Archive, "a.tar");
}

#[test]
fn no_compressed_tar_breaks_the_reader() {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    to.write_all(&tar_of(&ENTRIES[..3])).unwrap();
    let seeds = vec![to.finish().unwrap()];
    let target =
        Target { name: "tgz", seeds, tokens: &[b"\x1f\x8b\x08"], repair: |_| {}, is_source: false, inputs: 2_000 };
    files(&target, CorpusKind::Archive, "a.tar.gz");
}

#[test]
fn no_zip_breaks_the_reader() {
    let zip_of = |method| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        for (name, content) in [ENTRIES[0], ENTRIES[1], ENTRIES[3], ("bomb.py", &[b'#'; 50_000])] {
            zip.start_file(name, options).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    let seeds = vec![zip_of(zip::CompressionMethod::Deflated), zip_of(zip::CompressionMethod::Stored)];
    let tokens: &[&[u8]] =
        &[b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"\xff\xff\xff\xff"];
    let target = Target { name: "zip", seeds, tokens, repair: |_| {}, is_source: false, inputs: 3_000 };
    files(&target, CorpusKind::Archive, "a.zip");
}

#[test]
fn no_json_lines_break_the_reader() {
    let seed = format!(
        "{}\n\n[1]\n{}\n{}\n",
        serde_json::json!({"content": SOURCE, "path": "a.py", "license": ["MIT", "BSD"], "repo_name": "r"}),
        r#"{"content": 1, "path": "a.py"}"#,
        r#"{"text": "x = 1", "path": null}"#
    );
    let tokens: &[&[u8]] =
        &[b"\"content\": ", b"\"path\"", b"\\ud800", b"\\u0000", b"1e999", b"[[[[", b"{\"", b"null", b"\xff"];
    let target = Target {
        name: "jsonl",
        seeds: vec![seed.into_bytes()],
        tokens,
        repair: |_| {},
        is_source: false,
        inputs: 3_000,
    };
    files(&target, CorpusKind::Jsonl, "a.jsonl");
}

#[test]
fn no_compressed_json_lines_break_the_reader() {
    let line = serde_json::json!({"content": SOURCE, "path": "a.py"}).to_string() + "\n";
    let seeds =
        vec![zstd::encode_all(line.repeat(20).as_bytes(), 3).unwrap(), zstd::encode_all(line.as_bytes(), 3).unwrap()];
    let target =
        Target { name: "zst", seeds, tokens: &[b"\x28\xb5\x2f\xfd"], repair: |_| {}, is_source: false, inputs: 2_000 };
    files(&target, CorpusKind::Jsonl, "a.jsonl.zst");
}

#[test]
fn no_parquet_breaks_the_reader() {
    let file_of = |with_dictionary| {
        let texts = |texts: &[Option<&str>]| -> ArrayRef { Arc::new(StringArray::from(texts.to_vec())) };
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("content", texts(&[Some(SOURCE), None, Some("x = 1\n"), Some("x = (")]), true),
            ("path", texts(&[Some("a.py"), Some("b.py"), Some("a.py"), None]), true),
            ("licence", texts(&[Some("MIT"), None, None, Some("MIT")]), true),
        ]);
        let batch = batch.unwrap();
        let properties = WriterProperties::builder().set_dictionary_enabled(with_dictionary).build();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.into_inner().unwrap()
    };
    let seeds = vec![file_of(true), file_of(false)];
    let target = Target {
        name: "parquet",
        seeds,
        tokens: &[b"PAR1", b"content"],
        repair: |_| {},
        is_source: false,
        inputs: 3_000,
    };
    files(&target, CorpusKind::Parquet, "a.parquet");
}

#[test]
fn no_benchmark_breaks_the_reader() {
    let cruxeval = r#"{"code": "def f(a):\n    return a", "input": "1", "output": "1", "id": "sample_0"}"#;
    let mbpp = r#"{"code": "def g(a):\r\n  return a", "task_id": 2, "test_setup_code": "import math", "test_list": ["assert g(1) == 1", "assert math.g(2) == 2"]}"#;
    let humaneval = r#"{"task_id": "HumanEval/0", "prompt": "def h():\n", "canonical_solution": "    return 1\n", "entry_point": "h", "test": "def check(candidate):\n    assert candidate() == 1\n"}"#;
    let tokens: &[&[u8]] =
        &[b"\"task_id\": ", b"\"assert ", b"assert (", b"candidate", b"\\n    ", b"((((", b"lambda", b"f\\\"{"];
    for (kind, name, line) in [
        (CorpusKind::Cruxeval, "cruxeval", cruxeval),
        (CorpusKind::Mbpp, "mbpp", mbpp),
        (CorpusKind::Humaneval, "humaneval", humaneval),
    ] {
        let seeds = vec![format!("{line}\n{line}\n").into_bytes()];
        let target = Target { name, seeds, tokens, repair: |_| {}, is_source: false, inputs: 1_500 };
        files(&target, kind, "a.jsonl");
    }
}

#[test]
fn no_source_file_breaks_the_reader() {
    let seeds = vec![SOURCE.as_bytes().to_vec(), b"\xff\xfex\0=\0".to_vec(), "é = 'ü'\r\r\n".as_bytes().to_vec()];
    let tokens: &[&[u8]] = &[
        b"# coding: utf-16\n",
        b"# vim: fileencoding=shift_jis\n",
        b"\xef\xbb\xbf",
        b"((((((((",
        b"f'{",
        b"'''",
        b"\x0c",
        b"\\\n",
    ];
    let target = Target { name: "source", seeds, tokens, repair: |_| {}, is_source: false, inputs: 3_000 };
    files(&target, CorpusKind::Tree, "a.py");
}
