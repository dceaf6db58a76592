//! What a branch would be once it is merged, without merging it.

use engine::rollout::CommitId;

use super::git::{Repository, commit_id};
use super::{Error, Merged};

impl Repository {
    /// The commit that merging `theirs` into `ours` would make. No branch has it; asked again, it
    /// is the same.
    pub fn merged(&self, ours: &CommitId, theirs: &CommitId) -> Result<Merged, Error> {
        if self.stands_on(theirs, ours)? {
            return Ok(Merged::Commit(theirs.clone()));
        }
        if self.stands_on(ours, theirs)? {
            return Ok(Merged::Nothing);
        }
        let failed = self.failed("merge");
        let (base, head) = (self.find(ours)?, self.find(theirs)?);
        let git = self.inner();
        let index = git.merge_commits(&base, &head, None);
        let mut index = index.map_err(&failed)?;
        if index.has_conflicts() {
            let conflicts = index.conflicts().map_err(&failed)?;
            let entries = conflicts.filter_map(Result::ok);
            let entries = entries.filter_map(|it| it.our.or(it.their).or(it.ancestor));
            let mut files: Vec<String> = entries
                .map(|entry| String::from_utf8_lossy(&entry.path).into_owned())
                .collect();
            files.sort();
            files.dedup();
            return Ok(Merged::Conflicts(files));
        }
        let tree = index.write_tree_to(git).map_err(&failed)?;
        let tree = git.find_tree(tree).map_err(&failed)?;
        // Its author and time make it the same commit each time.
        let by = head.committer();
        let message = "As it would be once it is merged";
        let made = git.commit(None, &by, &by, message, &tree, &[&base, &head]);
        made.map(commit_id).map(Merged::Commit).map_err(&failed)
    }
}
