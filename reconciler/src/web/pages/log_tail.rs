//! The newest lines of a container's log, for pages that do not wait for the node for long.

use std::collections::VecDeque;
use std::time::Duration;

use api::{Collection, Object};
use client::LogOptions;

use super::log_filter::Filter;
use super::pod_logs::Lines;
use crate::web::app::App;
use crate::web::gate::chain;
use crate::web::view::logs::{LogLine, parse};

/// Lines in the page when it opens.
pub(super) const TAIL: u64 = 300;
/// How long a page waits for them. What is later comes by the stream.
const SOON: Duration = Duration::from_millis(300);
/// How long somebody waits who looks for lines, or who reads why it failed.
const PATIENCE: Duration = Duration::from_secs(3);
/// Lines at the end of a log that tell why it ended.
const LAST: usize = 40;
/// Lines at the beginning of a log, where a process says what it listens on.
const FIRST: usize = 100;

/// Which run of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    Now,
    Previous,
    /// The one that tells most.
    Any,
}

impl Run {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Previous => "previous",
            Self::Any => "",
        }
    }
}

/// What is read.
#[derive(Debug, Default)]
pub(super) struct Tail {
    pub(super) lines: Vec<LogLine>,
    /// Lines that were taken too, and are older than those.
    pub(super) omitted: usize,
    /// The time of the last line that was read, taken or not: the stream goes on after it.
    pub(super) read: String,
    /// Why there are none.
    pub(super) error: String,
    /// Whether the node has not answered yet.
    pub(super) late: bool,
}

impl Tail {
    pub(super) fn none(why: impl Into<String>) -> Self {
        Self {
            error: why.into(),
            ..Self::default()
        }
    }
}

/// The newest lines that a filter takes.
pub(super) async fn tail(
    app: &App,
    pod: &Object,
    container: &str,
    run: Run,
    filter: &Filter,
) -> Tail {
    let patience = if filter.searches() { PATIENCE } else { SOON };
    let reading = read(app, pod, container, run, filter);
    match tokio::time::timeout(patience, reading).await {
        Ok(Ok(tail)) => tail,
        Ok(Err(error)) => Tail::none(unread(&error)),
        Err(_) if filter.searches() => Tail::none(
            "the log is too long to be looked through at once: what is found comes as it is found; \
             a shorter time makes it faster, and Download waits for all of it",
        ),
        Err(_) => Tail {
            late: true,
            ..Tail::default()
        },
    }
}

fn unread(error: &client::Error) -> String {
    format!("the log cannot be read: {}", chain(error))
}

async fn read(
    app: &App,
    pod: &Object,
    container: &str,
    run: Run,
    filter: &Filter,
) -> Result<Tail, client::Error> {
    let options = LogOptions {
        container: container.into(),
        previous: run == Run::Previous,
        timestamps: true,
        tail_lines: (!filter.searches()).then_some(TAIL),
        since_seconds: filter.since(),
        ..LogOptions::default()
    };
    let key = Collection::new("", "pods").key(pod.namespace(), pod.name());
    let bytes = app.logs.logs(&key, &options).await?;
    let mut lines = Lines::new(bytes);
    let (mut taken, mut tail) = (VecDeque::new(), Tail::default());
    while let Some(line) = lines.next().await {
        let line = parse(&line?);
        if !line.at.is_empty() {
            tail.read.clone_from(&line.at);
        }
        if !filter.takes(&line) {
            continue;
        }
        taken.push_back(line);
        if taken.len() > usize::try_from(TAIL).unwrap_or(usize::MAX) {
            taken.pop_front();
            tail.omitted += 1;
        }
    }
    tail.lines = Vec::from(taken);
    Ok(tail)
}

/// The last lines of one run as texts, and why there are none.
pub(in crate::web) async fn last_lines(
    app: &App,
    pod: &Object,
    container: &str,
    previous: bool,
) -> (Vec<String>, String) {
    let run = if previous { Run::Previous } else { Run::Now };
    let filter = Filter::default();
    let reading = read(app, pod, container, run, &filter);
    let lines = match tokio::time::timeout(PATIENCE, reading).await {
        Ok(Ok(tail)) => tail.lines,
        Ok(Err(error)) => return (Vec::new(), unread(&error)),
        Err(_) => return (Vec::new(), "the node did not answer in time".into()),
    };
    let skipped = lines.len().saturating_sub(LAST);
    (
        lines.into_iter().skip(skipped).map(whole).collect(),
        String::new(),
    )
}

fn whole(line: LogLine) -> String {
    match line.level.as_str() {
        "" => line.text,
        level => format!("{level} {}", line.text),
    }
}

/// The first lines of the run that is now; none where they cannot be read.
pub(in crate::web) async fn first_lines(app: &App, pod: &Object, container: &str) -> Vec<String> {
    let reading = async {
        let options = LogOptions {
            container: container.into(),
            ..LogOptions::default()
        };
        let key = Collection::new("", "pods").key(pod.namespace(), pod.name());
        let mut lines = Lines::new(app.logs.logs(&key, &options).await?);
        let mut first = Vec::new();
        while first.len() < FIRST
            && let Some(line) = lines.next().await
        {
            first.push(whole(parse(&line?)));
        }
        Ok::<_, client::Error>(first)
    };
    let read = tokio::time::timeout(PATIENCE, reading).await;
    read.ok().and_then(Result::ok).unwrap_or_default()
}
