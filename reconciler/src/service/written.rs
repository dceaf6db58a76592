//! Where Git has a field: the line, the commit it came with, and the branch that changes it already.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use api::ObjectKey;
use engine::Origin;
use engine::rollout::CommitId;
use engine::tree::Reader;
use engine::why::{Line, Open, Written, touches};

use super::Error;
use super::kustomized::{self, Made};
use super::origins::{self, Found};
use super::queries::unreadable;
use crate::forge::Change;
use crate::githost::hosted::CLUSTER;
use crate::source::Repository;
use crate::sync::core::Core;

/// Lines of the file above and below the one that is meant.
const AROUND: u32 = 2;
/// The newest branches that are compared.
const BRANCHES: usize = 40;
/// How many lines are remembered with their commits.
const REMEMBERED: usize = 512;

/// Repository, commit, file and line.
type Place = (PathBuf, CommitId, String, u32);

/// The commits that lines came with: what a commit says of a line never changes.
#[derive(Debug, Default)]
pub(crate) struct Blames(Mutex<BTreeMap<Place, Option<CommitId>>>);

impl Blames {
    /// `Err` where nobody has asked yet.
    fn known(&self, place: &Place) -> Result<Option<CommitId>, ()> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(place).cloned().ok_or(())
    }

    fn remember(&self, place: Place, commit: Option<CommitId>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(place, commit);
    }
}

/// The first of the commits that is known to ask for the object says it. `None` where none is.
pub(super) async fn written(
    core: &Core,
    key: &ObjectKey,
    commits: &[CommitId],
    field: &str,
) -> Result<Option<Written>, Error> {
    for commit in commits {
        if let Some(found) = origins::find(core, key, commit).await? {
            return in_git(core, found, key, field).await.map(Some);
        }
    }
    Ok(None)
}

/// The commits that the lines came with which say each of these fields in `commit`; an empty one where
/// nobody can say, none where it is not known to ask for the object.
pub(super) async fn brought(
    core: &Core,
    key: &ObjectKey,
    commit: &CommitId,
    fields: &[String],
) -> Result<Vec<CommitId>, Error> {
    let Some(found) = origins::find(core, key, commit).await? else {
        return Ok(Vec::new());
    };
    let mut brought = Vec::with_capacity(fields.len());
    for (file, line) in kustomized::places(core, &found, key, fields).await? {
        let commit = blame(core, &found, (&file, line)).await?;
        brought.push(commit.unwrap_or_default());
    }
    Ok(brought)
}

/// The line of the manifest, or that of the kustomization which makes another value of it.
async fn in_git(core: &Core, found: Found, key: &ObjectKey, field: &str) -> Result<Written, Error> {
    let (origin, exact) = found.place(field);
    match kustomized::made(core, &found, key, field).await? {
        Made::Written => in_file(core, found, (origin, exact)).await,
        Made::At(file, line) => {
            let origin = found.told(&file, line);
            let found = found.at(&file).await?;
            in_file(core, found, (origin, true)).await
        }
        Made::Somewhere => Ok(Written {
            made: true,
            ..in_file(core, found, (origin, false)).await?
        }),
    }
}

async fn in_file(
    core: &Core,
    found: Found,
    (origin, exact): (Origin, bool),
) -> Result<Written, Error> {
    let line = origin.line;
    let text = String::from_utf8_lossy(&found.bytes).into_owned();
    let mut written = Written {
        lines: excerpt(&text, line),
        origin,
        exact,
        ..Written::default()
    };
    match blame(core, &found, (&found.file, line)).await? {
        Some(commit) => {
            let id = commit.clone();
            let reading = found.source.location.read(move |git| git.commit(&id));
            let commit = reading.await.map_err(unreadable)?;
            commit.subject().clone_into(&mut written.subject);
            written.commit = commit.id.0;
            written.author = commit.author.name;
            written.at = Some(commit.authored_at);
        }
        None => written.missing = "Git does not say which commit the line came with".into(),
    }
    written.open = open(core, &found, text, line).await?;
    Ok(written)
}

/// The lines around one; none of a file that has secrets in it.
fn excerpt(text: &str, line: u32) -> Vec<Line> {
    // However it is quoted or laid out, and wherever in the line: rather one too many is hidden.
    let is_secret = |line: &str| {
        let bare = line.replace([' ', '\t', '"', '\''], "");
        let tells = ["kind:Secret", "secretGenerator:", "ENC["];
        tells.iter().any(|it| bare.contains(it)) || bare.starts_with("sops:")
    };
    if text.lines().any(is_secret) {
        return Vec::new();
    }
    let numbered = (1_u32..).zip(text.lines());
    let wanted = numbered.filter(|(number, text)| {
        let near = number.abs_diff(line) <= AROUND;
        near && !text.trim_start().starts_with("---")
    });
    wanted
        .map(|(number, text)| Line {
            number,
            text: text.to_owned(),
            marked: number == line,
        })
        .collect()
}

