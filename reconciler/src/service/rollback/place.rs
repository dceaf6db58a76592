//! Which repository and branch a rollback adds its commit to: those whose commits it takes back.

use engine::Application;
use engine::rollout::CommitId;

use crate::service::Error;
use crate::service::queries::unreadable;
use crate::source::Source;
use crate::sync::core::Core;
use crate::sync::{is_here, is_source_here};

/// A branch of a hosted repository.
pub(super) struct Place {
    pub(super) source: Source,
    pub(super) branch: String,
    /// Whether the Applications themselves are in it.
    pub(super) is_tracked: bool,
    /// The number of the application's source, the first of those that are there; `None` where all
    /// of the application is in the commits that define it.
    pub(super) index: Option<usize>,
}

impl Place {
    fn tracked(core: &Core, index: Option<usize>) -> Self {
        Self {
            source: core.source.clone(),
            branch: core.config.branch.clone(),
            is_tracked: true,
            index,
        }
    }

    /// The commit of this place among those of all sources.
    pub(super) fn part(&self, commit: &CommitId) -> CommitId {
        let parts = commit.parts();
        let part = self.index.and_then(|index| parts.get(index));
        part.unwrap_or(commit).clone()
    }
}

/// Where the commits are that lead from `below` to `top`: those of the sources that differ.
pub(super) async fn place(
    core: &Core,
    application: Option<&Application>,
    (below, top): (&CommitId, &CommitId),
) -> Result<Place, Error> {
    let Some(application) = application.filter(|it| !is_here(it)) else {
        return Ok(Place::tracked(core, None));
    };
    let name = &application.name;
    let mut found: Option<Place> = None;
    for index in moved(application, below, top)? {
        let Some(source) = application.sources().nth(index) else {
            continue;
        };
        let place = if is_source_here(source) {
            Place::tracked(core, Some(index))
        } else {
            elsewhere(core, source, index).await?
        };
        match &found {
            None => found = Some(place),
            Some(first) if is_same(first, &place) => {}
            Some(first) => {
                return Err(Error::Impossible(format!(
                    "commits of {} and of {} are to be undone, and a commit is in one repository: \
                     git revert those of {name} in each, and push",
                    first.source.name, place.source.name
                )));
            }
        }
    }
    found.ok_or_else(|| Error::Impossible(format!("{name} was brought to no other commit")))
}

fn is_same(one: &Place, other: &Place) -> bool {
    one.source.location == other.source.location && one.branch == other.branch
}

/// The sources whose commits differ.
fn moved(application: &Application, below: &CommitId, top: &CommitId) -> Result<Vec<usize>, Error> {
    let (below, top) = (below.parts(), top.parts());
    if below.len() != top.len() || top.len() != application.sources().count() {
        return Err(Error::Impossible(format!(
            "{} had other sources then: change them back in the Application, and push",
            application.name
        )));
    }
    let pairs = below.iter().zip(&top).enumerate();
    let moved = pairs.filter(|(_, (below, top))| below != top);
    Ok(moved.map(|(index, _)| index).collect())
}

async fn elsewhere(
    core: &Core,
    source: &engine::application::Source,
    index: usize,
) -> Result<Place, Error> {
    let repository = core.repository(source);
    let revision = source.revision.clone();
    let finding = repository
        .location
        .read(move |git| git.branch_name(&revision));
    let branch = finding.await.map_err(unreadable)?;
    let branch = branch.ok_or_else(|| {
        Error::Impossible(format!(
            "revision {:?} of {} is no branch: name another one in the Application",
            source.revision, repository.name
        ))
    })?;
    let is_tracked = repository.location == core.source.location && branch == core.config.branch;
    Ok(Place {
        source: repository,
        branch,
        is_tracked,
        index: Some(index),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_what_is_taken_back() {
        let source = |repo: &str| json!({"repo": repo, "path": "web"});
        let sources: Vec<_> = ["", "shop", "base"].map(source).to_vec();
        let body = json!({"metadata": {"name": "web"}, "spec": {"sources": sources}});
        let application = Application::from_object(&body.into());
        let check = |below: &str, top: &str, expected: Option<&[usize]>| {
            let id = |text: &str| CommitId(text.into());
            let moved = moved(&application, &id(below), &id(top)).ok();
            assert_eq!(moved.as_deref(), expected, "{below} to {top}");
        };
        check("a+b+c", "a+x+c", Some(&[1]));
        check("a+b+c", "x+b+y", Some(&[0, 2]));
        check("a+b+c", "a+b+c", Some(&[]));
        check("a+b", "a+b+c", None);
        check("a", "b", None);
    }
}
