//! The end of a chain: the line in Git, the commit it came with, and who changes it already.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::chain::{Chain, Excerpt, Line, Step, Tone};
use crate::Origin;

/// Where a field was written, as far as Git says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Written {
    pub origin: Origin,
    /// The line and those around it. None of a file with secrets in it.
    pub lines: Vec<Line>,
    /// Whether the line is the field's own, and not only that of what it would be in.
    pub exact: bool,
    /// Whether Kustomize makes another value of what the line says, by what is not known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub made: bool,
    /// The commit that the line came with; empty where that is not known.
    pub commit: String,
    pub subject: String,
    pub author: String,
    pub at: Option<Timestamp>,
    /// A branch or pull request that changes the line and is not merged.
    pub open: Option<Open>,
    /// Why Git says no more; empty where it says all.
    pub missing: String,
}

/// A change that nobody has merged yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Open {
    pub branch: String,
    /// The number of the pull request; empty for a branch.
    pub pull: String,
    pub commit: String,
    pub subject: String,
    pub author: String,
}

impl Chain {
    /// Goes on with what Git says of the field. `None`: nothing in Git asks for its object.
    #[must_use]
    pub fn written(mut self, written: Option<&Written>, now: Timestamp) -> Self {
        if self.field.is_none() {
            return self;
        }
        let Some(written) = written else {
            self.missing = "no commit that was rolled out asks for this field".into();
            return self;
        };
        self.steps.push(line(written, now));
        self.steps.extend(written.open.as_ref().map(open));
        if self.advice.is_empty() {
            self.advice = match written.open {
                Some(_) => "Merge what is proposed, or change this line".into(),
                None => "Change this line, or go back to a commit before it".into(),
            };
        }
        if !written.missing.is_empty() {
            self.missing.clone_from(&written.missing);
        }
        self
    }

    /// Goes on with the chain of an object that this one stands on. What it found is the cause,
    /// where it found one.
    #[must_use]
    pub fn then(mut self, inner: Self) -> Self {
        if inner.well {
            return self;
        }
        self.well = false;
        self.steps.extend(inner.steps);
        if !inner.rule.is_empty() {
            self.rule = inner.rule;
        }
        if !inner.advice.is_empty() {
            self.advice = inner.advice;
        }
        (self.field, self.missing) = (inner.field, inner.missing);
        self
    }

    /// The same chain after a step that says of when it is.
    #[must_use]
    pub fn after(mut self, step: Step) -> Self {
        if !self.well {
            self.steps.insert(0, step);
        }
        self
    }

    /// The same chain below who has the object: an Application, a Deployment.
    #[must_use]
    pub fn below(mut self, subject: String, steps: Vec<Step>) -> Self {
        self.subject = subject;
        self.steps.splice(0..0, steps);
        self
    }
}

/// A commit as people know it.
pub(super) fn short(commit: &str) -> String {
    commit.chars().take(7).collect()
}

pub(super) fn line(written: &Written, now: Timestamp) -> Step {
    let short = short(&written.commit);
    let ago = written.at.map_or_else(String::new, |at| {
        format!(", {}", ago(at.duration_until(now)))
    });
    let heading = match (written.commit.as_str(), written.exact) {
        ("", _) => format!("It is written at {}", written.origin),
        _ if written.made => {
            format!("Kustomize makes it; what it makes it of came with {short}{ago}")
        }
        (_, true) => format!("The line came with {short}{ago}"),
        (_, false) => {
            format!("The field is left to its default; what it is in came with {short}{ago}")
        }
    };
    let text = match (written.subject.as_str(), written.author.as_str()) {
        ("", _) => String::new(),
        (subject, "") => format!("{subject}."),
        (subject, author) => format!("{subject}, by {author}."),
    };
    let mut step = Step::new(Tone::Warn, written.origin.to_string(), heading).text(text);
    step.commit.clone_from(&written.commit);
    if !written.lines.is_empty() {
        let lines = written.lines.clone();
        step.excerpt = Some(Excerpt { lines });
    }
    step
}

fn open(open: &Open) -> Step {
    let name = match open.pull.as_str() {
        "" => format!("branch {}", open.branch),
        number => format!("pull request {number}"),
    };
    let short = short(&open.commit);
    let text = match open.author.as_str() {
        "" => format!("{short}: {}.", open.subject),
        author => format!("{short} by {author}: {}.", open.subject),
    };
    let heading = format!("Already proposed: {name} changes this line");
    Step {
        commit: open.commit.clone(),
        unmerged: true,
        ..Step::new(Tone::Ok, "Git", heading).text(text)
    }
}

pub(super) fn ago(passed: SignedDuration) -> String {
    let plural = |count: i64, unit: &str| match count {
        1 => format!("1 {unit} ago"),
        count => format!("{count} {unit}s ago"),
    };
    match passed.as_secs().max(0) {
        seconds @ ..60 => plural(seconds, "second"),
        seconds @ ..3600 => plural(seconds / 60, "minute"),
        seconds @ ..86_400 => plural(seconds / 3600, "hour"),
        seconds => plural(seconds / 86_400, "day"),
    }
}

/// Whether a change of a file changes one of its lines, from 1, or puts something right beside it.
pub fn touches(old: &str, new: &str, line: u32) -> bool {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let Some(at) = usize::try_from(line)
        .ok()
        .and_then(|line| line.checked_sub(1))
    else {
        return false;
    };
    let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
    ops.iter().any(|op| match *op {
        DiffOp::Equal { .. } => false,
        DiffOp::Delete {
            old_index, old_len, ..
        }
        | DiffOp::Replace {
            old_index, old_len, ..
        } => (old_index..old_index + old_len).contains(&at),
        DiffOp::Insert { old_index, .. } => old_index == at || old_index == at + 1,
    })
}

#[test]
fn a_change_touches_the_lines_that_it_changes() {
    let old = "a\nb\nc\nd\n";
    for (new, touched) in [
        ("a\nB\nc\nd\n", vec![2]),
        ("a\nc\nd\n", vec![2]),
        ("a\nb\nx\nc\nd\n", vec![2, 3]),
        ("a\nb\nc\nd\n", vec![]),
        ("", vec![1, 2, 3, 4]),
    ] {
        let found: Vec<u32> = (0..=5).filter(|line| touches(old, new, *line)).collect();
        assert_eq!(found, touched, "{new:?}");
    }
}

#[test]
fn what_is_well_goes_on_with_what_is_wrong_in_it() {
    let well = Chain::well("Application web".into(), "web is healthy".into());
    let inner = Chain {
        rule: "selector".into(),
        steps: vec![Step::new(Tone::Bad, "", "leads to no pod")],
        ..Chain::default()
    };
    let both = well.clone().then(inner);
    assert_eq!(
        (both.well, both.steps.len(), &*both.rule),
        (false, 2, "selector")
    );
    assert!(well.clone().then(well).well);
}
