//! Reads the JSON of a response without trusting it. Called by the client.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An answer of the model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    /// The text; empty where the model wrote none.
    pub(crate) content: String,
    /// Why it ended: `stop`, `length` and others; empty where the server gives none.
    pub(crate) finish_reason: String,
    /// Tokens of the prompt, counted by the server or estimated.
    pub(crate) prompt_tokens: u64,
    /// Tokens of the answer, counted by the server or estimated.
    pub(crate) completion_tokens: u64,
}

impl Answer {
    /// Tokens that it costs.
    pub(super) fn tokens(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }
}

/// The reason for which a body is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It is not the documented JSON.
    Malformed,
    /// It is an error with the status of a success.
    Error,
}

/// Reads the body of a response and masks the key, so that a server that echoes the request puts no key into a file.
///
/// # Errors
/// The body is no answer.
pub(super) fn read(body: &[u8], request: &str, key: Option<&str>) -> Result<Answer, Unusable> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Unusable::Malformed)?;
    if body.get("error").is_some_and(|error| !error.is_null()) {
        return Err(Unusable::Error);
    }
    let choice = body.get("choices").and_then(|choices| choices.get(0)).ok_or(Unusable::Malformed)?;
    let message = choice.get("message").and_then(Value::as_object).ok_or(Unusable::Malformed)?;
    let content = match message.get("content") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(part).collect(),
        Some(_) => return Err(Unusable::Malformed),
    };
    let finish_reason: String =
        choice.get("finish_reason").and_then(Value::as_str).unwrap_or_default().chars().take(40).collect();
    let (content, finish_reason) = (without_key(content, key), without_key(finish_reason, key));
    let (prompt_tokens, completion_tokens) =
        usage(body.get("usage")).unwrap_or_else(|| (estimated(request.len()), estimated(content.len())));
    Ok(Answer { content, finish_reason, prompt_tokens, completion_tokens })
}

/// The text of one part of a content that comes in parts.
fn part(part: &Value) -> Option<&str> {
    part.as_str().or_else(|| part.get("text").and_then(Value::as_str))
}

/// Tokens of prompt and answer as the server counts them; `None` where the numbers cannot be true.
fn usage(usage: Option<&Value>) -> Option<(u64, u64)> {
    let number = |key: &str| usage?.get(key)?.as_u64();
    let said = match (number("prompt_tokens"), number("completion_tokens"), number("total_tokens")) {
        (Some(prompt), Some(completion), _) => (prompt, completion),
        (_, _, Some(total)) => (total, 0),
        _ => return None,
    };
    (said != (0, 0)).then_some(said)
}

/// The estimated tokens of a text: source text has three or more bytes a token.
pub(super) fn estimated(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(3)
}

/// Shorter keys are placeholders for local servers, such as `EMPTY`, which are words that a text may contain.
const KEY_BYTES_MIN: usize = 8;

/// The text with the key masked by stars.
fn without_key(text: String, key: Option<&str>) -> String {
    match key {
        Some(key) if key.len() >= KEY_BYTES_MIN && text.contains(key) => text.replace(key, "***"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = "012345678";

    fn check(body: &str, expected: Result<(&str, &str, u64), Unusable>) {
        let read = read(body.as_bytes(), REQUEST, Some("a-secret-key"));
        let read = read.as_ref().map(|read| (read.content.as_str(), read.finish_reason.as_str(), read.tokens()));
        assert_eq!(read, expected.as_ref().map(|expected| *expected), "{body}");
    }

    #[test]
    fn content_comes_in_several_shapes() {
        let usage = r#""usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 99}"#;
        for (choice, expected) in [
            (r#"{"message": {"content": "f(1)"}, "finish_reason": "stop"}"#, Ok(("f(1)", "stop", 25))),
            (r#"{"message": {"content": null}, "finish_reason": "length"}"#, Ok(("", "length", 25))),
            (r#"{"message": {"role": "assistant"}}"#, Ok(("", "", 25))),
            (
                r#"{"message": {"content": [{"type": "text", "text": "f("}, {"type": "image"}, "1)"]}}"#,
                Ok(("f(1)", "", 25)),
            ),
            (r#"{"message": {"content": "f('a-secret-key')"}}"#, Ok(("f('***')", "", 25))),
            (r#"{"message": {"content": 5}}"#, Err(Unusable::Malformed)),
            (r#"{"text": "f(1)"}"#, Err(Unusable::Malformed)),
        ] {
            check(&format!(r#"{{"choices": [{choice}], {usage}}}"#), expected);
        }
    }

    #[test]
    fn other_bodies_are_no_answers() {
        for body in
            ["", "<html>", "[]", "{}", r#"{"choices": []}"#, r#"{"choices": {}}"#, "\"choices\"", "{\"choices\""]
        {
            check(body, Err(Unusable::Malformed));
        }
        check(r#"{"error": {"message": "overloaded"}, "choices": []}"#, Err(Unusable::Error));
        check(r#"{"error": null, "choices": [{"message": {"content": "a"}}]}"#, Ok(("a", "", 4)));
    }

    #[test]
    fn tokens_are_estimated_where_those_of_the_server_cannot_be_true() {
        for (usage, tokens) in [
            (r#"{"prompt_tokens": 7, "completion_tokens": 2}"#, 9),
            (r#"{"total_tokens": 8}"#, 8),
            (r#"{"prompt_tokens": -7, "completion_tokens": -2}"#, 5),
            (r#"{"prompt_tokens": 0, "completion_tokens": 0}"#, 5),
            (r#"{"prompt_tokens": 1e300, "completion_tokens": "many"}"#, 5),
            ("null", 5),
            ("[]", 5),
            (r#"{"prompt_tokens": 18446744073709551615, "completion_tokens": 2}"#, u64::MAX),
        ] {
            let body = format!(r#"{{"choices": [{{"message": {{"content": "f(12)"}}}}], "usage": {usage}}}"#);
            check(&body, Ok(("f(12)", "", tokens)));
        }
    }
}
