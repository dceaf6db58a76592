//! `GET /apps/{app}/logs/stream`: what all containers of an application print, as it comes.
//!
//! A line's identity is its container and its time. The stream's place is the last time of each
//! container, so one that comes back loses nothing and repeats nothing. Whenever pods change, those
//! that print now are joined; one that ended leaves by the end of its log.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use client::LogOptions;
use futures::stream::{BoxStream, SelectAll};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, watch};

use api::{Collection, Object};

use super::app_log_page::{Asked, CONTAINERS, chosen, containers};
use super::log_filter::Filter;
use super::log_tail::TAIL;
use super::pod_logs::{BEAT, Lines};
use crate::web::app::App;
use crate::web::asked::Query;
use crate::web::error::PageError;
use crate::web::gate::chain;
use crate::web::view::logs::parse;
use crate::web::view::zone::Zone;
use crate::web::visitor::Visitor;

/// What pods change within this time is looked at together.
const COALESCE: Duration = Duration::from_millis(250);
/// In place of a time: the log cannot be read, and that was said.
const FAILED: &str = "!";

/// One run of a container that prints.
#[derive(Debug, Clone)]
pub(super) struct Printing {
    pub(super) pod: Arc<Object>,
    pub(super) container: String,
    pub(super) restarts: i64,
}

impl Printing {
    /// Whose its lines are: `movies/serving-0/api`.
    pub(super) fn who(&self) -> String {
        let pod = &self.pod;
        format!("{}/{}/{}", pod.namespace(), pod.name(), self.container)
    }

    /// This run and no other.
    fn run(&self) -> String {
        format!("{} {} {}", self.pod.uid().0, self.container, self.restarts)
    }
}

/// Whose a line is, for its reader: the Application says where.
pub(super) fn label(who: &str) -> &str {
    who.split_once('/').map_or(who, |(_, rest)| rest)
}

/// How far each container was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Place {
    read: BTreeMap<String, Timestamp>,
    failed: BTreeSet<String>,
    /// Whose last line was there before, and so is the rest of it, which has no time.
    before: BTreeSet<String>,
}

impl Place {
    /// `movies/serving-0/api=1772374303013000001,movies/serving-1/api=!`
    pub(super) fn parse(text: &str) -> Self {
        let mut place = Self::default();
        for (who, at) in text.split(',').filter_map(|part| part.split_once('=')) {
            if at == FAILED {
                place.failed.insert(who.to_owned());
            } else if let Ok(at) = at.parse().map(Timestamp::from_nanosecond)
                && let Ok(at) = at
            {
                place.read.insert(who.to_owned(), at);
            }
        }
        place
    }

    /// Notes a line of this time; `false` where it was there before.
    pub(super) fn note(&mut self, who: &str, at: &str) -> bool {
        self.failed.remove(who);
        let Ok(at) = at.parse::<Timestamp>() else {
            return !self.before.contains(who);
        };
        if self.read.get(who).is_some_and(|last| at <= *last) {
            self.before.insert(who.to_owned());
            return false;
        }
        self.before.remove(who);
        self.read.insert(who.to_owned(), at);
        true
    }

    /// Notes that a log cannot be read; `false` where that was said before.
    pub(super) fn fail(&mut self, who: &str) -> bool {
        self.failed.insert(who.to_owned())
    }

    fn since(&self, who: &str) -> Option<Timestamp> {
        self.read.get(who).copied()
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let read = self.read.iter();
        let read = read.map(|(who, at)| format!("{who}={}", at.as_nanosecond()));
        let failed = self.failed.iter().map(|who| format!("{who}={FAILED}"));
        let parts: Vec<String> = read.chain(failed).collect();
        f.write_str(&parts.join(","))
    }
}

type Printed = (String, Result<String, String>);

struct Follow {
    app: Arc<App>,
    name: String,
    asked: Asked,
    filter: Filter,
    lines: SelectAll<BoxStream<'static, Printed>>,
    /// The runs whose logs are followed, or were.
    joined: BTreeSet<String>,
    place: Place,
    pods: watch::Receiver<u64>,
    zone: Zone,
    _permit: OwnedSemaphorePermit,
}

/// What the page shows already.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct How {
    after: String,
}

pub(in crate::web) async fn stream(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    Query(how): Query<How>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let filter = Filter::parse(&asked.grep, &asked.since)?;
    let Ok(permit) = app.streams.clone().try_acquire_owned() else {
        return Err(PageError::Busy);
    };
    let left = visitor.leaves(&app);
    let heard = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let mut follow = Follow {
        name,
        lines: SelectAll::new(),
        joined: BTreeSet::new(),
        place: Place::parse(heard.unwrap_or(&how.after)),
        asked,
        filter,
        pods: app.informers.cache(&Collection::new("", "pods")).ticks(),
        zone: visitor.zone,
        app,
        _permit: permit,
    };
    follow.join().await;
    let events = stream::unfold(follow, |mut follow| async {
        let message = follow.next().await?;
        Some((Ok::<_, Infallible>(message), follow))
    })
    .take_until(left)
    .fuse();
    let alive = KeepAlive::new().interval(BEAT);
    Ok(Sse::new(events).keep_alive(alive).into_response())
}

