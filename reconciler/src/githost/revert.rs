//! Rollback is a commit: one that undoes others, made in the bare repository. It moves no branch;
//! see [`super::repository::advance`].

use std::path::Path;

use git2::{Oid, Repository};

use engine::rollout::CommitId;

use super::part::{Part, tree};
use super::repository::{Error, author, committer, failed};
use crate::source::{Commit, Person, commit_id};

/// What to undo and what to say.
#[derive(Debug, Clone)]
pub struct Revert {
    /// Where the branch is.
    pub tip: CommitId,
    /// What is undone, newest first.
    pub commits: Vec<CommitId>,
    /// What alone is undone of them; `None` for all of it.
    pub only: Option<Part>,
    pub author: Person,
    pub message: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The commit exists; no branch has it yet.
    Made(CommitId),
    /// Later commits changed the same places of these files.
    Conflicts(Vec<String>),
    /// All of it is undone already.
    Nothing,
}

/// Makes the commit that undoes them.
pub fn revert(path: &Path, revert: &Revert) -> Result<Outcome, Error> {
    let repository = Repository::open_bare(path).map_err(failed("open", path))?;
    let find = |id: &CommitId| {
        Oid::from_str(&id.0)
            .and_then(|id| repository.find_commit(id))
            .map_err(failed("find a commit", path))
    };
    let tip = find(&revert.tip)?;
    let make = failed("revert a commit", path);
    // Each one is undone on top of what the one before left: a commit nobody refers to.
    let mut at = tip.clone();
    for id in &revert.commits {
        let bad = find(id)?;
        let mainline = u32::from(bad.parent_count() > 1);
        let mut index = repository
            .revert_commit(&bad, &at, mainline, None)
            .map_err(&make)?;
        let mut files = conflicts(&index).map_err(&make)?;
        files.retain(|file| revert.only.as_ref().is_none_or(|only| only.has(file)));
        if !files.is_empty() {
            return Ok(Outcome::Conflicts(files));
        }
        let tree = match &revert.only {
            None => index.write_tree_to(&repository),
            Some(only) => tree(&repository, (&at, &index), only),
        };
        let tree = repository.find_tree(tree.map_err(&make)?).map_err(&make)?;
        let by = committer(path)?;
        let step = repository
            .commit(None, &by, &by, "undo", &tree, &[&at])
            .map_err(&make)?;
        at = repository.find_commit(step).map_err(&make)?;
    }
    if at.tree_id() == tip.tree_id() {
        return Ok(Outcome::Nothing);
    }
    let tree = at.tree().map_err(&make)?;
    let (author, by) = (author(&revert.author, path)?, committer(path)?);
    let made = repository
        .commit(None, &author, &by, &revert.message, &tree, &[&tip])
        .map_err(&make)?;
    Ok(Outcome::Made(commit_id(made)))
}

/// How much a commit changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Size {
    pub files: usize,
    /// Lines.
    pub added: usize,
    pub removed: usize,
}

/// What a commit changes of another one.
pub fn size(path: &Path, from: &CommitId, to: &CommitId) -> Result<Size, Error> {
    let repository = Repository::open_bare(path).map_err(failed("open", path))?;
    let measure = || -> Result<Size, git2::Error> {
        let tree = |id: &CommitId| repository.find_commit(Oid::from_str(&id.0)?)?.tree();
        let (from, to) = (tree(from)?, tree(to)?);
        let diff = repository.diff_tree_to_tree(Some(&from), Some(&to), None)?;
        let stats = diff.stats()?;
        Ok(Size {
            files: stats.files_changed(),
            added: stats.insertions(),
            removed: stats.deletions(),
        })
    };
    measure().map_err(failed("measure a commit", path))
}

