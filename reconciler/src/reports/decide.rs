//! What is kept of an Event, and which of very many. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use api::{Object, Uid, parse_time};

use crate::history::Report;

/// Events that wait to be written.
pub(super) const ROOM: usize = 5_000;
/// Events that are written at once; with the pause between, 250 a second.
pub(super) const BATCH: usize = 500;
/// Bytes of one message.
const MESSAGE: usize = 1_024;

/// Events that wait to be written, each once.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    all: BTreeMap<Uid, Report>,
    /// How many there was no room for.
    pub(super) lost: u64,
}

impl Waiting {
    /// What is known of an Event already is replaced. Where there is no room, a warning takes the
    /// place of something that is none.
    pub(super) fn add(&mut self, report: Report) {
        if self.all.len() >= ROOM && !self.all.contains_key(&report.uid) {
            self.lost += 1;
            let plain = |it: &&Report| !it.is_warning();
            let least = self.all.values().find(plain).map(|it| it.uid.clone());
            match least {
                Some(least) if report.is_warning() => self.all.remove(&least),
                _ => return,
            };
        }
        self.all.insert(report.uid.clone(), report);
    }

    /// The next to write, warnings first.
    pub(super) fn batch(&mut self) -> Vec<Report> {
        let mut uids: Vec<(bool, Uid)> = self
            .all
            .values()
            .map(|report| (!report.is_warning(), report.uid.clone()))
            .collect();
        uids.sort();
        uids.truncate(BATCH);
        uids.iter()
            .filter_map(|(_, uid)| self.all.remove(uid))
            .collect()
    }

    /// Those that could not be written; what was heard since is newer.
    pub(super) fn again(&mut self, batch: Vec<Report>) {
        for report in batch {
            if !self.all.contains_key(&report.uid) {
                self.add(report);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

/// What is kept of an Event of either version of the API; `None` of what names no object or no
/// time.
pub(super) fn report(event: &Object) -> Option<Report> {
    let text = |old: &str, new: &str| match event.text(old) {
        "" => event.text(new).to_owned(),
        text => text.to_owned(),
    };
    let about = |field: &str| {
        text(
            &format!("/involvedObject/{field}"),
            &format!("/regarding/{field}"),
        )
    };
    let time = |pointers: &[&str]| -> Option<Timestamp> {
        let mut times = pointers.iter().map(|pointer| event.text(pointer));
        times.find_map(parse_time)
    };
    let number = |pointer: &str| event.pointer(pointer).and_then(serde_json::Value::as_i64);
    let last = time(&[
        "/series/lastObservedTime",
        "/lastTimestamp",
        "/deprecatedLastTimestamp",
        "/eventTime",
        "/metadata/creationTimestamp",
    ])?;
    let first = time(&[
        "/firstTimestamp",
        "/deprecatedFirstTimestamp",
        "/eventTime",
        "/metadata/creationTimestamp",
    ]);
    let uid = event.uid();
    if uid.0.is_empty() || about("kind").is_empty() {
        return None;
    }
    Some(Report {
        uid,
        namespace: event.namespace().to_owned(),
        kind: event.text("/type").to_owned(),
        reason: event.text("/reason").to_owned(),
        message: shortened(&text("/message", "/note")),
        component: text("/source/component", "/reportingComponent"),
        count: number("/series/count")
            .or_else(|| number("/count"))
            .or_else(|| number("/deprecatedCount"))
            .unwrap_or(1),
        about_version: about("apiVersion"),
        about_kind: about("kind"),
        about_namespace: about("namespace"),
        about_name: about("name"),
        first_at: first.unwrap_or(last).min(last),
        last_at: last,
    })
}

/// PostgreSQL's texts hold no zero byte.
fn shortened(text: &str) -> String {
    let mut kept = text.replace('\0', "");
    let mut end = kept.len().min(MESSAGE);
    while !kept.is_char_boundary(end) {
        end -= 1;
    }
    kept.truncate(end);
    kept
}
