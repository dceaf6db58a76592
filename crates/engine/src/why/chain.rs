//! What an explanation is made of.

use serde::{Deserialize, Serialize};

/// How bad a fact is; the same words as the marks of the web pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    #[default]
    Bad,
    Warn,
    Run,
    Ok,
}

/// One fact, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Step {
    pub tone: Tone,
    /// One sentence without a full stop.
    pub heading: String,
    /// Where it was read: `pod status`, `ConfigMap/settings`, `apps/web.yaml`.
    pub source: String,
    /// More about it, in whole sentences; may be empty.
    pub text: String,
    /// The whole hash of the commit that it is about; empty where it is about none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub commit: String,
    /// Whether that commit is not merged.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unmerged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<Excerpt>,
}

/// Lines as they were read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Excerpt {
    pub lines: Vec<Line>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    /// From 1; 0 where lines are not counted.
    pub number: u32,
    pub text: String,
    /// Whether it is the one that is meant.
    pub marked: bool,
}

/// A field of an object that Git may have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Field {
    pub kind: String,
    pub namespace: String,
    pub name: String,
    /// `spec.template.spec.containers[name=web].image`
    pub path: String,
}

/// From the symptom to what is known of its cause.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Chain {
    /// `Pod shop/web-1`
    pub subject: String,
    /// Whether there is nothing to explain.
    pub well: bool,
    /// The word of the rule that found the cause: `config-key-missing`. Empty where none did.
    pub rule: String,
    /// The symptom first.
    pub steps: Vec<Step>,
    /// The field that would have to be another one; absent where the cause is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
    /// What to do, in one sentence; empty where the facts do not say.
    pub advice: String,
    /// Where the chain stops before the line in Git: what is missing. Empty where it does not.
    pub missing: String,
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Cause {
    pub(super) steps: Vec<Step>,
    pub(super) field: Option<Field>,
    pub(super) advice: String,
    pub(super) missing: String,
}

impl Step {
    pub(super) fn new(tone: Tone, source: impl Into<String>, heading: impl Into<String>) -> Self {
        Self {
            tone,
            heading: heading.into(),
            source: source.into(),
            ..Self::default()
        }
    }

    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// One line of a log.
    pub(super) fn said(mut self, line: &str) -> Self {
        self.excerpt = Some(Excerpt {
            lines: vec![Line {
                number: 0,
                text: line.to_owned(),
                marked: true,
            }],
        });
        self
    }
}

impl Cause {
    pub(super) fn of(steps: Vec<Step>) -> Self {
        Self {
            steps,
            ..Self::default()
        }
    }

    pub(super) fn at(mut self, field: Field) -> Self {
        self.field = Some(field);
        self
    }

    pub(super) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    pub(super) fn missing(mut self, missing: impl Into<String>) -> Self {
        self.missing = missing.into();
        self
    }
}

impl Chain {
    /// Nothing to explain.
    pub(super) fn well(subject: String, heading: String) -> Self {
        Self {
            steps: vec![Step::new(Tone::Ok, "", heading)],
            well: true,
            subject,
            ..Self::default()
        }
    }

    /// The symptom, then what the first rule that applies found.
    pub(super) fn found(
        subject: String,
        mut steps: Vec<Step>,
        found: Option<(&'static str, Cause)>,
    ) -> Self {
        let (rule, cause) = found.unwrap_or_default();
        steps.extend(cause.steps);
        Self {
            subject,
            well: false,
            rule: rule.to_owned(),
            steps,
            field: cause.field,
            advice: cause.advice,
            missing: cause.missing,
        }
    }
}
