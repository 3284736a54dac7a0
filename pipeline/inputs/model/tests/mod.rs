//! The proposer against a server that speaks the protocol. No test looks at a clock: they count requests, and look at
//! what comes out.

mod bad;
mod limits;
mod parsing;
mod server;
mod whatever;

use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::config::{Overrides, load};
use server::{Reply, Server, nowhere};

const KEY: &str = "sk-very-secret-0123456789";

/// A proposer over a dataset of its own.
struct Bench {
    folder: TempDir,
    config: InputsConfig,
    seed: u64,
    cancel: Cancel,
}

impl Bench {
    /// One for this endpoint; waits are short, and one request is in flight at a time.
    fn new(endpoint: String) -> Self {
        let mut config = load(None, &Overrides::default()).unwrap().inputs;
        config.model = ModelConfig {
            endpoint,
            model: "stand-in".to_owned(),
            parallel: 1,
            timeout_ms: 2_000,
            attempts_max: 3,
            ..config.model
        };
        Bench { folder: tempfile::tempdir().unwrap(), config, seed: 1, cancel: Cancel::default() }
    }

    /// Another run over the same dataset.
    fn proposer(&self) -> Proposer {
        let waits = Waits {
            first: Duration::from_millis(2),
            most: Duration::from_millis(5),
            retry_after_most: Duration::from_secs(2),
        };
        let dataset = Dataset::new(self.folder.path());
        Proposer::with(&self.config, self.seed, &dataset, &self.cancel, Some(KEY.to_owned()), waits).unwrap()
    }

    fn ask(&self, functions: &[FunctionsRow]) -> Vec<Proposal> {
        ask(&self.proposer(), functions)
    }

    /// The files of the dataset, with what is in them.
    fn files(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        for entry in fs::read_dir(self.folder.path().join("_run/model")).into_iter().flatten().flatten() {
            files.push((entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()));
        }
        files.sort();
        files
    }
}

fn ask(proposer: &Proposer, functions: &[FunctionsRow]) -> Vec<Proposal> {
    let requests: Vec<Request<'_>> =
        functions.iter().map(|function| Request { function, missing: Vec::new() }).collect();
    proposer.propose(&requests).unwrap()
}

/// Functions `f0`, `f1`, …
fn functions(count: usize) -> Vec<FunctionsRow> {
    let one = |number| FunctionsRow {
        kind: "function".to_owned(),
        qualified_name: format!("f{number}"),
        source: format!("def f{number}(x):\n    return x"),
        ..FunctionsRow::default()
    };
    (0..count).map(one).collect()
}

/// The name of the function that a prompt is about.
fn name(prompt: &str) -> &str {
    prompt.split('`').nth(1).unwrap()
}

/// Answers as one is wished for: two calls of the function.
fn well(prompt: &str) -> Reply {
    let name = name(prompt);
    Reply::Text(format!("```json\n[\"{name}(1)\", \"{name}([2, -3])\"]\n```"))
}

fn ends(proposals: &[Proposal]) -> Vec<&'static str> {
    proposals.iter().map(|proposal| proposal.end.reason()).collect()
}

#[test]
fn a_function_is_asked_about_and_the_next_run_asks_nothing() {
    let server = Server::start(|_, seen| well(seen.prompt()));
    let bench = Bench::new(server.endpoint());
    let proposer = bench.proposer();
    let first = ask(&proposer, &functions(3));
    assert_eq!(ends(&first), ["model_answered"; 3]);
    assert_eq!(first[1].calls, ["f1(1)", "f1([2, -3])"]);
    assert_eq!((first[1].refused.as_slice(), proposer.spent()), ([].as_slice(), 330));

    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    let head = &seen[0].head;
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{head}");
    let lower = head.to_ascii_lowercase();
    assert!(lower.contains("content-type: application/json\r\n") && lower.contains("host: 127.0.0.1:"), "{head}");
    assert!(head.contains(&format!("Bearer {KEY}\r\n")), "{head}");
    let body = &seen[0].body;
    assert_eq!((body["model"].as_str(), body["temperature"].as_f64()), (Some("stand-in"), Some(0.7)));
    assert_eq!(
        (body["max_completion_tokens"].as_u64(), body["messages"][0]["role"].as_str()),
        (Some(2_048), Some("user"))
    );

    // Another run, in which nobody listens, is as good.
    let files = bench.files();
    assert_eq!(files.len(), 3);
    drop(server);
    let bench = Bench { config: with_endpoint(&bench.config, nowhere()), ..bench };
    let proposer = bench.proposer();
    let second = ask(&proposer, &functions(3));
    assert_eq!((ends(&second), proposer.spent()), (vec!["model_cached"; 3], 0));
    for (one, other) in first.iter().zip(&second) {
        assert_eq!((&one.calls, &one.refused), (&other.calls, &other.refused));
    }
    assert_eq!(bench.files(), files);
}

