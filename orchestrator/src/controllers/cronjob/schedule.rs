//! When a cron expression is due. Pure, but for the machine's time zone table.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

/// Counting missed times stops here.
pub(super) const MANY: usize = 100;

/// Why a schedule cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Error {
    #[error("unparseable schedule: {text:?} : {why}")]
    Schedule { text: String, why: String },
    #[error("invalid timeZone: {0:?}")]
    TimeZone(String),
}

/// A schedule in its time zone.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    rule: Rule,
    zone: TimeZone,
}

#[derive(Debug, Clone)]
enum Rule {
    Cron(Box<Cron>),
    /// `@every 90s`, counted from the last time.
    Every(SignedDuration),
}

/// Times that are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Due {
    /// The most recent one: the only one that is started.
    pub(super) latest: Timestamp,
    /// All of them, up to one more than [`MANY`].
    pub(super) count: usize,
}

impl Schedule {
    /// `zone` may be empty: Kedge's own, UTC.
    pub(super) fn parse(text: &str, zone: &str) -> Result<Self, Error> {
        let refuse = |why: String| Error::Schedule {
            text: text.to_owned(),
            why,
        };
        if text.contains("TZ") {
            return Err(refuse("the time zone belongs into timeZone".into()));
        }
        let zone = match zone {
            "" => TimeZone::UTC,
            name => TimeZone::get(name).map_err(|_| Error::TimeZone(name.to_owned()))?,
        };
        let rule = if let Some(every) = text.trim().strip_prefix("@every ") {
            let every: SignedDuration = every
                .trim()
                .parse()
                .map_err(|why: jiff::Error| refuse(why.to_string()))?;
            if every < SignedDuration::from_secs(1) {
                return Err(refuse("shorter than a second".into()));
            }
            Rule::Every(every)
        } else {
            let parser = CronParser::builder()
                .seconds(Seconds::Disallowed)
                .year(Year::Disallowed)
                .build();
            let cron = parser.parse(text).map_err(|why| refuse(why.to_string()))?;
            Rule::Cron(Box::new(cron))
        };
        Ok(Self { rule, zone })
    }

    /// What is due in `(after, now]`.
    pub(super) fn due(&self, after: Timestamp, now: Timestamp) -> Option<Due> {
        match &self.rule {
            Rule::Every(every) => {
                let count = now.duration_since(after).as_secs() / every.as_secs().max(1);
                let ahead = every.saturating_mul(i32::try_from(count).ok()?);
                (count > 0).then(|| Due {
                    latest: after.saturating_add(ahead).unwrap_or(now),
                    count: usize::try_from(count).unwrap_or(usize::MAX).min(MANY + 1),
                })
            }
            Rule::Cron(cron) => {
                let latest = cron
                    .find_previous_occurrence(&self.at(now), true)
                    .ok()?
                    .timestamp();
                let count = cron
                    .iter_after(self.at(after))
                    .take(MANY + 1)
                    .take_while(|at| at.timestamp() <= now)
                    .count();
                (latest > after && count > 0).then_some(Due { latest, count })
            }
        }
    }

    /// The first time after `now`, given the last one.
    pub(super) fn next(&self, last: Timestamp, now: Timestamp) -> Option<Timestamp> {
        match &self.rule {
            Rule::Every(every) => {
                let last = self.due(last, now).map_or(last, |due| due.latest);
                last.checked_add(*every).ok()
            }
            Rule::Cron(cron) => {
                let next = cron.find_next_occurrence(&self.at(now), false).ok()?;
                Some(next.timestamp())
            }
        }
    }

    /// RFC 3339 in the schedule's zone.
    pub(super) fn format(&self, at: Timestamp) -> String {
        let zoned = self.at(at);
        if zoned.offset().is_zero() {
            return api::time(at);
        }
        jiff::fmt::strtime::format("%Y-%m-%dT%H:%M:%S%:z", &zoned)
            .expect("a zoned time always formats")
    }

    fn at(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }
}