/// The lines of one run, from where it was read to.
fn lines(app: &App, one: &Printing, place: &Place, filter: &Filter) -> BoxStream<'static, Printed> {
    let who = one.who();
    let since = place.since(&who).map(|at| {
        let passed = at.duration_until(app.env.now()).as_secs() + 2;
        u64::try_from(passed).unwrap_or(2)
    });
    let options = LogOptions {
        container: one.container.clone(),
        follow: true,
        timestamps: true,
        tail_lines: (since.is_none() && !filter.searches()).then_some(TAIL),
        since_seconds: since.or(filter.since()),
        ..LogOptions::default()
    };
    let key = Collection::new("", "pods").key(one.pod.namespace(), one.pod.name());
    let logs = app.logs.clone();
    let opening = async move {
        let bytes = match logs.logs(&key, &options).await {
            Ok(bytes) => bytes,
            Err(error) => {
                let why = format!("the log cannot be read: {}", chain(&error));
                return stream::once(async move { (who, Err(why)) }).boxed();
            }
        };
        stream::unfold((Lines::new(bytes), who), |(mut lines, who)| async {
            let line = lines.next().await?;
            let line = line.map_err(|error| chain(&error));
            Some(((who.clone(), line), (lines, who)))
        })
        .boxed()
    };
    stream::once(opening).flatten().boxed()
}

impl Follow {
    async fn next(&mut self) -> Option<Message> {
        loop {
            // Nobody joins the past.
            if self.app.past.is_some() && self.lines.is_empty() {
                return None;
            }
            tokio::select! {
                () = self.app.tasks.token().cancelled() => return None,
                printed = self.lines.next(), if !self.lines.is_empty() => {
                    let message = printed.and_then(|printed| self.message(printed));
                    if message.is_some() {
                        return message;
                    }
                }
                moved = self.pods.changed() => {
                    moved.ok()?;
                    self.app.env.clock.sleep(COALESCE).await;
                    self.pods.mark_unchanged();
                    self.join().await;
                }
            }
        }
    }

    /// Follows what prints now and is not followed yet.
    async fn join(&mut self) {
        let (all, error) = containers(&self.app, &self.name).await;
        if all.is_empty() && !error.is_empty() {
            return;
        }
        let (wanted, _) = chosen(all, &self.asked);
        let runs: BTreeSet<String> = wanted.iter().map(Printing::run).collect();
        self.joined.retain(|run| runs.contains(run));
        for one in &wanted {
            if self.lines.len() < CONTAINERS && self.joined.insert(one.run()) {
                let lines = lines(&self.app, one, &self.place, &self.filter);
                self.lines.push(lines);
            }
        }
    }

    fn message(&mut self, (who, printed): Printed) -> Option<Message> {
        let (mut line, is_new) = match printed {
            Ok(text) => {
                let line = parse(&text);
                let is_new = self.place.note(&who, &line.at);
                let is_new = is_new && self.filter.takes(&line);
                (line.local(&self.zone), is_new)
            }
            Err(why) => (parse(&why), self.place.fail(&who)),
        };
        if !is_new {
            return None;
        }
        line.text = format!("[{}] {}", label(&who), line.text);
        let data = serde_json::to_string(&line).unwrap_or_default();
        let message = Message::default().event("log").data(data);
        Some(message.id(self.place.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_comes_back_loses_and_repeats_nothing() {
        let at = |second: u32| format!("2026-03-01T14:11:{second}Z");
        let mut place = Place::default();
        assert!(place.note("s/a/api", &at(31)));
        assert!(place.note("s/b/api", &at(30)), "each has its own time");
        assert!(!place.note("s/a/api", &at(31)), "it was there");
        assert!(
            place.fail("s/c/api") && !place.fail("s/c/api"),
            "it was said"
        );
        let mut back = Place::parse(&place.to_string());
        assert_eq!(back.to_string(), place.to_string());
        assert!(!back.fail("s/c/api"), "also before it came back");
        assert!(back.note("s/c/api", &at(32)) && back.fail("s/c/api"));
        assert!(!back.note("s/b/api", &at(30)));
        assert!(
            !back.note("s/b/api", ""),
            "the rest of a line that was there"
        );
        assert!(back.note("s/b/api", &at(31)) && back.note("s/b/api", ""));
        assert_eq!(Place::parse("nothing,x=y"), Place::default());
    }

    #[test]
    fn pods_of_one_number_are_told_apart() {
        let printing = |pod: &str, restarts| Printing {
            pod: Arc::new(Object::from(serde_json::json!({
                "metadata": {"namespace": "movies", "name": pod, "uid": pod}}))),
            container: "api".into(),
            restarts,
        };
        let (db, cache) = (printing("db-0", 0), printing("cache-0", 0));
        assert_eq!(
            (db.who(), label(&db.who())),
            ("movies/db-0/api".into(), "db-0/api")
        );
        assert_ne!(db.who(), cache.who());
        assert_ne!(db.run(), printing("db-0", 1).run());
    }
}
