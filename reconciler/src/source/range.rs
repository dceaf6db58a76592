//! Ranges of versions as revisions: `^1.2`, `1.x`, `>=1.2 <2`, `web/v1.*`. They match tags, never
//! branches. Pure.

use semver::{Version, VersionReq};

/// What tags may follow: names under `prefix`, versions that meet `wanted`.
pub(super) struct Range {
    prefix: String,
    wanted: VersionReq,
}

impl Range {
    /// `None` for what is no range: a plain version is a tag's name.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (prefix, range) = match text.rsplit_once('/') {
            Some((prefix, range)) => (format!("{prefix}/"), range),
            None => (String::new(), text),
        };
        let comparators: Vec<String> = joined(range)
            .split([',', ' '])
            .filter(|part| !part.is_empty())
            .map(without_v)
            .collect();
        let is_range = comparators.iter().any(|comparator| {
            let version = comparator.split(['-', '+']).next().unwrap_or_default();
            comparator.starts_with(['^', '~', '<', '>', '='])
                || version
                    .split('.')
                    .any(|part| ["*", "x", "X"].contains(&part))
        });
        if !is_range {
            return None;
        }
        let wanted = VersionReq::parse(&comparators.join(", ")).ok()?;
        Some(Self { prefix, wanted })
    }

    /// The tag with the greatest version that is in the range.
    pub(super) fn newest<'a>(&self, tags: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        let versions = tags.into_iter().filter_map(|tag| {
            let version = tag.strip_prefix(&self.prefix)?;
            let version = Version::parse(version.strip_prefix('v').unwrap_or(version)).ok()?;
            Some((version, tag)).filter(|(version, _)| self.wanted.matches(version))
        });
        versions.max().map(|(_, tag)| tag)
    }
}

/// `>= 1.2` is one comparator.
fn joined(text: &str) -> String {
    let mut joined = String::new();
    for word in text.split_whitespace() {
        if !joined.is_empty() && !joined.ends_with(['<', '>', '=', '^', '~', ',']) {
            joined.push(' ');
        }
        joined.push_str(word);
    }
    joined
}

/// `>=v1.2` says the same as `>=1.2`.
fn without_v(comparator: &str) -> String {
    let at = comparator.find(|c| !matches!(c, '<' | '>' | '=' | '^' | '~'));
    let (operator, version) = comparator.split_at(at.unwrap_or(comparator.len()));
    let version = version.strip_prefix('v').unwrap_or(version);
    format!("{operator}{version}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_tag_in_the_range_counts() {
        let tags = [
            "v1.2.0",
            "1.2.1",
            "v1.10.0",
            "v2.0.0-rc.1",
            "v2.0.0",
            "v3",
            "latest",
            "web/v1.3.0",
            "web/v1.4.0",
            "api/v9.0.0",
        ];
        let check = |range: &str, expected: Option<&str>| {
            let newest = Range::parse(range).and_then(|range| range.newest(tags));
            assert_eq!(newest, expected, "{range}");
        };
        check("*", Some("v2.0.0"));
        check("^1.2", Some("v1.10.0"));
        check("~1.2.0", Some("1.2.1"));
        check("1.x", Some("v1.10.0"));
        check("v1.2.*", Some("1.2.1"));
        check(">=1.2 <2", Some("v1.10.0"));
        check(">= v1.2, < 1.10", Some("1.2.1"));
        check(">=2.0.0-rc.0, <2.0.0", Some("v2.0.0-rc.1"));
        check("=1.2.0", Some("v1.2.0"));
        check("web/v1.x", Some("web/v1.4.0"));
        check("web/*", Some("web/v1.4.0"));
        check(">=4", None);
        for text in [
            "main",
            "1.2",
            "v1.2.0",
            "team/side",
            "release-x",
            "",
            "x-y",
            "HEAD~1",
            "^",
        ] {
            assert!(Range::parse(text).is_none(), "{text}");
        }
    }
}
