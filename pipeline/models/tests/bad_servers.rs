//! Servers that are slow, rate-limiting, truncating and dead.

use super::server::{Seen, answer};
use super::*;

/// The ends of two prompts, of which the first meets `replies` before it meets a good server; the number of requests;
/// the text of the first answer.
fn after(replies: &[Reply]) -> (Vec<&'static str>, usize, String) {
    let is_slow = replies.iter().any(|reply| matches!(reply, Reply::Slow(..) | Reply::Silence));
    let replies = replies.to_vec();
    let server = Server::start(move |number, seen| match replies.get(number) {
        Some(reply) => reply.clone(),
        None => good(seen.prompt()),
    });
    let mut bench = Bench::new(server.endpoint());
    // A busy machine must not cause a timeout.
    bench.config.timeout_ms = if is_slow { 400 } else { 20_000 };
    let ends = bench.ask(2);
    for (name, text) in bench.files() {
        assert!(!text.contains(KEY), "{name}: {text}");
    }
    let kept = ends.iter().filter(|end| matches!(end, RequestEnd::Answered(_))).count();
    assert_eq!(bench.files().len(), kept, "failures are not kept");
    (reasons(&ends), server.seen().len(), content(&ends[0]))
}

fn status(status: u16, headers: &[(&'static str, &str)]) -> Reply {
    Reply::Status(status, headers.iter().map(|&(name, value)| (name, value.to_owned())).collect())
}

#[test]
fn passing_failures_are_tried_again() {
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
        let (ends, requests, text) = after(std::slice::from_ref(&reply));
        assert_eq!((ends, requests), (vec!["model_answered"; 2], 3), "{reply:?}");
        assert_eq!(text, good_text("`f0`"), "{reply:?}");
    }
}

#[test]
fn lasting_failures_are_given_up_and_the_next_prompt_is_asked() {
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
        let (ends, requests, text) = after(&vec![reply.clone(); attempts]);
        assert_eq!(ends, [reason, "model_answered"], "{reply:?}");
        assert_eq!((requests, text.as_str()), (attempts + 1, ""), "{reply:?}");
    }
}

#[test]
fn no_redirect_is_followed() {
    let elsewhere = Server::start(|_, seen| good(seen.prompt()));
    for code in [301, 302, 303, 307, 308] {
        let to = format!("{}/chat/completions", elsewhere.endpoint());
        let server = Server::start(move |_, _| Reply::Status(code, vec![("Location", to.clone())]));
        assert_eq!(reasons(&Bench::new(server.endpoint()).ask(1)), ["model_redirected"]);
        assert_eq!((server.seen().len(), elsewhere.seen().len()), (1, 0));
    }
}

#[test]
fn without_a_listener_the_run_goes_on() {
    let bench = Bench::new(nowhere());
    let ends = bench.ask(8);
    let expected = [vec!["model_unreachable"; budget::DOWN_AFTER as usize], vec!["model_down"; 3]].concat();
    assert_eq!((reasons(&ends), bench.files().len()), (expected, 0));
}

#[test]
fn a_server_that_never_answers_is_down_too() {
    let server = Server::start(|_, _| Reply::Silence);
    let mut bench = Bench::new(server.endpoint());
    bench.config = ModelConfig { timeout_ms: 200, attempts_max: 1, parallel: 5, ..bench.config };
    let expected = [vec!["model_timeout"; budget::DOWN_AFTER as usize], vec!["model_down"; 20]].concat();
    assert_eq!(reasons(&bench.ask(25)), expected);
}

#[test]
fn a_server_that_dies_is_down_for_the_run_and_its_answers_stay() {
    for parallel in [1, 4] {
        let server =
            Server::start(|_, seen| if name(seen.prompt()) < "f3" { good(seen.prompt()) } else { Reply::Close });
        let mut bench = Bench::new(server.endpoint());
        bench.config.parallel = parallel;
        let client = bench.client();
        let ends = client.ask_all(&prompts(10)).unwrap();
        let mut expected = vec!["model_answered"; 3];
        expected.extend(["model_unreachable"; 5]);
        expected.extend(["model_down"; 2]);
        assert_eq!(reasons(&ends), expected);
        // It stays down for the next part, but cached answers are there. A request in flight may still come.
        let requests = server.seen().len();
        let again: Vec<String> = prompts(10).into_iter().rev().collect();
        let mut expected = vec!["model_down"; 7];
        expected.extend(["model_cached"; 3]);
        assert_eq!(reasons(&client.ask_all(&again).unwrap()), expected);
        let later = server.seen().len() - requests;
        assert!(later < parallel, "{later} requests after the end");
    }
}

#[test]
fn a_server_that_repeats_the_key_puts_it_nowhere() {
    let reply = |seen: &Seen| {
        let key = seen.head.lines().find_map(|line| line.split_once("Bearer ")).unwrap().1.to_owned();
        Reply::Body(answer(&format!("f0('{key}')"), &key))
    };
    let server = Server::start(move |_, seen| reply(seen));
    let bench = Bench::new(server.endpoint());
    let client = bench.client();
    let ends = client.ask_all(&prompts(1)).unwrap();
    assert_eq!(content(&ends[0]), "f0('***')");
    for text in [format!("{:?}", bench.files()), format!("{ends:?}"), format!("{client:?}")] {
        assert!(!text.contains(KEY), "{text}");
    }
    assert!(server.seen()[0].head.contains(KEY));
}
