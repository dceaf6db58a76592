//! The chain from a symptom to the line in Git, as a card.

use askama::Template;

use engine::rollout::CommitId;
use engine::why::{Chain, Line, NODE, Step, Tone as Told};

use super::commit::chip;
use super::component::{CommitChip, Icon, Tone};
use super::graph::app_href;
use crate::web::why::Action;

/// Nothing where there is nothing to explain.
#[derive(Debug, Template)]
#[template(path = "why/card.html")]
pub(crate) struct Card {
    pub heading: &'static str,
    pub steps: Vec<WhyStep>,
    pub advice: String,
    /// Where the chain stops, and what is missing.
    pub missing: String,
    /// Whether something in Git may be at fault.
    pub in_git: bool,
    /// Where it is done: words and address.
    pub links: Vec<(String, String)>,
}

impl Card {
    /// With the ways to what may be done about it in the application that it is of.
    #[must_use]
    pub(crate) fn of(mut self, application: &str, actions: &[Action]) -> Self {
        if application.is_empty() || self.steps.is_empty() {
            return self;
        }
        let home = app_href(application);
        let link = |text: &str, page: &str| (text.to_owned(), format!("{home}/{page}"));
        let own = actions.iter();
        self.links = own.map(|it| (it.text.clone(), it.href.clone())).collect();
        if !self.in_git {
            return self;
        }
        self.links.push(link("Compare live with Git", "diff"));
        self.links
            .push(link("Earlier commits, to go back to", "history"));
        self
    }
}

/// One fact and who says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WhyStep {
    pub tone: Tone,
    pub icon: Icon,
    pub heading: String,
    pub source: String,
    /// The commit that it is about.
    pub commit: Option<CommitChip>,
    pub text: String,
    pub lines: Vec<Line>,
}

pub(crate) fn card(chain: &Chain) -> Card {
    if chain.well {
        return Card {
            heading: "",
            steps: Vec::new(),
            advice: String::new(),
            missing: String::new(),
            in_git: false,
            links: Vec::new(),
        };
    }
    let broken = chain
        .steps
        .first()
        .is_some_and(|step| step.tone == Told::Bad);
    Card {
        heading: if broken {
            "Why it is broken"
        } else {
            "What it waits for"
        },
        steps: chain.steps.iter().map(step).collect(),
        advice: chain.advice.clone(),
        missing: chain.missing.clone(),
        in_git: chain.rule != NODE,
        links: Vec::new(),
    }
}

fn commit(step: &Step) -> Option<CommitChip> {
    let id = CommitId(step.commit.clone());
    let chip = (!id.0.is_empty()).then(|| chip(&id))?;
    Some(if step.unmerged { chip.aside() } else { chip })
}

fn step(step: &Step) -> WhyStep {
    let (tone, icon) = match step.tone {
        Told::Bad => (Tone::Bad, "bad"),
        Told::Warn => (Tone::Warn, "warn"),
        Told::Run => (Tone::Run, "run"),
        Told::Ok => (Tone::Ok, "ok"),
    };
    // What comes from a log or a file is told from what Kedge says by its own mark.
    let icon = match step.excerpt.as_ref().and_then(|it| it.lines.first()) {
        Some(line) if line.number == 0 => "event",
        Some(_) => "commit",
        None => icon,
    };
    WhyStep {
        tone,
        icon: Icon(icon),
        heading: step.heading.clone(),
        source: step.source.clone(),
        commit: commit(step),
        text: step.text.clone(),
        lines: step.excerpt.clone().unwrap_or_default().lines,
    }
}
