//! Servers that are slow, rate-limiting, truncating, lying and dead.

use super::server::{Seen, answer};
use super::*;

/// The ends of two functions, of which the first meets `replies` before it meets a good server; the number of requests;
/// the calls of the first.
fn after(replies: &[Reply]) -> (Vec<&'static str>, usize, Vec<String>) {
    let is_slow = replies.iter().any(|reply| matches!(reply, Reply::Slow(..) | Reply::Silence));
    let replies = replies.to_vec();
    let server = Server::start(move |number, seen| match replies.get(number) {
        Some(reply) => reply.clone(),
        None => well(seen.prompt()),
    });
    let mut bench = Bench::new(server.endpoint());
    // A machine that does other things too must not make a timeout of what is none.
    bench.config.model.timeout_ms = if is_slow { 400 } else { 20_000 };
    let proposals = bench.ask(&functions(2));
    for (name, text) in bench.files() {
        assert!(!text.contains(KEY), "{name}: {text}");
    }
    let kept = proposals.iter().filter(|proposal| proposal.end == Ended::Answered).count();
    assert_eq!(bench.files().len(), kept, "failures are not kept");
    (ends(&proposals), server.seen().len(), proposals[0].calls.clone())
}

fn status(status: u16, headers: &[(&'static str, &str)]) -> Reply {
    Reply::Status(status, headers.iter().map(|&(name, value)| (name, value.to_owned())).collect())
}

const CALLS: [&str; 2] = ["f0(1)", "f0([2, -3])"];

#[test]
fn what_passes_is_tried_again() {
    let date = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
    for reply in [
        status(429, &[("Retry-After", "0.05")]),
        status(429, &[("Retry-After", "Sun, 06 Nov 1994 08:49:38 GMT"), date]),
        status(429, &[]),
        status(503, &[("Retry-After", "0")]),
        status(500, &[]),
        status(502, &[("Retry-After", "soon")]),
        status(408, &[]),
        status(204, &[]),
        Reply::Slow(Duration::from_millis(900), "[\"f0(9)\"]".to_owned()),
        Reply::Silence,
        Reply::Close,
        Reply::Garbage,
        Reply::CutOff(answer("[\"f0(9)\"]", "stop")[..40].to_owned()),
        Reply::CutOff(answer("[\"f0(9)\"]", "stop")),
        Reply::Body("<html><body>502 Bad Gateway</body></html>".to_owned()),
        Reply::Body(String::new()),
        Reply::Body("{\"choices\": [{\"message\"".to_owned()),
        Reply::Body("{\"error\": {\"message\": \"overloaded\", \"code\": 502}}".to_owned()),
    ] {
        let (ends, requests, calls) = after(std::slice::from_ref(&reply));
        assert_eq!((ends, requests), (vec!["model_answered"; 2], 3), "{reply:?}");
        assert_eq!(calls, CALLS, "{reply:?}");
    }
}

#[test]
fn what_does_not_pass_is_given_up_and_the_next_function_is_asked_about() {
    for (reply, reason, attempts) in [
        (status(429, &[("Retry-After", "3600")]), "model_rate_limited", 1),
        (status(429, &[]), "model_rate_limited", 3),
        (status(500, &[]), "model_server_error", 3),
        (status(401, &[]), "model_unauthorized", 1),
        (status(404, &[]), "model_not_found", 1),
        (status(400, &[]), "model_bad_request", 1),
        (status(307, &[("Location", "http://127.0.0.1:1/v1/chat/completions")]), "model_redirected", 1),
        (Reply::Huge, "model_too_large", 1),
        (Reply::Silence, "model_timeout", 3),
        (Reply::Close, "model_unreachable", 3),
        (Reply::Garbage, "model_malformed", 3),
        (Reply::CutOff(answer("[\"f0(9)\"]", "stop")), "model_truncated", 3),
        (Reply::Body("[1, 2]".to_owned()), "model_malformed", 3),
        (Reply::Body("{\"error\": \"no\"}".to_owned()), "model_error", 3),
    ] {
        let (ends, requests, calls) = after(&vec![reply.clone(); attempts]);
        assert_eq!(ends, [reason, "model_answered"], "{reply:?}");
        assert_eq!((requests, calls.len()), (attempts + 1, 0), "{reply:?}");
    }
}

#[test]
fn nobody_is_followed_to_another_place_with_the_key() {
    let elsewhere = Server::start(|_, seen| well(seen.prompt()));
    for code in [301, 302, 303, 307, 308] {
        let to = format!("{}/chat/completions", elsewhere.endpoint());
        let server = Server::start(move |_, _| Reply::Status(code, vec![("Location", to.clone())]));
        assert_eq!(ends(&Bench::new(server.endpoint()).ask(&functions(1))), ["model_redirected"]);
        assert_eq!((server.seen().len(), elsewhere.seen().len()), (1, 0));
    }
}

#[test]
fn an_answer_that_is_cut_off_gives_its_whole_calls() {
    let (ends, _, calls) = after(&[Reply::Body(answer("```json\n[\"f0(1)\",\n \"f0('a", "length"))]);
    assert_eq!((ends, calls), (vec!["model_answered"; 2], vec!["f0(1)".to_owned()]));
    for body in [
        "{\"choices\": [{\"message\": {\"content\": null}, \"finish_reason\": \"length\"}]}",
        "{\"choices\": [{\"message\": {\"content\": \"\"}}]}",
        "{\"choices\": [{\"message\": {\"content\": []}}]}",
    ] {
        let server = Server::start(move |_, _| Reply::Body(body.to_owned()));
        let bench = Bench::new(server.endpoint());
        for end in [Ended::Answered, Ended::Cached] {
            let proposal = bench.ask(&functions(1)).remove(0);
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
    let proposal = Bench::new(server.endpoint()).ask(&functions(1)).remove(0);
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

#[test]
fn a_server_that_repeats_the_key_puts_it_nowhere() {
    let reply = |seen: &Seen| {
        let key = seen.head.lines().find_map(|line| line.split_once("Bearer ")).unwrap().1.to_owned();
        Reply::Body(answer(&format!("f0('{key}')\nf0(1)"), &key))
    };
    let server = Server::start(move |_, seen| reply(seen));
    let bench = Bench::new(server.endpoint());
    let proposer = bench.proposer();
    let proposals = ask(&proposer, &functions(1));
    assert_eq!(proposals[0].calls, ["f0('***')", "f0(1)"]);
    for text in [format!("{:?}", bench.files()), format!("{proposals:?}"), format!("{proposer:?}")] {
        assert!(!text.contains(KEY), "{text}");
    }
    assert!(server.seen()[0].head.contains(KEY));
}

#[test]
fn nobody_listens_and_the_run_goes_on() {
    let bench = Bench::new(nowhere());
    let proposals = bench.ask(&functions(8));
    let expected = [vec!["model_unreachable"; flight::DOWN_AFTER as usize], vec!["model_down"; 3]].concat();
    assert_eq!((ends(&proposals), bench.files().len()), (expected, 0));
}

#[test]
fn a_server_that_never_answers_is_down_too() {
    let server = Server::start(|_, _| Reply::Silence);
    let mut bench = Bench::new(server.endpoint());
    bench.config.model = ModelConfig { timeout_ms: 200, attempts_max: 1, parallel: 5, ..bench.config.model };
    let expected = [vec!["model_timeout"; flight::DOWN_AFTER as usize], vec!["model_down"; 20]].concat();
    assert_eq!(ends(&bench.ask(&functions(25))), expected);
}

#[test]
fn a_server_that_dies_is_down_for_the_run_and_what_it_said_stays() {
    for parallel in [1, 4] {
        let server =
            Server::start(|_, seen| if name(seen.prompt()) < "f3" { well(seen.prompt()) } else { Reply::Close });
        let mut bench = Bench::new(server.endpoint());
        bench.config.model.parallel = parallel;
        let proposer = bench.proposer();
        let proposals = ask(&proposer, &functions(10));
        let mut expected = vec!["model_answered"; 3];
        expected.extend(["model_unreachable"; 5]);
        expected.extend(["model_down"; 2]);
        assert_eq!(ends(&proposals), expected);
        // Down is down, also for the next part, but for what is known. A request that was on its way may still come.
        let requests = server.seen().len();
        let again: Vec<FunctionsRow> = functions(10).into_iter().rev().collect();
        let mut expected = vec!["model_down"; 7];
        expected.extend(["model_cached"; 3]);
        assert_eq!(ends(&ask(&proposer, &again)), expected);
        let later = server.seen().len() - requests;
        assert!(later < parallel, "{later} requests after the end");
    }
}
