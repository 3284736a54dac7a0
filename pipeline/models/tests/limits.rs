//! Limits of tokens, of requests in flight, and of time.

use std::thread;
use std::time::Instant;

use super::server::answer;
use super::*;

/// The most that one attempt at one of the prompts may cost.
fn bound(bench: &Bench) -> u64 {
    let client = bench.client();
    client.job(String::new(), request::body(&client.config, &prompts(1)[0])).attempt_tokens
}

#[test]
fn when_the_tokens_are_spent_nothing_is_asked() {
    // Each answer costs 110. Enough is left for the fourth, not for the fifth.
    for parallel in [1, 2, 8] {
        let server = Server::start(|_, seen| good(seen.prompt()));
        let mut bench = Bench::new(server.endpoint());
        bench.config.parallel = parallel;
        bench.config.tokens_max = bound(&bench) + 3 * 110;
        let client = bench.client();
        let expected = [vec!["model_answered"; 4], vec!["model_out_of_tokens"; 4]].concat();
        assert_eq!(reasons(&client.ask_all(&prompts(8)).unwrap()), expected, "{parallel} at a time");
        assert_eq!((server.seen().len(), client.tokens_spent()), (4, 440));
        // Nor in the next part, but for cached answers; another run has its own tokens.
        let expected = [vec!["model_cached"; 4], vec!["model_out_of_tokens"; 4]].concat();
        assert_eq!((reasons(&client.ask_all(&prompts(8)).unwrap()), server.seen().len()), (expected, 4));
        let expected = [vec!["model_cached"; 4], vec!["model_answered"; 4]].concat();
        assert_eq!((reasons(&bench.ask(8)), server.seen().len()), (expected, 8));
    }
    let server = Server::start(|_, seen| good(seen.prompt()));
    let mut bench = Bench::new(server.endpoint());
    bench.config.tokens_max = bound(&bench) - 1;
    assert_eq!(reasons(&bench.ask(2)), ["model_out_of_tokens"; 2]);
    assert_eq!(server.seen().len(), 0);
}

#[test]
fn failed_attempts_cost_and_are_not_made_when_nothing_is_left() {
    // A response that is cut off costs tokens: the prompt is charged by its length each time.
    let server = Server::start(|_, _| Reply::CutOff(answer("f0(1)", "stop")));
    let mut bench = Bench::new(server.endpoint());
    bench.config.attempts_max = 50;
    let once = bound(&bench);
    bench.config.tokens_max = once;
    let client = bench.client();
    assert_eq!(reasons(&client.ask_all(&prompts(2)).unwrap()), ["model_truncated", "model_out_of_tokens"]);
    assert_eq!(server.seen().len(), 1);
    assert!(client.tokens_spent() > 100 && client.tokens_spent() <= once, "{}", client.tokens_spent());
}

#[test]
fn a_server_that_claims_too_much_ends_the_spending() {
    for parallel in [1, 8] {
        let claim = answer("f0(1)", "stop").replace("\"prompt_tokens\":100", "\"prompt_tokens\":18446744073709551615");
        let server = Server::start(move |_, _| Reply::Body(claim.clone()));
        let mut bench = Bench::new(server.endpoint());
        bench.config.parallel = parallel;
        let expected = [vec!["model_answered"], vec!["model_out_of_tokens"; 5]].concat();
        assert_eq!(reasons(&bench.ask(6)), expected, "{parallel} at a time");
    }
}

