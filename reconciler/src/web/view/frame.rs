//! What is around every page: navigation, breadcrumbs, who is signed in.

use std::fmt;

use askama::Template;

use super::component::{Escaped, Icon, encoded};
use super::count::Counts;
use super::time::When;
use super::truth::sentence;
use crate::web::assets::{ASSETS, Assets};

/// The part of the site a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Section {
    #[default]
    Applications,
    Rollouts,
    Changes,
    Events,
    Nodes,
    Repositories,
    Settings,
    /// None of them: errors, sign-in.
    Elsewhere,
}

/// A step of the way from the top to this page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crumb {
    pub label: String,
    /// Empty for the page itself.
    pub href: String,
}

/// Light, dark, or what the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// From the value of the cookie; anything unknown is the system's choice.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

impl Theme {
    /// As the cookie says it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The attribute of the root element, or nothing.
impl fmt::Display for Theme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "",
            Self::Light => " data-theme=\"light\"",
            Self::Dark => " data-theme=\"dark\"",
        })
    }
}

impl askama::filters::HtmlSafe for Theme {}

/// Where Git stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Git {
    pub branch: String,
    pub revision: String,
    pub fetched: Option<When>,
    /// Why it cannot be read; empty when all is well.
    pub error: String,
}

impl Git {
    fn sentence(&self) -> String {
        sentence(&self.error)
    }
}

/// Where Git stands, at the foot of the side bar.
#[derive(Debug, Template)]
#[template(path = "git/foot.html")]
pub(crate) struct Foot {
    pub git: Option<Git>,
}

/// Why Git cannot be read, and that what is shown is old, above the content. Nothing when all is well.
#[derive(Debug, Template)]
#[template(path = "git/trouble.html")]
pub(crate) struct Trouble {
    pub git: Option<Git>,
    /// Since when the API server does not answer.
    pub silent: Option<When>,
}

/// Everything around the content.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frame {
    pub title: String,
    pub section: Section,
    pub crumbs: Vec<Crumb>,
    pub cluster: String,
    /// Something that every page must say, such as that no containers run here.
    pub notice: String,
    pub theme: Theme,
    pub past: bool,
    /// What the request is called; empty for none.
    pub request: String,
    /// Single keys do nothing.
    pub no_keys: bool,
    /// Where the reader's clock stands: a name of the IANA database.
    pub zone: String,
    /// Topics of the page's stream, comma-separated; empty for none.
    pub topics: String,
    /// The newest event this page already shows.
    pub event: u64,
    /// Who is signed in; empty for nobody.
    pub user: String,
    pub csrf: String,
    pub git: Option<Git>,
    /// Since when the API server does not answer; `None` while it does.
    pub silent: Option<When>,
    pub counts: Counts,
}

impl Frame {
    #[expect(clippy::unused_self, reason = "templates ask the frame")]
    pub(crate) fn assets(&self) -> &'static Assets {
        &ASSETS
    }

    pub(crate) fn is(&self, section: Section) -> bool {
        self.section == section
    }

    /// Whether the page is behind "More" on a phone.
    pub(crate) fn is_more(&self) -> bool {
        use Section::{Events, Repositories, Settings};
        matches!(self.section, Events | Repositories | Settings)
    }

    /// Whether the page shows a moment of the past.
    pub(crate) fn is_past(&self) -> bool {
        self.past
    }

    /// Initials for the mark at the top.
    pub(crate) fn initials(&self) -> String {
        self.user.chars().take(2).collect::<String>().to_uppercase()
    }

    pub(crate) fn foot(&self) -> Foot {
        let git = self.git.clone();
        Foot { git }
    }

    pub(crate) fn trouble(&self) -> Trouble {
        Trouble {
            git: self.git.clone(),
            silent: self.silent.clone(),
        }
    }

    /// The attribute that opens the page's stream, or nothing.
    pub(crate) fn events(&self) -> Events<'_> {
        Events(self)
    }

    #[must_use]
    pub(crate) fn page(mut self, section: Section, title: impl Into<String>) -> Self {
        self.section = section;
        self.title = title.into();
        self
    }

    /// Adds a step to the way here.
    #[must_use]
    pub(crate) fn crumb(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push(Crumb {
            label: label.into(),
            href: href.into(),
        });
        self
    }
}

/// See [`Frame::events`].
pub(crate) struct Events<'a>(&'a Frame);

impl fmt::Display for Events<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Frame { topics, event, .. } = self.0;
        if topics.is_empty() {
            return Ok(());
        }
        let topics = encoded(topics);
        let url = format!("/live?topics={topics}&after={event}");
        write!(f, " data-events=\"{}\"", Escaped(&url))
    }
}

impl askama::filters::HtmlSafe for Events<'_> {}
