//! `git upload-pack` and `git receive-pack` as child processes: a clean environment, streams in
//! both directions, and a client that goes away stops nothing that was begun.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use flate2::write::GzDecoder;
use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;
use tracing::{debug, warn};

use client::{Env, Tasks};

use super::Service;

/// What one Git process gets to know.
pub(super) struct Invocation<'a> {
    pub(super) service: Service,
    /// Whether only the refs are asked for.
    pub(super) advertise: bool,
    pub(super) repository: &'a Path,
    /// Further settings and environment.
    pub(super) config: Vec<(&'static str, OsString)>,
    pub(super) environment: Vec<(&'static str, OsString)>,
}

/// How a request's body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Gzip,
}

/// Compressed bytes that are decoded at once; they can grow a thousandfold.
const PIECE: usize = 4096;
/// Chunks of the answer that wait for the client.
const QUEUE: usize = 16;
const LIMIT: Duration = Duration::from_hours(1);
/// How long a push that is under way may take once the service is to end.
const GRACE: Duration = Duration::from_secs(3);
const ERRORS: usize = 8192;

impl Invocation<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command.env_clear();
        command
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C.UTF-8");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        for (name, value) in &self.config {
            let mut setting = OsString::from(format!("{name}="));
            setting.push(value);
            command.arg("-c").arg(setting);
        }
        command.arg(self.service.command()).arg("--stateless-rpc");
        if self.advertise {
            command.arg("--http-backend-info-refs");
        }
        command.arg(self.repository);
        command.process_group(0);
        command
    }

    /// Starts Git on `input`. The answer's body is what it prints; `finished` runs when it ended,
    /// whatever became of the client.
    pub(super) fn start(
        &self,
        input: Input,
        env: &Env,
        tasks: &Tasks,
        finished: impl FnOnce() + Send + 'static,
    ) -> io::Result<Body> {
        let mut child = self
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (stdin, stdout, stderr) = (
            child.stdin.take().expect("it was piped"),
            child.stdout.take().expect("it was piped"),
            child.stderr.take().expect("it was piped"),
        );
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (env, token) = (env.clone(), tasks.token().clone());
        let service = self.service;
        tasks.spawn(async move {
            let run = run(&mut child, stdin, stdout, stderr, input, sender);
            let stop = async {
                tokio::select! {
                    () = token.cancelled() => env.clock.sleep(GRACE).await,
                    () = env.clock.sleep(LIMIT) => {}
                }
            };
            let ended = tokio::select! {
                ended = run => Some(ended),
                () = stop => None,
            };
            if ended.is_none() {
                let _ = child.kill().await;
            }
            report(service, ended);
            finished();
        });
        let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
        Ok(Body::from_stream(stream.map(Ok::<_, io::Error>)))
    }
}

/// What a request brings for Git to read.
pub(super) struct Input {
    pub(super) body: BodyDataStream,
    pub(super) encoding: Encoding,
    /// Bytes, decoded.
    pub(super) limit: usize,
    /// Sent to the client before what Git prints.
    pub(super) prefix: Bytes,
}

async fn run(
    child: &mut Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: ChildStderr,
    input: Input,
    sender: mpsc::Sender<Bytes>,
) -> (io::Result<ExitStatus>, String) {
    let Input {
        body,
        encoding,
        limit,
        prefix,
    } = input;
    let (fed, (), errors) = tokio::join!(
        feed(stdin, body, encoding, limit),
        drain(stdout, prefix, sender),
        errors(stderr),
    );
    if let Err(error) = fed {
        debug!(%error, "the request ended early");
    }
    (child.wait().await, errors)
}

/// Passes the body on; closing `stdin` is how Git learns of its end.
async fn feed(
    mut stdin: ChildStdin,
    mut body: BodyDataStream,
    encoding: Encoding,
    limit: usize,
) -> io::Result<()> {
    let mut decoder = GzDecoder::new(Vec::new());
    let mut taken = 0_usize;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(io::Error::other)?;
        for piece in chunk.chunks(PIECE) {
            let decoded = match encoding {
                Encoding::Plain => piece.to_vec(),
                Encoding::Gzip => {
                    decoder.write_all(piece)?;
                    std::mem::take(decoder.get_mut())
                }
            };
            taken = taken.saturating_add(decoded.len());
            if taken > limit {
                return Err(io::Error::other("the push is larger than the limit"));
            }
            stdin.write_all(&decoded).await?;
        }
    }
    if encoding == Encoding::Gzip {
        let rest = decoder.finish()?;
        stdin.write_all(&rest).await?;
    }
    stdin.shutdown().await
}

/// Passes on what Git prints, as it comes. Without a client it is read all the same: Git must not
/// stop in the middle.
async fn drain(mut stdout: ChildStdout, prefix: Bytes, sender: mpsc::Sender<Bytes>) {
    let mut gone = !prefix.is_empty() && sender.send(prefix).await.is_err();
    let mut buffer = vec![0; 32 << 10];
    while let Ok(size) = stdout.read(&mut buffer).await
        && size > 0
    {
        let chunk = Bytes::copy_from_slice(&buffer[..size]);
        gone = gone || sender.send(chunk).await.is_err();
    }
}

async fn errors(stderr: ChildStderr) -> String {
    let mut text = Vec::new();
    let mut stderr = stderr;
    let mut buffer = [0; 1024];
    while let Ok(size) = stderr.read(&mut buffer).await
        && size > 0
    {
        let room = ERRORS.saturating_sub(text.len());
        text.extend_from_slice(&buffer[..size.min(room)]);
    }
    String::from_utf8_lossy(&text).trim().to_owned()
}

fn report(service: Service, ended: Option<(io::Result<ExitStatus>, String)>) {
    let git = service.command();
    match ended {
        Some((Ok(status), _)) if status.success() => {}
        // A refused push ends like this too: the pusher has been told.
        Some((Ok(status), errors)) => debug!(git, %status, errors, "git ended with an error"),
        Some((Err(error), _)) => warn!(git, %error, "cannot wait for git"),
        None => warn!(git, "git took too long and was ended"),
    }
}
