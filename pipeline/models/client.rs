//! One attempt at a request over HTTP. Called by `retries`. The only file that uses `ureq`.
//!
//! No redirect is followed: the key goes to the configured endpoint and nowhere else. The environment may name a proxy,
//! which is not used for a server on this machine.

use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderMap, HeaderValue, StatusCode};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use super::answer::{self, Answer, Unusable};
use super::retry_after;
use crate::config::ModelConfig;
use crate::error::{Error, Result};

/// Bytes of a response; a longer one is no answer.
pub(super) const RESPONSE_BYTES_MAX: u64 = 4 << 20;

const TIMEOUT: &str = "model_timeout";
/// The reason of a server that refuses requests because of their rate.
pub(super) const RATE_LIMITED: &str = "model_rate_limited";

/// A failed attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// The reason, as `stats` counts it.
    pub(super) reason: &'static str,
    /// Whether another attempt may help.
    pub(super) is_transient: bool,
    /// The delay of the response's `Retry-After`; `None` where it has none.
    pub(super) retry_after: Option<Duration>,
    /// Tokens that it may have cost: a server that began to answer has read the prompt.
    pub(super) tokens: u64,
}

impl Failure {
    fn new(reason: &'static str, is_transient: bool) -> Self {
        Failure { reason, is_transient, retry_after: None, tokens: 0 }
    }
}

/// The server.
pub(super) struct Client {
    agent: Agent,
    url: String,
    key: Option<String>,
    authorization: Option<HeaderValue>,
}

// The key is in no message, not even in one for us.
impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Client {
    /// A client of the configured server.
    ///
    /// # Errors
    /// No header can carry the key.
    pub(super) fn new(config: &ModelConfig, key: Option<String>) -> Result<Self> {
        let authorization = match &key {
            None => None,
            Some(key) => {
                let unusable = || {
                    let variable = &config.key_variable;
                    Error::Config(format!(
                        "the environment variable `{variable}` holds no key: a header cannot carry it"
                    ))
                };
                let mut value = HeaderValue::try_from(format!("Bearer {key}")).map_err(|_| unusable())?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let url = format!("{}/chat/completions", config.endpoint.trim_end_matches('/'));
        let mut builder = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_millis(config.timeout_ms)))
            .max_idle_connections_per_host(config.parallel)
            .user_agent(concat!("tracemill/", env!("CARGO_PKG_VERSION")));
        if is_here(&url) {
            builder = builder.proxy(None);
        }
        if url.starts_with("https:") {
            builder = builder.tls_config(tls());
        }
        Ok(Client { agent: builder.build().new_agent(), url, key, authorization })
    }

    /// Makes one attempt at a request.
    ///
    /// # Errors
    /// The attempt failed.
    pub(super) fn ask(&self, body: &str) -> std::result::Result<Answer, Failure> {
        let mut request = self.agent.post(&self.url).header("Content-Type", "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization.clone());
        }
        let mut response = request.send(body).map_err(|error| {
            let failure = failed(&error, false);
            // A slow server has read the prompt.
            let tokens = if failure.reason == TIMEOUT { answer::estimated(body.len()) } else { 0 };
            Failure { tokens, ..failure }
        })?;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(refused(status, response.headers()));
        }
        let mut bytes = Vec::new();
        let read = response.body_mut().as_reader().take(RESPONSE_BYTES_MAX + 1).read_to_end(&mut bytes);
        let spent = |received: usize| answer::estimated(body.len()) + answer::estimated(received);
        if let Err(error) = read {
            return Err(Failure { tokens: spent(bytes.len()), ..failed(&ureq::Error::from(error), true) });
        }
        if bytes.len() as u64 > RESPONSE_BYTES_MAX {
            return Err(Failure { tokens: spent(0), ..Failure::new("model_too_large", false) });
        }
        answer::read(&bytes, body, self.key.as_deref()).map_err(|unusable| {
            let reason = match unusable {
                Unusable::Malformed => "model_malformed",
                Unusable::Error => "model_error",
            };
            Failure { tokens: spent(0), ..Failure::new(reason, true) }
        })
    }
}