fn conflicts(index: &git2::Index) -> Result<Vec<String>, git2::Error> {
    let mut files = Vec::new();
    if !index.has_conflicts() {
        return Ok(files);
    }
    for conflict in index.conflicts()? {
        let conflict = conflict?;
        let entry = conflict.our.or(conflict.their).or(conflict.ancestor);
        files.extend(entry.map(|entry| String::from_utf8_lossy(&entry.path).into_owned()));
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// What a rollback's message is made of.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// In words: `rollout web-12`.
    pub what: &'a str,
    /// Empty for all of the repository.
    pub application: &'a str,
    /// Newest first.
    pub undone: &'a [Commit],
    /// Empty where later commits stay.
    pub restores: &'a CommitId,
    /// The oldest that is undone; may be empty.
    pub rollout: &'a str,
    /// The paths that are all of it; empty where the whole commits are undone.
    pub only: &'a [String],
    pub reason: &'a str,
}

/// What the commit says, the way `git revert` would, with what Kedge wants to find again.
pub fn message(told: &Told) -> String {
    let number = told.undone.len();
    let alone = if told.only.is_empty() {
        String::new()
    } else {
        format!(" for {} alone", told.application)
    };
    let subject = match told.undone {
        [one] => format!("Revert \"{}\"", one.subject()),
        _ if told.restores.0.is_empty() => format!("Revert {} ({number} commits)", told.what),
        _ => format!("Roll back to {} ({number} commits)", told.restores.short()),
    };
    let mut reverts: Vec<String> = told
        .undone
        .iter()
        .map(|commit| format!("This reverts commit {}{alone}.", commit.id))
        .collect();
    if !told.only.is_empty() {
        reverts.push("Its other files stay as they are.".into());
    }
    let paths = told.only.iter();
    let trailers: Vec<String> = [
        ("Kedge-App", told.application),
        ("Kedge-Rollback-To", told.restores.0.as_str()),
        ("Kedge-Rollout", told.rollout),
    ]
    .into_iter()
    .chain(paths.map(|path| ("Kedge-Rollback-Path", path.as_str())))
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| format!("{name}: {value}"))
    .collect();
    let reason = quiet(told.reason.trim());
    let subject = format!("{subject}{alone}");
    let parts = [subject, reason, reverts.join("\n"), trailers.join("\n")];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n") + "\n"
}

