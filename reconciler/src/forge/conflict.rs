//! What stands in the way of a merge, and how somebody takes it out of it. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use engine::rollout::CommitId;

/// Why a branch cannot be merged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Conflict {
    pub files: Vec<Conflicting>,
    /// How many more files there are.
    pub more: usize,
    /// The last plan that could be made: what the report says of applications is of then.
    pub earlier: Option<Earlier>,
}

/// A file in which both sides changed the same place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Conflicting {
    pub path: String,
    /// What changed it where the branch would be merged, since the two went apart; newest first.
    pub commits: Vec<Changed>,
}

/// A commit, for people.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Changed {
    pub id: CommitId,
    pub subject: String,
    pub author: String,
}

/// A plan of before the conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Earlier {
    pub revision: CommitId,
    pub base: CommitId,
    pub planned_at: Timestamp,
}

impl Conflict {
    /// What it is, who else changed that, and what to do; the first line says all in short.
    pub(crate) fn problems(&self, base: &CommitId, branch: &str, pull: &str) -> String {
        let named: Vec<&str> = self.files.iter().map(|file| file.path.as_str()).collect();
        let named = named.join(", ");
        let base = base.short();
        let mut lines = vec![match self.more {
            0 => format!("it cannot be merged into {base}: {named}"),
            more => format!("it cannot be merged into {base}: {named} and {more} more"),
        }];
        for file in &self.files {
            for commit in &file.commits {
                lines.push(format!(
                    "  {} was changed there by {} \"{}\" ({})",
                    file.path,
                    commit.id.short(),
                    commit.subject,
                    commit.author
                ));
            }
        }
        lines.push("  solve it in the branch:".into());
        let commands = by_hand(base, branch, pull).into_iter();
        lines.extend(commands.map(|command| format!("    {command}")));
        lines.join("\n")
    }
}

/// The commands that merge what came meanwhile into the branch. Git stops at the conflict after the
/// first of them.
pub(crate) fn by_hand(base: &str, branch: &str, pull: &str) -> Vec<String> {
    // What the branch of a pull request is called where it is from, is not known here.
    let (switch, push) = if pull.is_empty() {
        (
            format!("git switch {branch} && "),
            format!("git push origin {branch}"),
        )
    } else {
        (String::new(), "git push".to_owned())
    };
    vec![
        format!("git fetch origin && {switch}git merge {base}"),
        "git commit --all --no-edit".to_owned(),
        push,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conflict_says_who_else_changed_it_and_what_to_do() {
        let base = CommitId("96b7657".repeat(5));
        let conflict = Conflict {
            files: vec![Conflicting {
                path: "shop/config.yaml".into(),
                commits: vec![Changed {
                    id: CommitId("5d0be77aa210".into()),
                    subject: "Two colours".into(),
                    author: "Ann".into(),
                }],
            }],
            ..Conflict::default()
        };
        let expected = [
            "it cannot be merged into 96b7657: shop/config.yaml",
            "  shop/config.yaml was changed there by 5d0be77 \"Two colours\" (Ann)",
            "  solve it in the branch:",
            "    git fetch origin && git switch more-shop && git merge 96b7657",
            "    git commit --all --no-edit",
            "    git push origin more-shop",
        ];
        let told = conflict.problems(&base, "more-shop", "");
        assert_eq!(told.lines().collect::<Vec<&str>>(), expected);
        assert_eq!(
            by_hand("96b7657", "pull/7", "7"),
            [
                "git fetch origin && git merge 96b7657",
                "git commit --all --no-edit",
                "git push"
            ]
        );
        let more = Conflict {
            more: 3,
            ..conflict
        };
        let told = more.problems(&base, "more-shop", "");
        let first = told.lines().next();
        assert_eq!(
            first,
            Some("it cannot be merged into 96b7657: shop/config.yaml and 3 more")
        );
    }
}
