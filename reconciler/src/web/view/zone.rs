//! Pages in the reader's own time zone. Fragments are shared by all readers and say every moment in
//! UTC; here what names its moment in `datetime` or `data-at` says it as the reader's clock would.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::web::markup::attribute;

/// The zones that the preferences offer; any other of the IANA database can be written.
pub(crate) const OFFERED: [&str; 16] = [
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Helsinki",
    "Africa/Lagos",
    "Africa/Nairobi",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
];

/// The longest name that is looked up.
const LONGEST: usize = 64;

/// How pages write moments; what is written otherwise stays.
const FORMATS: [&str; 6] = [
    "%H:%M:%S",
    "%H:%M",
    "%H:%M:%S%.3f",
    "%H:%M:%S %Z",
    "%Y-%m-%d %H:%M %Z",
    "%Y-%m-%d %H:%M:%S %Z",
];

/// Where the reader's clock stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone {
    name: String,
    zone: TimeZone,
}

impl Default for Zone {
    fn default() -> Self {
        Self {
            name: "UTC".into(),
            zone: TimeZone::UTC,
        }
    }
}

impl Zone {
    /// A name of the IANA database, such as `Europe/Berlin`; `None` where it knows no such zone.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte);
        if name.is_empty() || name.len() > LONGEST || !name.bytes().all(is_name) {
            return None;
        }
        if name.eq_ignore_ascii_case("UTC") {
            return Some(Self::default());
        }
        let zone = TimeZone::get(name).ok()?;
        // As the database writes it, not as the reader did.
        let name = zone.iana_name()?.to_owned();
        Some(Self { name, zone })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether pages are in it already.
    pub(crate) fn is_utc(&self) -> bool {
        self.zone == TimeZone::UTC
    }

    /// The reader's day and hour.
    pub(crate) fn local(&self, at: Timestamp) -> jiff::Zoned {
        at.to_zoned(self.zone.clone())
    }

    /// A clock that says UTC, as the reader's.
    pub(crate) fn text<'a>(&self, text: &'a str, at: Timestamp) -> Cow<'a, str> {
        let utc = at.to_zoned(TimeZone::UTC);
        let written = FORMATS
            .iter()
            .find(|format| utc.strftime(format).to_string() == text);
        match written {
            Some(format) => Cow::Owned(self.local(at).strftime(format).to_string()),
            None => Cow::Borrowed(text),
        }
    }

    /// A page, or a part of one, with every moment as the reader's clock would say it.
    pub(crate) fn page<'a>(&self, html: &'a str) -> Cow<'a, str> {
        if self.is_utc() {
            return Cow::Borrowed(html);
        }
        let mut out = String::with_capacity(html.len() + html.len() / 16);
        let mut rest = html;
        while let Some(start) = rest.find('<') {
            let Some(length) = rest[start..].find('>') else {
                break;
            };
            let (before, tag) = (&rest[..start], &rest[start..=start + length]);
            rest = &rest[start + length + 1..];
            out.push_str(before);
            let Some(at) = moment(tag) else {
                out.push_str(tag);
                continue;
            };
            out.push_str(&self.tag(tag, at));
            let end = rest.find('<').unwrap_or(rest.len());
            out.push_str(&self.text(&rest[..end], at));
            rest = &rest[end..];
        }
        out.push_str(rest);
        Cow::Owned(out)
    }

    /// The title is what a pointer sees: it names the zone.
    fn tag<'a>(&self, tag: &'a str, at: Timestamp) -> Cow<'a, str> {
        match attribute(tag, "title") {
            Some((before, title, after)) => {
                Cow::Owned(format!("{before}{}{after}", self.text(title, at)))
            }
            None => Cow::Borrowed(tag),
        }
    }
}

fn moment(tag: &str) -> Option<Timestamp> {
    let (_, at, _) = attribute(tag, "datetime").or_else(|| attribute(tag, "data-at"))?;
    at.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_said_as_the_reader_s_clock_says_it() {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let check = |html: &str, expected: &str| assert_eq!(zone.page(html), expected);
        check(
            "<time datetime=\"2026-03-01T14:07:17Z\" title=\"2026-03-01 14:07:17 UTC\">6 min ago</time>",
            "<time datetime=\"2026-03-01T14:07:17Z\" title=\"2026-03-01 15:07:17 CET\">6 min ago</time>",
        );
        check(
            "<time datetime=\"2026-07-01T23:07:17.123456789Z\">23:07:17.123</time> 23:07",
            "<time datetime=\"2026-07-01T23:07:17.123456789Z\">01:07:17.123</time> 23:07",
        );
        check(
            "<tspan data-at=\"2026-03-01T14:05:00Z\">14:05</tspan>",
            "<tspan data-at=\"2026-03-01T14:05:00Z\">15:05</tspan>",
        );
        check(
            "<b>14:05</b> <time datetime=\"soon\">14:05</time> 1 < 2",
            "<b>14:05</b> <time datetime=\"soon\">14:05</time> 1 < 2",
        );
        let utc = Zone::default();
        assert!(matches!(utc.page("<time>"), Cow::Borrowed(_)));
    }

    #[test]
    fn only_names_of_the_database_are_zones() {
        let check = |name: &str, expected: Option<&str>| {
            let zone = Zone::parse(name);
            assert_eq!(zone.as_ref().map(Zone::name), expected, "{name}");
        };
        check("Europe/Berlin", Some("Europe/Berlin"));
        check("europe/berlin", Some("Europe/Berlin"));
        check("utc", Some("UTC"));
        check("Etc/GMT+5", Some("Etc/GMT+5"));
        check("", None);
        check("Mars/Olympus", None);
        check("../../etc/passwd", None);
        check("Europe/Berlin; Path=/", None);
        check(&"A".repeat(65), None);
        for name in OFFERED {
            check(name, Some(name));
        }
    }
}
