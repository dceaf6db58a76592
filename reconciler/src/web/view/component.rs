//! Small pieces of markup that every page uses, and the words and shapes of each state.
//! Whatever text goes in comes out escaped.

use std::fmt;

use askama::filters::HtmlSafe;

use engine::HealthStatus;
use engine::rollout::{CommitId, RolloutPhase, SyncStatus};

use super::facts::undone;
use crate::history::Rollout;

/// Text with the five characters of HTML escaped.
pub(crate) struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

impl HtmlSafe for Escaped<'_> {}

/// Links of which one is the current one: label, address, whether it is that.
pub(crate) type Links = Vec<(String, String, bool)>;

/// The six colours, each for one sort of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tone {
    Ok,
    Unknown,
    Hold,
    Run,
    Warn,
    Bad,
}

impl Tone {
    /// The end of the class names `k-…`, `f-…`, `s-…`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Run => "run",
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Hold => "hold",
            Self::Unknown => "unk",
        }
    }
}

impl fmt::Display for Tone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl HtmlSafe for Tone {}

/// A symbol of `icons.html`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Icon(pub &'static str);

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = if self.0 == "run" { "ic spin" } else { "ic" };
        let name = self.0;
        write!(
            f,
            "<svg class=\"{class}\" aria-hidden=\"true\"><use href=\"#i-{name}\"/></svg>"
        )
    }
}

impl HtmlSafe for Icon {}

/// A state: shape, word and colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub tone: Tone,
    pub icon: Icon,
    pub word: String,
}

impl State {
    pub(crate) fn new(tone: Tone, icon: &'static str, word: impl Into<String>) -> Self {
        Self {
            tone,
            icon: Icon(icon),
            word: word.into(),
        }
    }

    pub(crate) fn health(status: HealthStatus) -> Self {
        let (tone, icon) = match status {
            HealthStatus::Healthy => (Tone::Ok, "ok"),
            HealthStatus::Suspended => (Tone::Hold, "hold"),
            HealthStatus::Progressing => (Tone::Run, "run"),
            HealthStatus::Missing => (Tone::Warn, "miss"),
            HealthStatus::Degraded => (Tone::Bad, "bad"),
            HealthStatus::Unknown => (Tone::Unknown, "unk"),
        };
        Self::new(tone, icon, status.as_str())
    }

    pub(crate) fn sync(status: SyncStatus) -> Self {
        match status {
            SyncStatus::Synced => Self::new(Tone::Ok, "eq", "Synced"),
            SyncStatus::OutOfSync => Self::new(Tone::Warn, "ne", "OutOfSync"),
            SyncStatus::Unknown => Self::new(Tone::Unknown, "unk", "Unknown"),
        }
    }

    /// How far a rollout is, or what became of it.
    pub(crate) fn rollout(rollout: &Rollout) -> Self {
        let is_undone = rollout.undone_at.is_some();
        match rollout.phase {
            RolloutPhase::Pending => Self::new(Tone::Unknown, "wait", "Waiting"),
            RolloutPhase::Applying | RolloutPhase::Verifying => {
                Self::new(Tone::Run, "run", "Converging")
            }
            RolloutPhase::Succeeded if is_undone => {
                Self::new(Tone::Hold, "undone", "Converged, undone")
            }
            RolloutPhase::Succeeded if rollout.taken_back.is_some() => {
                Self::new(Tone::Hold, "back", "Rolled back")
            }
            RolloutPhase::Succeeded if !undone(rollout).is_empty() => {
                Self::new(Tone::Hold, "back", "Rollback converged")
            }
            RolloutPhase::Succeeded if rollout.changed == Some(false) => {
                Self::new(Tone::Ok, "eq", "No change")
            }
            RolloutPhase::Succeeded => Self::new(Tone::Ok, "ok", "Converged"),
            RolloutPhase::Failed if is_undone => Self::new(Tone::Bad, "bad", "Failed, undone"),
            RolloutPhase::Failed => Self::new(Tone::Bad, "bad", "Failed"),
            RolloutPhase::Superseded => Self::new(Tone::Unknown, "unk", "Superseded"),
            RolloutPhase::Held => Self::new(Tone::Warn, "hold", "Held"),
        }
    }

    /// For titles: tinted.
    pub(crate) fn pill(&self) -> Pill<'_> {
        Pill(self)
    }
}

/// For tables: the word is grey when all is well, so that the exception stands out.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quiet = if self.tone == Tone::Ok { " q" } else { "" };
        let (tone, icon, word) = (self.tone, self.icon, Escaped(&self.word));
        write!(f, "<span class=\"st k-{tone}{quiet}\">{icon}{word}</span>")
    }
}

impl HtmlSafe for State {}

/// A state in a title.
pub(crate) struct Pill<'a>(&'a State);

impl fmt::Display for Pill<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let State { tone, icon, word } = self.0;
        write!(
            f,
            "<span class=\"pill k-{tone}\">{icon}{}</span>",
            Escaped(word)
        )
    }
}

impl HtmlSafe for Pill<'_> {}

/// A commit's first seven characters, with a link to what it did here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommitChip {
    pub id: CommitId,
    /// Where it leads; empty for nowhere.
    pub href: String,
    /// Whether it is not on the tracked branch.
    pub aside: bool,
}

impl CommitChip {
    pub(crate) fn new(id: &CommitId, href: impl Into<String>) -> Self {
        Self {
            id: id.clone(),
            href: href.into(),
            aside: false,
        }
    }

    /// The same for a commit that is not on the tracked branch: dashed.
    pub(crate) fn aside(self) -> Self {
        Self {
            aside: true,
            ..self
        }
    }
}

impl fmt::Display for CommitChip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (icon, short, id) = (
            Icon("commit"),
            Escaped(self.id.short()),
            Escaped(&self.id.0),
        );
        let (class, note) = if self.aside {
            ("commit ghost", ", not on the tracked branch")
        } else {
            ("commit", "")
        };
        if self.href.is_empty() {
            return write!(
                f,
                "<span class=\"{class}\" title=\"{id}{note}\">{icon}{short}</span>"
            );
        }
        let href = Escaped(&self.href);
        write!(
            f,
            "<a class=\"{class}\" href=\"{href}\" title=\"{id}{note}\">{icon}{short}</a>"
        )
    }
}

impl HtmlSafe for CommitChip {}

/// A name as one segment of a path or a query's value.
pub(crate) fn encoded(name: &str) -> String {
    use fmt::Write;
    let mut text = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("writing to a string does not fail");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "<script>alert('x')</script>\"&";

    #[test]
    fn nothing_hostile_gets_through() {
        let shown = [
            Escaped(HOSTILE).to_string(),
            State::new(Tone::Bad, "bad", HOSTILE).to_string(),
            State::new(Tone::Bad, "bad", HOSTILE).pill().to_string(),
            CommitChip::new(&CommitId(HOSTILE.into()), HOSTILE).to_string(),
            encoded(HOSTILE),
        ];
        for text in shown {
            assert!(!text.contains("<script"), "{text}");
            assert!(!text.contains("('x')"), "{text}");
        }
    }

    #[test]
    fn names_become_path_segments() {
        assert_eq!(encoded("a/b c?d"), "a%2Fb%20c%3Fd");
        assert_eq!(encoded("shop-api.v1_2~x"), "shop-api.v1_2~x");
    }
}
