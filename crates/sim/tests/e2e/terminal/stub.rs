//! An instance that answers with what a test says, and remembers what it was asked for.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use anyhow::Context;
use serde_json::Value;

pub(super) struct Stub {
    pub(super) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    /// The first answer whose address is how a request begins.
    pub(super) fn start(answers: Vec<(&'static str, Value)>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = format!("http://{}", listener.local_addr()?);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let all = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _gone = answer(&stream, &answers, &all);
            }
        });
        Ok(Self { address, asked })
    }

    /// `GET /apps t0ken`, for each request.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panics with it").clone()
    }
}

fn answer(
    stream: &TcpStream,
    answers: &[(&'static str, Value)],
    asked: &Mutex<Vec<String>>,
) -> anyhow::Result<()> {
    let mut input = BufReader::new(stream);
    let (mut head, mut token, mut length) = (String::new(), String::new(), 0);
    input.read_line(&mut head)?;
    loop {
        let mut line = String::new();
        input.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(": ") else {
            break;
        };
        match name.to_lowercase().as_str() {
            "authorization" => value.replace("Bearer ", "").clone_into(&mut token),
            "content-length" => length = value.parse()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    let mut words = head.split(' ');
    let (method, path) = (words.next(), words.next().context("no path")?);
    let request = format!("{} {path} {token}", method.unwrap_or_default());
    asked.lock().expect("nobody panics with it").push(request);
    let found = answers.iter().find(|(wanted, _)| path.starts_with(wanted));
    let (status, body) = match found {
        Some((_, answer)) => ("200 OK", answer.to_string()),
        None => (
            "404 Not Found",
            r#"{"error": {"message": "no such page"}}"#.into(),
        ),
    };
    let mut stream = stream;
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    )?;
    Ok(())
}
