//! A server between the browser and Kedge, as there often is one, whose way to Kedge can break.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::Context;
use jiff::Timestamp;

/// The longest head of a request.
const HEAD: usize = 32 * 1024;

pub(super) struct Gateway {
    address: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// What streams are answered instead of what Kedge says; none while all is well.
    refuses: Option<u16>,
    /// The streams that are open.
    streams: Vec<TcpStream>,
    /// When a browser asked for a stream that it was refused.
    asked: Vec<Timestamp>,
}

impl Gateway {
    /// Begins to pass on what comes to a free port to `web`, `http://HOST:PORT`.
    pub(super) fn before(web: &str) -> anyhow::Result<Self> {
        let upstream = web.strip_prefix("http://").context("no plain address")?;
        let upstream = upstream.to_owned();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        // It ends with the test.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (upstream, state) = (upstream.clone(), shared.clone());
                thread::spawn(move || serve(client, &upstream, &state));
            }
        });
        Ok(Self { address, state })
    }

    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Every stream breaks off, and the next ones are answered with `code`.
    pub(super) fn refuse(&self, code: u16) {
        let mut state = lock(&self.state);
        state.refuses = Some(code);
        for stream in state.streams.drain(..) {
            let _gone = stream.shutdown(Shutdown::Both);
        }
        state.asked.clear();
    }

    pub(super) fn mend(&self) {
        lock(&self.state).refuses = None;
    }

    /// When streams were asked for in vain.
    pub(super) fn asked(&self) -> Vec<Timestamp> {
        lock(&self.state).asked.clone()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One request: whoever has another one comes again. What breaks is the browser's to notice.
fn serve(mut client: TcpStream, upstream: &str, state: &Mutex<State>) {
    let Some(head) = head(&mut client) else {
        return;
    };
    if head.contains(" /live?") {
        let mut state = lock(state);
        if let Some(code) = state.refuses {
            if head.starts_with("GET ") {
                state.asked.push(Timestamp::now());
            }
            let answer =
                format!("HTTP/1.1 {code} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _told = client.write_all(answer.as_bytes());
            return;
        }
        state.streams.extend(client.try_clone());
    }
    let _passed = pass(client, upstream, &head);
}

/// What comes before the empty line, with it.
fn head(client: &mut TcpStream) -> Option<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > HEAD || client.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// Both ways, until Kedge has said everything.
fn pass(mut client: TcpStream, upstream: &str, head: &str) -> std::io::Result<()> {
    let mut server = TcpStream::connect(upstream)?;
    let lines = head.trim_end().lines();
    let lasting = lines.filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head: Vec<&str> = lasting.chain(["connection: close", "", ""]).collect();
    server.write_all(head.join("\r\n").as_bytes())?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _body = std::io::copy(&mut from, &mut to);
        let _ended = to.shutdown(Shutdown::Write);
    });
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}