fn with_endpoint(config: &InputsConfig, endpoint: String) -> InputsConfig {
    InputsConfig { model: ModelConfig { endpoint, ..config.model.clone() }, ..config.clone() }
}

#[test]
fn a_damaged_answer_is_asked_for_again_and_replaced() {
    let server = Server::start(|_, seen| well(seen.prompt()));
    let bench = Bench::new(server.endpoint());
    bench.ask(&functions(2));
    let files = bench.files();
    fs::write(bench.folder.path().join("_run/model").join(&files[0].0), &files[0].1[..20]).unwrap();
    let mut ends = ends(&bench.ask(&functions(2)));
    ends.sort_unstable();
    assert_eq!(ends, ["model_answered", "model_cached"]);
    assert_eq!((server.seen().len(), bench.files()), (3, files));
}

#[test]
fn what_is_asked_names_the_answer() {
    let server = Server::start(|_, seen| well(seen.prompt()));
    let bench = Bench::new(server.endpoint());
    let row = &functions(1)[0];
    bench.ask(std::slice::from_ref(row));
    let ends_with = |change: fn(&mut ModelConfig)| {
        let mut config = bench.config.clone();
        change(&mut config.model);
        let dataset = Dataset::new(bench.folder.path());
        let proposer = Proposer::with(&config, 9, &dataset, &Cancel::default(), None, Waits::default()).unwrap();
        ends(&ask(&proposer, std::slice::from_ref(row)))[0]
    };
    // How it is asked is no part of it, what is asked is.
    assert_eq!(ends_with(|model| model.timeout_ms = 999), "model_cached");
    assert_eq!(ends_with(|model| model.endpoint.push('/')), "model_cached");
    assert_eq!(ends_with(|model| model.model = "another".to_owned()), "model_answered");
    assert_eq!(ends_with(|model| model.temperature = 0.1), "model_answered");
    assert_eq!(ends_with(|model| model.calls = 3), "model_answered");
    let missing = vec![Point { line_number: 2, kind: tracemill_trace::PointKind::Line }];
    let proposals = bench.proposer().propose(&[Request { function: row, missing }]).unwrap();
    assert_eq!(ends(&proposals), ["model_answered"]);
    assert!(server.seen().last().unwrap().prompt().contains("- line 2, `return x`: never runs"));
}

#[test]
fn equal_requests_are_one() {
    let server = Server::start(|_, seen| well(seen.prompt()));
    let bench = Bench::new(server.endpoint());
    let mut rows = functions(2);
    rows.push(rows[0].clone());
    let proposals = bench.ask(&rows);
    assert_eq!(ends(&proposals), ["model_answered", "model_answered", "model_cached"]);
    assert_eq!((proposals[0].calls == proposals[2].calls, server.seen().len()), (true, 2));
}

#[test]
fn what_is_no_call_is_not_asked_about() {
    let bench = Bench::new(nowhere());
    let program = FunctionsRow { kind: "program".to_owned(), ..functions(1).remove(0) };
    let broken = FunctionsRow { source: "def f0(:".to_owned(), ..functions(1).remove(0) };
    assert_eq!(ends(&bench.ask(&[program, broken])), ["model_unsuited"; 2]);
    assert_eq!(bench.ask(&[]), []);
    assert!(!Path::new(bench.folder.path()).join("_run").exists());
}

#[test]
fn without_an_endpoint_there_is_no_model() {
    let mut bench = Bench::new(String::new());
    let dataset = Dataset::new(bench.folder.path());
    assert!(Proposer::new(&bench.config, 0, &dataset, &bench.cancel).unwrap().is_none());
    bench.config.model.endpoint = nowhere();
    bench.config.model.key_variable = String::new();
    let proposer = Proposer::new(&bench.config, 0, &dataset, &bench.cancel).unwrap().unwrap();
    assert!(proposer.wants(0.89) && !proposer.wants(0.9));
    bench.config.model.ask = Ask::All;
    assert!(bench.proposer().wants(1.0));
}
