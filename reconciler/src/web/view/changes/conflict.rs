//! A branch that cannot be merged: what is in the way, and how somebody takes it out of it.

use jiff::Timestamp;

use super::chip;
use crate::forge::{Change, Conflict, by_hand};
use crate::web::view::component::CommitChip;
use crate::web::view::time::When;

/// What the page says of it.
#[derive(Debug)]
pub(crate) struct InTheWay {
    pub files: Vec<File>,
    pub more: usize,
    /// One after the other; Git stops after the first.
    pub commands: Vec<String>,
    pub earlier: Option<Earlier>,
}

/// A file, and what changed it where the branch would be merged.
#[derive(Debug)]
pub(crate) struct File {
    pub path: String,
    /// With subject and author.
    pub commits: Vec<(CommitChip, String, String)>,
}

/// The plan of before: what, on what, and when.
#[derive(Debug)]
pub(crate) struct Earlier {
    pub commit: CommitChip,
    pub base: CommitChip,
    pub planned: When,
}

pub(super) fn in_the_way(change: &Change, conflict: &Conflict, now: Timestamp) -> InTheWay {
    let files = conflict.files.iter().map(|file| {
        let commits = file.commits.iter();
        let commits = commits.map(|it| (chip(&it.id), it.subject.clone(), it.author.clone()));
        File {
            path: file.path.clone(),
            commits: commits.collect(),
        }
    });
    InTheWay {
        files: files.collect(),
        more: conflict.more,
        commands: by_hand(change.base.short(), &change.branch, &change.pull),
        earlier: conflict.earlier.as_ref().map(|it| Earlier {
            commit: chip(&it.revision).aside(),
            base: chip(&it.base),
            planned: When::ago(it.planned_at, now),
        }),
    }
}

#[cfg(test)]
mod tests {
    use askama::Template;
    use engine::rollout::CommitId;

    use super::super::{Page, one, row};
    use super::*;
    use crate::forge::{self, Changed, Conflicting, Report, Verdict};
    use crate::githost::hosted::CLUSTER;
    use crate::web::view::tests::now;

    #[test]
    fn a_conflict_has_its_commits_its_commands_and_the_plan_of_before() {
        let id = |letter: &str| CommitId(letter.repeat(40));
        let conflict = Conflict {
            files: vec![Conflicting {
                path: "shop/config.yaml".into(),
                commits: vec![Changed {
                    id: id("b"),
                    subject: "Two colours".into(),
                    author: "Ada".into(),
                }],
            }],
            more: 0,
            earlier: Some(forge::Earlier {
                revision: id("c"),
                base: id("d"),
                planned_at: now(),
            }),
        };
        let base = id("a");
        let change = Change {
            repository: CLUSTER.into(),
            branch: "more-shop".into(),
            revision: id("e"),
            base: base.clone(),
            pull: String::new(),
            planned_at: now(),
            verdict: Verdict::Refused,
            digest: String::new(),
            report: Report {
                problems: conflict.problems(&base, "more-shop", ""),
                conflict: Some(conflict),
                unchanged: 3,
                ..Report::default()
            },
        };
        let in_list = row(&change, now());
        assert_eq!(in_list.state.word, "Conflicts");
        assert_eq!(
            in_list.summary,
            "It cannot be merged into aaaaaaa: shop/config.yaml."
        );
        let view = one(&change, now());
        let page = Page { view }.render().unwrap();
        for says in [
            "href=\"/commits/bbbbbbbbbbbb\"",
            "Two colours",
            "git fetch origin &#38;&#38; git switch more-shop &#38;&#38; git merge aaaaaaa",
            "git push origin more-shop",
            "Before the conflict",
            "href=\"/commits/dddddddddddd\"",
            "Applications changed",
            "3 more unchanged",
        ] {
            assert!(page.contains(says), "{says}: {page}");
        }
        assert!(!page.contains("Why it would be refused"), "{page}");
    }
}
