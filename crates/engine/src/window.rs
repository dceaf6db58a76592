//! Whether a rollout may begin now, and if not, when.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use api::kinds::{SyncWindow, WindowKind};

/// How many beginnings and ends are looked at to find one at which a rollout may begin.
const LOOKS: usize = 1_000;

/// Who wants to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Kedge by itself.
    Automatically,
    /// Somebody.
    ByHand,
}

/// Why nothing may begin now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// `None` where that is not in sight.
    pub until: Option<Timestamp>,
    /// A clause: `deny window "0 8 * * *" is open`.
    pub why: String,
}

impl Closed {
    /// `waits until …, since …`
    pub fn sentence(&self) -> String {
        match self.until {
            Some(until) => format!("waits until {}: {}", api::time(until), self.why),
            None => format!("waits: {}", self.why),
        }
    }
}

/// What is in the way of a rollout at `now`.
pub fn closed(windows: &[SyncWindow], now: Timestamp, asked: Asked) -> Option<Closed> {
    let windows: Vec<Window> = windows.iter().filter_map(Window::read).collect();
    let why = refusal(&windows, now, asked)?;
    let mut at = now;
    let mut until = None;
    for _ in 0..LOOKS {
        let Some(next) = windows.iter().filter_map(|window| window.edge(at)).min() else {
            break;
        };
        at = next;
        if refusal(&windows, at, asked).is_none() {
            until = Some(at);
            break;
        }
    }
    Some(Closed { until, why })
}

fn refusal(windows: &[Window], now: Timestamp, asked: Asked) -> Option<String> {
    let binds = |window: &&Window| asked == Asked::Automatically || !window.manual;
    let of = |kind| windows.iter().filter(move |window| window.kind == kind);
    let mut denying = of(WindowKind::Deny).filter(binds);
    if let Some(deny) = denying.find(|window| window.end(now).is_some()) {
        return Some(format!("deny window {:?} is open", deny.schedule));
    }
    let mut allowing = of(WindowKind::Allow).peekable();
    let first = allowing.peek()?.schedule;
    if asked == Asked::ByHand && of(WindowKind::Allow).all(|window| window.manual) {
        return None;
    }
    if allowing.any(|window| window.end(now).is_some()) {
        return None;
    }
    Some(match of(WindowKind::Allow).count() {
        1 => format!("allow window {first:?} is not open"),
        all => format!("none of {all} allow windows is open"),
    })
}

struct Window<'a> {
    kind: WindowKind,
    schedule: &'a str,
    cron: Cron,
    duration: SignedDuration,
    zone: TimeZone,
    manual: bool,
}

impl<'a> Window<'a> {
    /// What cannot be read was refused when the Application was written.
    fn read(window: &'a SyncWindow) -> Option<Self> {
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build();
        Some(Self {
            kind: window.kind,
            schedule: &window.schedule,
            cron: parser.parse(&window.schedule).ok()?,
            duration: window.duration.parse().ok()?,
            zone: match window.time_zone.as_str() {
                "" => TimeZone::UTC,
                name => TimeZone::get(name).ok()?,
            },
            manual: window.manual_sync,
        })
    }

    /// When it ends, where it is open.
    fn end(&self, now: Timestamp) -> Option<Timestamp> {
        let now_there = now.to_zoned(self.zone.clone());
        let begun = self.cron.find_previous_occurrence(&now_there, true).ok()?;
        let end = begun.timestamp().checked_add(self.duration).ok()?;
        (end > now).then_some(end)
    }

    /// When it opens or closes next.
    fn edge(&self, after: Timestamp) -> Option<Timestamp> {
        let there = after.to_zoned(self.zone.clone());
        let next = self.cron.find_next_occurrence(&there, false).ok();
        let next = next.map(|next| next.timestamp());
        self.end(after).into_iter().chain(next).min()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn says_until_when_nothing_may_begin() {
        use Asked::{Automatically, ByHand};
        let check = |windows: Value, now: &str, asked: Asked, expected: Option<(&str, &str)>| {
            let windows: Vec<SyncWindow> = serde_json::from_value(windows).unwrap();
            let found = closed(&windows, now.parse().unwrap(), asked);
            let found = found.map(|it| (it.until.map(api::time).unwrap_or_default(), it.why));
            let found = found
                .as_ref()
                .map(|(until, why)| (until.as_str(), why.as_str()));
            assert_eq!(found, expected, "{windows:?} at {now}");
        };
        let deny = json!({"kind": "deny", "schedule": "0 8 * * *", "duration": "9h"});
        let allow = json!({"kind": "allow", "schedule": "0 22 * * 1-5", "duration": "2h",
                           "timeZone": "Europe/Berlin", "manualSync": false});
        check(json!([]), "2026-11-21T10:00:00Z", Automatically, None);
        let denied = Some(("2026-11-21T17:00:00Z", "deny window \"0 8 * * *\" is open"));
        check(json!([deny]), "2026-11-21T10:00:00Z", Automatically, denied);
        check(json!([deny]), "2026-11-21T10:00:00Z", ByHand, None);
        check(json!([deny]), "2026-11-21T17:00:00Z", Automatically, None);
        // A Saturday; in Berlin it is winter, an hour ahead.
        let shut = Some((
            "2026-11-23T21:00:00Z",
            "allow window \"0 22 * * 1-5\" is not open",
        ));
        check(json!([allow]), "2026-11-21T10:00:00Z", Automatically, shut);
        check(json!([allow]), "2026-11-21T10:00:00Z", ByHand, shut);
        check(json!([allow]), "2026-11-23T21:30:00Z", Automatically, None);
        // What denies wins, also over an open one.
        let night = json!({"kind": "deny", "schedule": "0 21 * * *", "duration": "30m"});
        let late = Some(("2026-11-23T21:30:00Z", "deny window \"0 21 * * *\" is open"));
        check(
            json!([allow, night]),
            "2026-11-23T21:10:00Z",
            Automatically,
            late,
        );
        // An end that is never free.
        let ever = json!({"kind": "deny", "schedule": "*/5 * * * *", "duration": "10m"});
        let never = Some(("", "deny window \"*/5 * * * *\" is open"));
        check(json!([ever]), "2026-11-23T21:10:00Z", Automatically, never);
    }
}