/// The reason without lines that would read as trailers of ours.
fn quiet(reason: &str) -> String {
    let lines = reason.lines().map(|line| {
        if line.to_ascii_lowercase().starts_with("kedge-") {
            format!("> {line}")
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use engine::rollout::rollback;

    use super::super::repository::{advance, prepare};
    use super::*;
    use crate::source::Source;
    use crate::testing::{Directory, commit};

    fn undo(path: &Path, tip: &CommitId, commits: &[&CommitId]) -> Outcome {
        let order = Revert {
            tip: tip.clone(),
            commits: commits.iter().map(|id| (*id).clone()).collect(),
            only: None,
            author: Person::new("Bob <", ""),
            message: "Undo".into(),
        };
        revert(path, &order).unwrap()
    }

    #[tokio::test]
    async fn undoes_one_or_several_and_moves_the_branch_only_from_where_it_is() {
        let directory = Directory::new();
        let path = directory.path().join("a.git");
        prepare(&path, "main", None).unwrap();
        let good = BTreeMap::from([("a", "good\n"), ("b", "1\n")]);
        let first = commit(&path, "main", "1", &good);
        let bad = BTreeMap::from([("a", "bad\n"), ("b", "1\n")]);
        let second = commit(&path, "main", "2", &bad);
        let third = BTreeMap::from([("a", "bad\n"), ("b", "2\n")]);
        let third = commit(&path, "main", "3", &third);

        let Outcome::Made(made) = undo(&path, &third, &[&second]) else {
            panic!("not made")
        };
        let source = Source::hosted(&path);
        assert_eq!(source.head("main").await.unwrap(), Some(third.clone()));
        let stale = advance(&path, "main", &second, &made, "undo").unwrap_err();
        assert!(matches!(stale, Error::Moved { actual, .. } if actual == third));
        advance(&path, "main", &third, &made, "undo").unwrap();
        let commit = source.commit(&made).await.unwrap();
        assert_eq!(commit.parents, std::slice::from_ref(&third));
        assert_eq!(commit.author, Person::new("Bob", "kedge@localhost"));

        let Outcome::Made(both) = undo(&path, &third, &[&third, &second]) else {
            panic!("not made")
        };
        let git = git2::Repository::open_bare(&path).unwrap();
        let tree = |id: &CommitId| {
            let id = Oid::from_str(&id.0).unwrap();
            git.find_commit(id).unwrap().tree_id()
        };
        assert_eq!(tree(&both), tree(&first));
    }

    #[test]
    fn says_what_is_in_the_way() {
        let directory = Directory::new();
        let path = directory.path().join("a.git");
        prepare(&path, "main", None).unwrap();
        let of = |content: &str| BTreeMap::from([("dir/a", content.to_owned())]);
        commit(&path, "main", "1", &of("one\n"));
        let second = commit(&path, "main", "2", &of("two\n"));
        let third = commit(&path, "main", "3", &of("three\n"));
        let conflict = Outcome::Conflicts(vec!["dir/a".into()]);
        assert_eq!(undo(&path, &third, &[&second]), conflict);
        let fourth = commit(&path, "main", "4", &of("two\n"));
        assert_eq!(undo(&path, &fourth, &[&third]), Outcome::Nothing);
    }

    #[test]
    fn a_part_goes_back_where_only_other_files_conflict() {
        let directory = Directory::new();
        let path = directory.path().join("a.git");
        prepare(&path, "main", None).unwrap();
        let of = |web: &str, other: &str, more: Option<&str>| {
            let files = [
                ("web/a", Some(web)),
                ("two/a", Some(other)),
                ("web/b", more),
            ];
            let there = files
                .into_iter()
                .filter_map(|(name, text)| Some((name, text?.to_owned())));
            there.collect::<BTreeMap<_, _>>()
        };
        commit(&path, "main", "1", &of("one\n", "one\n", None));
        let second = commit(&path, "main", "2", &of("two\n", "two\n", Some("new\n")));
        let third = commit(&path, "main", "3", &of("two\n", "three\n", Some("new\n")));
        let conflict = Outcome::Conflicts(vec!["two/a".into()]);
        assert_eq!(undo(&path, &third, &[&second]), conflict);
        let of_directory = |directory: &str| {
            let order = Revert {
                tip: third.clone(),
                commits: vec![second.clone()],
                only: Some(Part {
                    directories: [directory.to_owned()].into(),
                    ..Part::default()
                }),
                author: Person::new("Bob", ""),
                message: "Undo".into(),
            };
            revert(&path, &order).unwrap()
        };
        assert_eq!(of_directory("two"), conflict);
        assert_eq!(of_directory("none"), Outcome::Nothing);
        let Outcome::Made(made) = of_directory("web") else {
            panic!("not made")
        };
        let git = git2::Repository::open_bare(&path).unwrap();
        let made = git.find_commit(Oid::from_str(&made.0).unwrap()).unwrap();
        let file = |name: &str| {
            let entry = made.tree().unwrap().get_path(Path::new(name)).ok()?;
            let blob = git.find_blob(entry.id()).unwrap();
            Some(String::from_utf8_lossy(blob.content()).into_owned())
        };
        assert_eq!(file("web/a").as_deref(), Some("one\n"));
        assert_eq!(file("two/a").as_deref(), Some("three\n"));
        assert_eq!(file("web/b"), None);
    }

    #[test]
    fn the_message_is_found_again() {
        let commit = Commit {
            id: CommitId("abcdef1234567890abcdef1234567890abcdef12".into()),
            parents: Vec::new(),
            author: Person::default(),
            authored_at: jiff::Timestamp::UNIX_EPOCH,
            committed_at: jiff::Timestamp::UNIX_EPOCH,
            message: "Use a new image\n\nIt is faster.".into(),
        };
        let restores = CommitId("1234567890abcdef1234567890abcdef12345678".into());
        let reason = "It does not start.\nKedge-Rollout: other-1";
        let undone = [commit.clone(), commit.clone()];
        let told = |number: usize, restores| Told {
            what: "rollout web-3",
            application: "web",
            undone: &undone[..number],
            restores,
            rollout: "web-3",
            only: &[],
            reason,
        };
        let one = message(&told(1, &restores));
        assert!(one.starts_with("Revert \"Use a new image\"\n\nIt does not start.\n"));
        let found = rollback(&one).unwrap();
        assert_eq!(found.reverts, std::slice::from_ref(&commit.id));
        assert_eq!(found.rollout.as_deref(), Some("web-3"));
        assert_eq!(found.restores.as_ref(), Some(&restores));
        let two = message(&told(2, &restores));
        assert!(
            two.starts_with("Roll back to 1234567 (2 commits)\n"),
            "{two}"
        );
        // Later commits stay: nothing is restored as it was.
        let none = CommitId::default();
        let part = message(&told(2, &none));
        assert!(
            part.starts_with("Revert rollout web-3 (2 commits)\n"),
            "{part}"
        );
        assert_eq!(rollback(&part).unwrap().restores, None);
        // Of one application alone, and Kedge still knows what it undoes.
        let only = ["web".to_owned(), "base/web.yaml".to_owned()];
        let alone = message(&Told {
            only: &only,
            ..told(1, &restores)
        });
        assert!(
            alone.starts_with("Revert \"Use a new image\" for web alone\n"),
            "{alone}"
        );
        let says = format!(
            "This reverts commit {} for web alone.\nIts other files stay",
            commit.id
        );
        assert!(alone.contains(&says), "{alone}");
        let ends = "Kedge-Rollback-Path: web\nKedge-Rollback-Path: base/web.yaml\n";
        assert!(alone.ends_with(ends), "{alone}");
        assert_eq!(rollback(&alone).unwrap().reverts, [commit.id]);
    }
}
