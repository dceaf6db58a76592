//! The other side of a hook: Git starts this binary as `pre-receive` or `post-receive`, and all it
//! does is ask the service and print what it says. No runtime, no policy; a service that does not
//! answer means no.

use std::env;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

use super::wire;

/// Where the service listens.
pub const SOCKET: &str = "KEDGE_HOOK_SOCKET";
/// Which push this is, for the service.
pub const PUSH: &str = "KEDGE_HOOK_PUSH";
/// More ref updates than this are no push of a person.
const INPUT: u64 = 1 << 20;
/// How long the service may be silent.
const PATIENCE: Duration = Duration::from_hours(1);

/// Whether a binary started under `name` is meant as a hook.
pub fn is_hook(name: &str) -> bool {
    matches!(name, wire::PRE_RECEIVE | wire::POST_RECEIVE)
}

/// Runs as the hook `name`; its result is the process's.
pub fn main(name: &str) -> ExitCode {
    ExitCode::from(run(name))
}

pub(super) fn run(name: &str) -> u8 {
    ask(name).unwrap_or_else(|error| {
        let line = format!("kedge: {name} cannot ask the service: {error}\n");
        let _ = io::stderr().write_all(line.as_bytes());
        1
    })
}

fn ask(name: &str) -> io::Result<u8> {
    let mut request = format!("{}\nname {name}\n", wire::HELLO);
    line(&mut request, "push", env::var_os(PUSH));
    line(
        &mut request,
        "quarantine",
        env::var_os("GIT_QUARANTINE_PATH"),
    );
    let count = env::var_os("GIT_PUSH_OPTION_COUNT").and_then(|count| count.into_string().ok());
    let count: u16 = count.and_then(|count| count.parse().ok()).unwrap_or(0);
    for option in 0..count {
        let option = env::var_os(format!("GIT_PUSH_OPTION_{option}"));
        line(&mut request, "option", option);
    }
    let mut input = String::new();
    io::stdin().take(INPUT).read_to_string(&mut input)?;
    for update in input.lines() {
        line(&mut request, "update", Some(update.into()));
    }
    request.push_str(wire::END);
    request.push('\n');

    let socket = env::var_os(SOCKET).ok_or_else(|| io::Error::other("this is no push to Kedge"))?;
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    relay(BufReader::new(stream))
}

/// Prints what the service says, as it comes, until the verdict.
fn relay(answer: impl BufRead) -> io::Result<u8> {
    for line in answer.lines() {
        let line = line?;
        if let Some(text) = line.strip_prefix(wire::SAY) {
            // A pusher who went away does not stop the rollout.
            let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
        } else if let Some(code) = line.strip_prefix(wire::EXIT) {
            return code.parse().map_err(io::Error::other);
        }
    }
    Err(io::Error::other("it went away"))
}

fn line(request: &mut String, key: &str, value: Option<OsString>) {
    let value = value.and_then(|value| value.into_string().ok());
    if let Some(value) = value.filter(|value| !value.contains('\n')) {
        for part in [key, " ", &value, "\n"] {
            request.push_str(part);
        }
    }
}