#[test]
fn the_number_in_flight_changes_nothing() {
    // Later functions are answered first, some need another attempt, some fail.
    let reply = |number: usize, prompt: &str| {
        let which: usize = name(prompt)[1..].parse().unwrap();
        thread::sleep(Duration::from_millis(20_u64.saturating_sub(which as u64)));
        match which % 5 {
            2 => Reply::Status(400, Vec::new()),
            3 if number.is_multiple_of(2) => Reply::Close,
            _ => good(prompt),
        }
    };
    let mut results = Vec::new();
    for parallel in [1, 3, 16] {
        let server = Server::start(move |number, seen| reply(number, seen.prompt()));
        let mut bench = Bench::new(server.endpoint());
        bench.config.parallel = parallel;
        bench.config.attempts_max = 100;
        results.push((bench.ask(20), bench.files()));
    }
    assert_eq!(
        reasons(&results[0].0)[..5],
        ["model_answered", "model_answered", "model_bad_request", "model_answered", "model_answered"]
    );
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

#[test]
fn many_are_in_flight_but_not_more_than_allowed() {
    let most = Arc::new(Mutex::new((0_usize, 0_usize)));
    let server = Server::start({
        let most = Arc::clone(&most);
        move |_, seen| {
            {
                let mut most = most.lock().unwrap();
                most.0 += 1;
                most.1 = most.1.max(most.0);
            }
            // The first ones wait for the others, but not for ever.
            for _ in 0..1_000 {
                if most.lock().unwrap().1 >= 3 {
                    break;
                }
                thread::sleep(Duration::from_millis(5));
            }
            thread::sleep(Duration::from_millis(10));
            most.lock().unwrap().0 -= 1;
            good(seen.prompt())
        }
    });
    let mut bench = Bench::new(server.endpoint());
    bench.config.parallel = 3;
    bench.ask(12);
    assert_eq!(most.lock().unwrap().1, 3);
}

#[test]
fn the_rate_is_kept() {
    let server = Server::start(|_, seen| good(seen.prompt()));
    let mut bench = Bench::new(server.endpoint());
    bench.config.requests_per_minute = 600;
    bench.config.parallel = 8;
    let begun = Instant::now();
    bench.ask(6);
    // Five waits of a tenth of a second; a busy machine makes them longer, never shorter.
    assert!(begun.elapsed() >= Duration::from_millis(500));
}

#[test]
fn a_request_to_stop_does_not_wait_for_a_silent_server() {
    let server = Server::start(|_, _| Reply::Silence);
    let mut bench = Bench::new(server.endpoint());
    // A day: the test passes only if the request to stop ends the wait.
    bench.config.timeout_ms = 86_400_000;
    bench.config.parallel = 4;
    let (client, prompts) = (bench.client(), prompts(9));
    thread::scope(|scope| {
        let asked = scope.spawn(|| client.ask_all(&prompts));
        while server.seen().len() < 4 {
            thread::sleep(Duration::from_millis(5));
        }
        bench.cancel.set();
        assert!(matches!(asked.join().unwrap(), Err(crate::error::Error::Cancelled)));
    });
    assert_eq!(bench.files(), []);
}

#[test]
fn an_answer_that_cannot_be_written_is_an_error() {
    let server = Server::start(|_, seen| good(seen.prompt()));
    let bench = Bench::new(server.endpoint());
    fs::write(bench.folder.path().join("_run"), "in the way").unwrap();
    let error = bench.client().ask_all(&prompts(1)).unwrap_err();
    assert!(error.to_string().contains("_run"), "{error}");
}

#[test]
fn a_request_behind_others_is_not_given_up() {
    /// Others answered; one that waits for its answer; leave for it to have it.
    type State = (usize, bool, bool);

    fn until<T>(state: &Mutex<State>, ready: impl Fn(&mut State) -> Option<T>) -> Option<T> {
        for _ in 0..2_000 {
            let found = ready(&mut state.lock().unwrap());
            if found.is_some() {
                return found;
            }
            thread::sleep(Duration::from_millis(5));
        }
        None
    }

    // The first prompt is refused until ten others are answered, one each time. That the next one is there shows
    // that the client has the answer of the one before.
    let state: Arc<Mutex<State>> = Arc::default();
    let server = Server::start(move |_, seen| {
        let is_first = name(seen.prompt()) == "f0";
        if !is_first {
            state.lock().unwrap().1 = true;
        }
        let reply = until(&state, |state| match (is_first, *state) {
            (_, (10.., ..)) => Some(good(seen.prompt())),
            (true, (_, true, false)) => {
                state.2 = true;
                Some(Reply::Status(429, vec![("Retry-After", "0.01".to_owned())]))
            }
            (false, (answered, _, true)) => {
                *state = (answered + 1, false, false);
                Some(good(seen.prompt()))
            }
            _ => None,
        });
        reply.unwrap_or(Reply::Close)
    });
    let mut bench = Bench::new(server.endpoint());
    bench.config.parallel = 2;
    bench.config.timeout_ms = 20_000;
    assert_eq!(reasons(&bench.ask(12)), ["model_answered"; 12]);
}
