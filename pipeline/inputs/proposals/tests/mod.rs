//! Proposals from a server that speaks the protocol, and from texts alone.

mod fuzz;
mod parsing;

use super::*;
use crate::config::{Overrides, load};
use crate::models::tests::Bench;
use crate::models::tests::server::{Reply, Server, answer, nowhere};

fn config() -> InputsConfig {
    load(None, &Overrides::default()).unwrap().inputs
}

/// The proposer of another run over the dataset of a bench.
fn proposer(bench: &Bench) -> Proposer {
    Proposer::with_client(&InputsConfig { model: bench.config.clone(), ..config() }, bench.client())
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
    proposals.iter().map(|proposal| proposal.end).collect()
}

#[test]
fn a_function_is_asked_about_and_the_next_run_has_the_same_calls() {
    let server = Server::start(|_, seen| well(seen.prompt()));
    let bench = Bench::new(server.endpoint());
    let asked = proposer(&bench);
    let first = ask(&asked, &functions(3));
    assert_eq!(ends(&first), ["model_answered"; 3]);
    assert_eq!(first[1].calls, ["f1(1)", "f1([2, -3])"]);
    assert_eq!((first[1].refused.as_slice(), asked.tokens_spent()), ([].as_slice(), 330));

    drop(server);
    let second = ask(&proposer(&bench), &functions(3));
    assert_eq!(ends(&second), ["model_cached"; 3]);
    for (one, other) in first.iter().zip(&second) {
        assert_eq!((&one.calls, &one.refused), (&other.calls, &other.refused));
    }
}

#[test]
fn the_prompt_names_the_answer() {
    let server = Server::start(|_, seen| well(seen.prompt()));
    let mut bench = Bench::new(server.endpoint());
    let row = &functions(1)[0];
    let end =
        |bench: &Bench, missing| proposer(bench).propose(&[Request { function: row, missing }]).unwrap().remove(0).end;
    assert_eq!(end(&bench, Vec::new()), "model_answered");
    assert_eq!(end(&bench, Vec::new()), "model_cached");
    let missing = vec![Point { line_number: 2, kind: tracemill_trace::PointKind::Line }];
    assert_eq!(end(&bench, missing), "model_answered");
    assert!(server.seen().last().unwrap().prompt().contains("- line 2, `return x`: never runs"));
    bench.config.calls = 3;
    assert_eq!(end(&bench, Vec::new()), "model_answered");
}

#[test]
fn units_that_no_call_runs_are_not_asked_about() {
    let bench = Bench::new(nowhere());
    let program = FunctionsRow { kind: "program".to_owned(), ..functions(1).remove(0) };
    let broken = FunctionsRow { source: "def f0(:".to_owned(), ..functions(1).remove(0) };
    assert_eq!(ends(&ask(&proposer(&bench), &[program, broken])), ["model_unsuited"; 2]);
    assert_eq!(ask(&proposer(&bench), &[]), []);
    assert!(!bench.folder.path().join("_run").exists());
}

#[test]
fn each_proposal_belongs_to_its_own_function() {
    let server = Server::start(|_, seen| well(seen.prompt()));
    let mut rows = functions(3);
    rows[1].kind = "program".to_owned();
    let proposals = ask(&proposer(&Bench::new(server.endpoint())), &rows);
    assert_eq!(ends(&proposals), ["model_answered", "model_unsuited", "model_answered"]);
    assert_eq!((proposals[0].calls[0].as_str(), proposals[2].calls[0].as_str()), ("f0(1)", "f2(1)"));
}

#[test]
fn the_model_is_asked_about_poorly_covered_functions_or_all() {
    let mut bench = Bench::new(nowhere());
    assert!(proposer(&bench).should_request(0.89) && !proposer(&bench).should_request(0.9));
    bench.config.ask = RequestScope::All;
    assert!(proposer(&bench).should_request(1.0));
}

#[test]
fn an_answer_that_is_cut_off_gives_its_whole_calls() {
    let server = Server::start(|_, _| Reply::Body(answer("```json\n[\"f0(1)\",\n \"f0('a", "length")));
    let proposal = ask(&proposer(&Bench::new(server.endpoint())), &functions(1)).remove(0);
    assert_eq!((proposal.end, proposal.calls), ("model_answered", vec!["f0(1)".to_owned()]));
    for body in [
        "{\"choices\": [{\"message\": {\"content\": null}, \"finish_reason\": \"length\"}]}",
        "{\"choices\": [{\"message\": {\"content\": \"\"}}]}",
        "{\"choices\": [{\"message\": {\"content\": []}}]}",
    ] {
        let server = Server::start(move |_, _| Reply::Body(body.to_owned()));
        let bench = Bench::new(server.endpoint());
        for end in ["model_answered", "model_cached"] {
            let proposal = ask(&proposer(&bench), &functions(1)).remove(0);
            assert_eq!(proposal, Proposal { calls: vec![], refused: vec![("model_no_content", 1)], end }, "{body}");
        }
    }
}

#[test]
fn lies_are_counted_and_not_believed() {
    let lies = [
        "__import__('os').system('rm -rf /')",
        "f0(__import__('os').system('true'))",
        "f1(1)",
        "f0",
        "1 + 1",
        "f0([x for x in range(10**9)])",
        "f0(x)",
        "f0(1) # fine",
        "f0( 1 )",
        "import os",
        "f0('''",
    ];
    let text = serde_json::to_string(&lies).unwrap();
    let server = Server::start(move |_, _| Reply::Text(text.clone()));
    let proposal = ask(&proposer(&Bench::new(server.endpoint())), &functions(1)).remove(0);
    assert_eq!(proposal.calls, ["f0(1)"]);
    let expected = [
        ("model_comprehension", 1),
        ("model_duplicate", 1),
        ("model_name", 1),
        ("model_not_a_call", 2),
        ("model_not_python", 2),
        ("model_other_function", 2),
    ];
    let other: u64 = proposal.refused.iter().map(|(_, count)| count).sum();
    assert_eq!(other, 10, "{:?}", proposal.refused);
    for (reason, count) in expected {
        assert!(proposal.refused.contains(&(reason, count)), "{reason}: {:?}", proposal.refused);
    }
}
