//! The body of a request: documented JSON of OpenAI's chat completions. Equal prompts give equal bytes, whose hash is
//! the key of the answer in the cache.

use crate::config::ModelConfig;

/// The request body for a prompt.
pub(super) fn body(config: &ModelConfig, prompt: &str) -> String {
    // One message of the user: some models know no system message.
    let request = serde_json::json!({
        "model": config.model,
        "messages": [{ "role": "user", "content": prompt }],
        "temperature": config.temperature,
        "max_completion_tokens": config.max_completion_tokens,
    });
    request.to_string()
}
