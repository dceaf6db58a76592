//! As much of an HTTP server as the example needs: a thread per connection, one request each.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

const TIMEOUT: Duration = Duration::from_secs(10);
const BODY_LIMIT: u64 = 8 << 20;
const CONNECTIONS: usize = 64;
/// After SIGTERM: the Service may send a little more before every node has heard of the end.
const DRAIN: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// The value of `Authorization`.
    pub(crate) authorization: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn json(value: &impl serde::Serialize) -> Self {
        let body = serde_json::to_vec(value).unwrap_or_default();
        Self {
            status: 200,
            content_type: "application/json",
            body,
        }
    }

    pub(crate) fn html(text: String) -> Self {
        Self {
            status: 200,
            content_type: "text/html; charset=utf-8",
            body: text.into_bytes(),
        }
    }

    pub(crate) fn text(status: u16, text: impl Into<String>) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: text.into().into_bytes(),
        }
    }
}

/// Serves until SIGTERM or SIGINT.
pub(crate) fn serve<F>(port: u16, handler: F) -> Result<(), String>
where
    F: Fn(&Request) -> Response + Send + Sync + 'static,
{
    let listener = TcpListener::bind(("0.0.0.0", port))
        .map_err(|error| format!("cannot listen on port {port}: {error}"))?;
    let mut signals = Signals::new([SIGTERM, SIGINT])
        .map_err(|error| format!("cannot listen for signals: {error}"))?;
    let open = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&open);
    thread::spawn(move || accept(&listener, &Arc::new(handler), &counted));
    println_line(&format!("listening on port {port}"));
    signals.forever().next();
    println_line("stopping");
    // Whoever was let in gets an answer, however busy the machine is.
    for _ in 0..TIMEOUT.as_millis() / DRAIN.as_millis() {
        thread::sleep(DRAIN);
        if open.load(Ordering::Relaxed) == 0 {
            break;
        }
    }
    Ok(())
}

/// One line on standard output: the log of the container.
pub(crate) fn println_line(line: &str) {
    // Nobody is left to tell that the log cannot be written.
    let _written = writeln!(std::io::stdout(), "{line}");
}

fn accept<F>(listener: &TcpListener, handler: &Arc<F>, open: &Arc<AtomicUsize>)
where
    F: Fn(&Request) -> Response + Send + Sync + 'static,
{
    for stream in listener.incoming().flatten() {
        if open.load(Ordering::Relaxed) >= CONNECTIONS {
            continue;
        }
        open.fetch_add(1, Ordering::Relaxed);
        let (handler, open) = (Arc::clone(handler), Arc::clone(open));
        thread::spawn(move || {
            if let Err(error) = answer(stream, &*handler) {
                println_line(&format!("a connection broke: {error}"));
            }
            open.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

fn answer(mut stream: TcpStream, handler: &impl Fn(&Request) -> Response) -> std::io::Result<()> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let Some(request) = read(&mut BufReader::new(&stream))? else {
        return Ok(());
    };
    let response = handler(&request);
    if request.path != "/healthz" {
        println_line(&format!(
            "{} {} {}",
            request.method, request.path, response.status
        ));
    }
    write!(
        stream,
        "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        response.status,
        reason(response.status),
        response.content_type,
        response.body.len()
    )?;
    stream.write_all(&response.body)
}

fn read(reader: &mut impl BufRead) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    reader.take(8192).read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        authorization: String::new(),
        body: Vec::new(),
    };
    let mut length = 0;
    for _ in 0..100 {
        let mut header = String::new();
        reader.take(8192).read_line(&mut header)?;
        let Some((name, value)) = header.trim().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse::<u64>().unwrap_or(0),
            "authorization" => value.trim().clone_into(&mut request.authorization),
            _ => {}
        }
    }
    reader
        .take(length.min(BODY_LIMIT))
        .read_to_end(&mut request.body)?;
    Ok(Some(request))
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        401 => "Unauthorized",
        404 => "Not Found",
        503 => "Service Unavailable",
        _ => "Error",
    }
}