/// The failure of a status other than 200.
fn refused(status: StatusCode, headers: &HeaderMap) -> Failure {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let retry_after = header("retry-after").and_then(|text| retry_after::delay(text, header("date")));
    let (reason, is_transient) = match status.as_u16() {
        429 => (RATE_LIMITED, true),
        500..=599 => ("model_server_error", true),
        408 | 409 | 425 => ("model_bad_request", true),
        401 | 403 => ("model_unauthorized", false),
        404 => ("model_not_found", false),
        300..=399 => ("model_redirected", false),
        400..=499 => ("model_bad_request", false),
        _ => ("model_malformed", true),
    };
    Failure { retry_after, ..Failure::new(reason, is_transient) }
}

/// The failure of an error of the connection; `has_begun`: the response had begun.
fn failed(error: &ureq::Error, has_begun: bool) -> Failure {
    let is_timeout = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
    let is_tls = |error: &io::Error| error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
    match error {
        ureq::Error::Timeout(_) => Failure::new(TIMEOUT, true),
        ureq::Error::Io(error) if is_timeout(error) => Failure::new(TIMEOUT, true),
        // A certificate that is not trusted now will not be in a second.
        ureq::Error::Io(error) if is_tls(error) => Failure::new("model_untrusted", false),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => Failure::new("model_untrusted", false),
        _ if has_begun => Failure::new("model_truncated", true),
        ureq::Error::Protocol(_) | ureq::Error::Http(_) => Failure::new("model_malformed", true),
        _ => Failure::new("model_unreachable", true),
    }
}

/// Whether the server is on this machine.
fn is_here(url: &str) -> bool {
    let host = url.parse::<ureq::http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned)).unwrap_or_default();
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// TLS by rustls with ring and the root certificates of this machine. Without any root each request fails as
/// `model_untrusted`.
fn tls() -> TlsConfig {
    // A provider that is installed already stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let found = rustls_native_certs::load_native_certs().certs;
    let roots = found.iter().map(|root| Certificate::from_der(root.as_ref()).to_owned()).collect();
    TlsConfig::builder().provider(TlsProvider::Rustls).root_certs(RootCerts::Specific(Arc::new(roots))).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, load};

    #[test]
    fn servers_on_this_machine_are_recognised() {
        for (url, expected) in [
            ("http://localhost:80/v1", true),
            ("http://127.0.0.1/v1", true),
            ("http://[::1]:8000/v1", true),
            ("http://10.0.0.1/v1", false),
            ("https://localhost.example.com/v1", false),
        ] {
            assert_eq!(is_here(url), expected, "{url}");
        }
    }

    #[test]
    fn a_key_that_no_header_can_carry_is_in_no_message() {
        let config = load(None, &Overrides::default()).unwrap().inputs.model;
        let said = Client::new(&config, Some("secret\nHost: evil".to_owned())).unwrap_err().to_string();
        assert!(said.contains("OPENAI_API_KEY") && !said.contains("secret"), "{said}");
        let client = Client::new(&config, Some("secret".to_owned())).unwrap();
        assert!(!format!("{client:?}").contains("secret"));
    }

    #[test]
    fn errors_of_a_connection_have_reasons() {
        let io = |kind, error: Box<dyn std::error::Error + Send + Sync>| ureq::Error::Io(io::Error::new(kind, error));
        let certificate = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        for (error, before, after) in [
            (io(io::ErrorKind::TimedOut, "late".into()), TIMEOUT, TIMEOUT),
            (io(io::ErrorKind::InvalidData, certificate.into()), "model_untrusted", "model_untrusted"),
            (io(io::ErrorKind::ConnectionReset, "gone".into()), "model_unreachable", "model_truncated"),
            (ureq::Error::HostNotFound, "model_unreachable", "model_truncated"),
            (ureq::Error::Tls("no"), "model_untrusted", "model_untrusted"),
        ] {
            assert_eq!((failed(&error, false).reason, failed(&error, true).reason), (before, after), "{error}");
        }
    }

    #[test]
    fn https_has_roots_and_a_provider() {
        let config = ModelConfig {
            endpoint: "https://127.0.0.1:1/v1".to_owned(),
            ..load(None, &Overrides::default()).unwrap().inputs.model
        };
        let failure = Client::new(&config, None).unwrap().ask("{}").unwrap_err();
        assert_eq!((failure.reason, failure.is_transient), ("model_unreachable", true));
    }
}
