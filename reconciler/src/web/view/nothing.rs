//! A list that is narrowed down to nothing: what was looked for, and how to look further.

use askama::Template;

/// One sentence, and ways out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Template)]
#[template(path = "nothing.html")]
pub(crate) struct Nothing {
    pub text: String,
    /// What each leaves out, and its address.
    pub ways: Vec<(&'static str, String)>,
}

impl Nothing {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ways: Vec::new(),
        }
    }

    /// With a way out.
    #[must_use]
    pub(crate) fn or(mut self, label: &'static str, href: impl Into<String>) -> Self {
        self.ways.push((label, href.into()));
        self
    }
}

impl askama::filters::HtmlSafe for Nothing {}
