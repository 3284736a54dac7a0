//! A fake model server: HTTP/1.1 over a real socket, the documented JSON, and bad behaviour of all kinds.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// The reply to one request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// An answer with this text, after `stop`.
    Text(String),
    /// A body of its own, with status 200.
    Body(String),
    /// Another status, with headers.
    Status(u16, Vec<(&'static str, String)>),
    /// A body shorter than its announced length.
    CutOff(String),
    /// A body without an end.
    Huge,
    /// The answer after a delay.
    Slow(Duration, String),
    /// No reply until the server ends.
    Silence,
    /// The connection is closed without a reply.
    Close,
    /// A reply that is no HTTP.
    Garbage,
}

/// A request as the server received it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Seen {
    /// The text of the only message.
    pub(crate) fn prompt(&self) -> &str {
        self.body["messages"][0]["content"].as_str().unwrap()
    }
}

/// The server; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    ends: Arc<AtomicBool>,
}

impl Server {
    /// Starts a server; `reply` gets the number of the request, from 0, and the request.
    pub(crate) fn start(reply: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, ends) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let reply = Arc::new(reply);
        thread::spawn({
            let (seen, ends) = (Arc::clone(&seen), Arc::clone(&ends));
            move || {
                for stream in listener.incoming() {
                    if ends.load(Ordering::SeqCst) {
                        return;
                    }
                    let (seen, ends, reply) = (Arc::clone(&seen), Arc::clone(&ends), Arc::clone(&reply));
                    // A client that goes away in the middle is no failure of the server.
                    thread::spawn(move || stream.and_then(|stream| serve(stream, &seen, &ends, &*reply)));
                }
            }
        });
        Server { port, seen, ends }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// The requests so far, in the order of their arrival.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts connections.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Serves a connection until the client closes it.
fn serve(
    stream: TcpStream,
    seen: &Mutex<Vec<Seen>>,
    ends: &AtomicBool,
    reply: &dyn Fn(usize, &Seen) -> Reply,
) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body)?;
        let one = Seen { head, body: serde_json::from_slice(&body).unwrap_or_default() };
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(one.clone());
            seen.len() - 1
        };
        match reply(number, &one) {
            Reply::Text(text) => respond(&mut writer, 200, &[], &answer(&text, "stop"))?,
            Reply::Body(body) => respond(&mut writer, 200, &[], &body)?,
            Reply::Status(status, headers) => respond(&mut writer, status, &headers, "{\"error\": {}}")?,
            Reply::CutOff(body) => {
                write!(writer, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len() + 100)?;
                return Ok(());
            }
            Reply::Huge => {
                write!(writer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
                loop {
                    write!(writer, "10000\r\n{}\r\n", "x".repeat(0x10000))?;
                }
            }
            Reply::Slow(delay, text) => {
                thread::sleep(delay);
                respond(&mut writer, 200, &[], &answer(&text, "stop"))?;
            }
            Reply::Silence => {
                while !ends.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(20));
                }
                return Ok(());
            }
            Reply::Close => return Ok(()),
            Reply::Garbage => {
                write!(writer, "SSH-2.0-OpenSSH_9.9\r\n")?;
                return Ok(());
            }
        }
    }
}

fn respond(writer: &mut TcpStream, status: u16, headers: &[(&str, String)], body: &str) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    writer.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
}

/// The documented JSON of an answer: 100 tokens of prompt, 10 of completion.
pub(crate) fn answer(text: &str, finish_reason: &str) -> String {
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "stand-in",
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": text, "refusal": null },
            "logprobs": null,
            "finish_reason": finish_reason,
        }],
        "usage": { "prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110 },
    })
    .to_string()
}

/// An endpoint where nobody listens.
pub(crate) fn nowhere() -> String {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("http://127.0.0.1:{port}/v1")
}
