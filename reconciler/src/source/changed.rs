//! Which commits changed a file on one side only.

use engine::rollout::CommitId;

use super::git::{Repository, commit_id};
use super::{Commit, Error};

/// Commits that are looked through.
const WALKED: usize = 2_000;

impl Repository {
    /// The newest commits, `most` of them, that `ours` has and `theirs` has not, and that changed the
    /// file themselves: what a merge brought, the commits on its other side did.
    pub fn changed_since(
        &self,
        ours: &CommitId,
        theirs: &CommitId,
        file: &str,
        most: usize,
    ) -> Result<Vec<Commit>, Error> {
        let failed = self.failed("find what changed a file");
        let git = self.inner();
        let mut walk = git.revwalk().map_err(&failed)?;
        walk.set_sorting(git2::Sort::TOPOLOGICAL).map_err(&failed)?;
        walk.push(self.find(ours)?.id()).map_err(&failed)?;
        walk.hide(self.find(theirs)?.id()).map_err(&failed)?;
        let mut found = Vec::new();
        for id in walk.take(WALKED) {
            let commit = git.find_commit(id.map_err(&failed)?).map_err(&failed)?;
            if commit.parent_count() > 1 {
                continue;
            }
            let before = commit.parents().next().map(|it| it.tree()).transpose();
            let (before, after) = (before.map_err(&failed)?, commit.tree().map_err(&failed)?);
            let mut only = git2::DiffOptions::new();
            only.disable_pathspec_match(true).pathspec(file);
            let diff = git.diff_tree_to_tree(before.as_ref(), Some(&after), Some(&mut only));
            if diff.map_err(&failed)?.deltas().len() > 0 {
                found.push(self.commit(&commit_id(commit.id()))?);
            }
            if found.len() == most {
                break;
            }
        }
        Ok(found)
    }
}
