//! The client against a server that speaks the protocol. Tests count requests and look at the ends; only the test of
//! the rate looks at a clock, and only for too early.

mod bad_servers;
mod limits;
pub(crate) mod server;

use std::fs;
use std::time::Duration;

use tempfile::TempDir;

use self::server::{Reply, Server, nowhere};
use super::*;
use crate::config::{Overrides, load};

/// A key as a user may have one.
pub(crate) const KEY: &str = "sk-very-secret-0123456789";

/// A client over a dataset of its own.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
    pub(crate) config: ModelConfig,
    pub(crate) seed: u64,
    pub(crate) cancel: Cancel,
}

impl Bench {
    /// One for this endpoint; waits are short, and one request is in flight at a time.
    pub(crate) fn new(endpoint: String) -> Self {
        let config = ModelConfig {
            endpoint,
            model: "stand-in".to_owned(),
            parallel: 1,
            timeout_ms: 2_000,
            attempts_max: 3,
            ..load(None, &Overrides::default()).unwrap().inputs.model
        };
        Bench { folder: tempfile::tempdir().unwrap(), config, seed: 1, cancel: Cancel::default() }
    }

    /// The client of another run over the same dataset.
    pub(crate) fn client(&self) -> ModelClient {
        let waits = Waits {
            first: Duration::from_millis(2),
            most: Duration::from_millis(5),
            retry_after_most: Duration::from_secs(2),
        };
        let dataset = Dataset::new(self.folder.path());
        ModelClient::with(&self.config, self.seed, &dataset, &self.cancel, Some(KEY.to_owned()), waits).unwrap()
    }

    /// The files of the cache, with what is in them.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        for entry in fs::read_dir(self.folder.path().join("_run/model")).into_iter().flatten().flatten() {
            files.push((entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()));
        }
        files.sort();
        files
    }

    /// The ends of so many prompts in another run.
    fn ask(&self, count: usize) -> Vec<RequestEnd> {
        self.client().ask_all(&prompts(count)).unwrap()
    }
}

/// Prompts about `f0`, `f1`, …
fn prompts(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("Propose calls of `f{number}`.")).collect()
}

/// The name of the function that a prompt is about.
fn name(prompt: &str) -> &str {
    prompt.split('`').nth(1).unwrap()
}

/// The text of a good answer.
fn good_text(prompt: &str) -> String {
    format!("[\"{}(1)\"]", name(prompt))
}

/// A good answer.
fn good(prompt: &str) -> Reply {
    Reply::Text(good_text(prompt))
}

fn reasons(ends: &[RequestEnd]) -> Vec<&'static str> {
    ends.iter().map(RequestEnd::reason).collect()
}

/// The text of an end with an answer; empty for another.
fn content(end: &RequestEnd) -> String {
    end.clone().answer().map(|answer| answer.content).unwrap_or_default()
}

#[test]
fn a_prompt_is_asked_once_and_then_cached() {
    let server = Server::start(|_, seen| good(seen.prompt()));
    let bench = Bench::new(server.endpoint());
    let client = bench.client();
    let first = client.ask_all(&prompts(3)).unwrap();
    assert_eq!(reasons(&first), ["model_answered"; 3]);
    assert_eq!((content(&first[1]), client.tokens_spent()), (good_text("`f1`"), 330));

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
    let bench = Bench { config: ModelConfig { endpoint: nowhere(), ..bench.config.clone() }, ..bench };
    let client = bench.client();
    let second = client.ask_all(&prompts(3)).unwrap();
    assert_eq!((reasons(&second), client.tokens_spent()), (vec!["model_cached"; 3], 0));
    assert!(first.iter().zip(&second).all(|(one, other)| content(one) == content(other)));
    assert_eq!(bench.files(), files);
}

#[test]
fn a_damaged_answer_is_asked_for_again_and_replaced() {
    let server = Server::start(|_, seen| good(seen.prompt()));
    let bench = Bench::new(server.endpoint());
    bench.ask(2);
    let files = bench.files();
    fs::write(bench.folder.path().join("_run/model").join(&files[0].0), &files[0].1[..20]).unwrap();
    let mut reasons = reasons(&bench.ask(2));
    reasons.sort_unstable();
    assert_eq!(reasons, ["model_answered", "model_cached"]);
    assert_eq!((server.seen().len(), bench.files()), (3, files));
}

#[test]
fn the_body_of_a_request_names_its_answer() {
    let server = Server::start(|_, seen| good(seen.prompt()));
    let bench = Bench::new(server.endpoint());
    bench.ask(1);
    let ends_with = |change: fn(&mut ModelConfig)| {
        let mut config = bench.config.clone();
        change(&mut config);
        let dataset = Dataset::new(bench.folder.path());
        let client = ModelClient::with(&config, 9, &dataset, &Cancel::default(), None, Waits::default()).unwrap();
        reasons(&client.ask_all(&prompts(1)).unwrap())[0]
    };
    // The server and its limits are no part of the body; the model and its parameters are.
    assert_eq!(ends_with(|model| model.timeout_ms = 999), "model_cached");
    assert_eq!(ends_with(|model| model.endpoint.push('/')), "model_cached");
    assert_eq!(ends_with(|model| model.model = "another".to_owned()), "model_answered");
    assert_eq!(ends_with(|model| model.temperature = 0.1), "model_answered");
}

#[test]
fn equal_prompts_are_sent_once() {
    let server = Server::start(|_, seen| good(seen.prompt()));
    let bench = Bench::new(server.endpoint());
    let mut prompts = prompts(2);
    prompts.push(prompts[0].clone());
    let ends = bench.client().ask_all(&prompts).unwrap();
    assert_eq!(reasons(&ends), ["model_answered", "model_answered", "model_cached"]);
    assert_eq!((content(&ends[0]) == content(&ends[2]), server.seen().len()), (true, 2));
}

#[test]
fn without_an_endpoint_there_is_no_client() {
    let mut bench = Bench::new(String::new());
    let dataset = Dataset::new(bench.folder.path());
    assert!(ModelClient::new(&bench.config, 0, &dataset, &bench.cancel).unwrap().is_none());
    bench.config.endpoint = nowhere();
    bench.config.key_variable = String::new();
    assert!(ModelClient::new(&bench.config, 0, &dataset, &bench.cancel).unwrap().is_some());
}