async fn blame(
    core: &Core,
    found: &Found,
    (file, line): (&str, u32),
) -> Result<Option<CommitId>, Error> {
    let path = found.source.location.path.clone();
    let place = (path, found.commit.clone(), file.to_owned(), line);
    if let Ok(known) = core.blames.known(&place) {
        return Ok(known);
    }
    let (commit, file) = (found.commit.clone(), file.to_owned());
    let reading = found
        .source
        .location
        .read(move |git| git.blame(&commit, &file, line));
    let commit = reading.await.map_err(unreadable)?;
    core.blames.remember(place, commit.clone());
    Ok(commit)
}

/// The newest branch that is not merged and changes the line.
async fn open(core: &Core, found: &Found, text: String, line: u32) -> Result<Option<Open>, Error> {
    let repository = if found.source.name == core.source.name {
        CLUSTER
    } else {
        &found.source.name
    };
    let changes = core.history.reader().changes(repository).await?;
    let changes: Vec<Change> = changes.into_iter().take(BRANCHES).collect();
    let (commit, file) = (found.commit.clone(), found.file.clone());
    let reading = found.source.location.read(move |git| {
        let touching = changes.into_iter().find(|change| {
            touching(git, &commit, &file, (&text, line), &change.revision).unwrap_or(false)
        });
        Ok(touching)
    });
    let touching = reading.await.map_err(unreadable)?;
    Ok(touching.map(|change| Open {
        branch: change.branch,
        pull: change.pull,
        commit: change.revision.0,
        subject: change.report.subject,
        author: change.report.author,
    }))
}

/// Whether what the branch adds to where it left changes the line.
fn touching(
    git: &Repository,
    commit: &CommitId,
    file: &str,
    (text, line): (&str, u32),
    branch: &CommitId,
) -> Option<bool> {
    if git.stands_on(commit, branch).ok()? {
        // Merged already.
        return Some(false);
    }
    let read = |at: &CommitId| {
        let tree = git.tree(at).ok()?;
        let bytes = Reader::new(&tree).file(file).ok()??;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let left = git.merge_base(commit, branch).ok()??;
    let (old, new) = (read(&left)?, read(branch).unwrap_or_default());
    let line = if old == text {
        Some(line)
    } else {
        same(text, line, &old)
    };
    Some(old != new && touches(&old, &new, line?))
}

/// The number that a line has in another state of its file; `None` where it is not there once.
fn same(text: &str, line: u32, old: &str) -> Option<u32> {
    let at = usize::try_from(line).ok()?.checked_sub(1)?;
    let wanted = text.lines().nth(at)?;
    let mut found = (1_u32..).zip(old.lines()).filter(|(_, it)| *it == wanted);
    let (number, _) = found.next()?;
    found.next().is_none().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_of_the_lines_around_and_never_of_secrets() {
        let text = "a: 1\nb: 2\n---\nc: 3\nd: 4\ne: 5\n";
        let shown = |text: &str, line| {
            let lines = excerpt(text, line);
            let told = lines
                .iter()
                .map(|it| format!("{}{}", it.number, if it.marked { "!" } else { "" }));
            told.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(text, 4), "2 4! 5 6");
        assert_eq!(shown(text, 1), "1! 2");
        assert_eq!(shown("kind: Secret\ndata: {a: b}\n", 2), "");
        assert_eq!(shown("a: ENC[AES256_GCM,data:x]\n", 1), "");
        let made = "secretGenerator:\n- {name: a, literals: [key=b]}\nimages:\n- {newTag: x}\n";
        assert_eq!(shown(made, 4), "");
        for secret in [
            "- kind: \"Secret\"",
            "{kind:  Secret, a: b}",
            "{\"secretGenerator\": [a]}",
        ] {
            let text = format!("a: 1\n{secret}\n");
            assert_eq!(shown(&text, 1), "", "{secret}");
        }
    }

    #[test]
    fn a_line_is_found_again_only_where_it_is_once() {
        assert_eq!(same("a\nb\n", 2, "x\ny\nb\n"), Some(3));
        assert_eq!(same("a\nb\n", 2, "b\nb\n"), None);
        assert_eq!(same("a\n", 3, "a\n"), None);
    }
}
