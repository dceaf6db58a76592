//! The commits that a beginning of a hash may mean.

use std::collections::BTreeSet;

use git2::ErrorCode;

use engine::rollout::CommitId;

use super::{Error, Repository};

impl Repository {
    /// The commits whose hashes begin like this, where Git says that there is more than one object
    /// which does; none otherwise. All objects are looked at.
    pub(crate) fn beginning_with(&self, beginning: &str) -> Result<BTreeSet<CommitId>, Error> {
        let beginning = beginning.to_ascii_lowercase();
        let repository = self.inner();
        let found = repository.revparse_single(&beginning);
        if !found.is_err_and(|error| error.code() == ErrorCode::Ambiguous) {
            return Ok(BTreeSet::new());
        }
        let mut ids = Vec::new();
        let list = self.failed("list the objects");
        let objects = repository.odb().map_err(&list)?;
        let looking = objects.foreach(|id| {
            if id.to_string().starts_with(&beginning) {
                ids.push(*id);
            }
            true
        });
        looking.map_err(&list)?;
        let is_commit = |id: &git2::Oid| repository.find_commit(*id).is_ok();
        let commits = ids.into_iter().filter(is_commit);
        Ok(commits.map(|id| CommitId(id.to_string())).collect())
    }
}
