//! One commit, as the repository has it.

use engine::rollout::CommitId;

use super::Error;
use super::queries::unreadable;
use super::types::{CommitView, Signature};
use crate::sync::core::Core;

/// The commit of the tracked repository that begins with `prefix`; `None` where there is none.
pub(super) async fn commit(core: &Core, prefix: &str) -> Result<Option<CommitView>, Error> {
    let found = core.source.resolve(prefix).await.map_err(unreadable)?;
    let found = found.filter(|id| id.0.starts_with(&prefix.to_ascii_lowercase()));
    let Some(id) = (match found {
        Some(id) => Some(id),
        None => meant(core, prefix).await?,
    }) else {
        return Ok(None);
    };
    let commit = core.source.commit(&id).await.map_err(unreadable)?;
    let signature = signature(core, &id).await;
    Ok(Some(CommitView { commit, signature }))
}

/// The one commit among the objects that begin like this.
async fn meant(core: &Core, prefix: &str) -> Result<Option<CommitId>, Error> {
    let beginning = prefix.to_owned();
    let location = &core.source.location;
    let looking = location.read(move |git| git.beginning_with(&beginning));
    let mut commits = looking.await.map_err(unreadable)?;
    if commits.len() > 1 {
        return Err(Error::Ambiguous {
            beginning: prefix.to_owned(),
            commits,
        });
    }
    Ok(commits.pop_first())
}

async fn signature(core: &Core, id: &CommitId) -> Signature {
    let location = &core.source.location;
    let wanted = id.clone();
    let signed = location.read(move |git| git.signed_commit(&wanted)).await;
    let has_one = match signed {
        Ok(signed) => signed.signature.is_some(),
        Err(error) => return Signature::Unknown(crate::sync::causes(&error)),
    };
    if !has_one {
        return Signature::Missing;
    }
    if !core.signatures.are_wanted() {
        return Signature::Unchecked;
    }
    match core.signatures.tracked(location, None, id).await {
        Ok(Ok(signers)) => Signature::Trusted(signers.join(", ")),
        Ok(Err(problems)) => Signature::Refused(problems.to_string()),
        Err(error) => Signature::Unknown(crate::sync::causes(&error)),
    }
}
