//! Who signed a commit or a tag. The same programs say it that Git asks: `ssh-keygen`, which comes
//! with the OpenSSH client that fetching needs anyway, and `gpg`; each with the trusted keys alone,
//! in a directory that is gone afterwards.

mod decide;
mod run;
mod sign;
#[cfg(test)]
mod tests;
mod trust;

use engine::rollout::CommitId;
use git2::{ErrorCode, ObjectType};

use super::{Error, Repository};
pub(crate) use decide::{Signer, Unverified};
pub(crate) use run::verify;
pub(crate) use sign::sign;
pub use sign::{KeyError as SigningKeyError, SigningKey};
pub use trust::Trust;

/// The beginnings of signatures, each at the beginning of a line.
const OPENPGP: &str = "-----BEGIN PGP SIGNATURE-----";
const SSH: &str = "-----BEGIN SSH SIGNATURE-----";

/// A commit or a tag, as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    /// For people: `commit 4bf1e7c9`, `tag v1.2.0`.
    pub(crate) name: String,
    /// `None` where it has no signature.
    pub(crate) signature: Option<String>,
    pub(crate) content: Vec<u8>,
}

impl Repository {
    /// The commit with its signature.
    pub(crate) fn signed_commit(&self, id: &CommitId) -> Result<Signed, Error> {
        let name = format!("commit {}", id.short());
        match self.raw().extract_signature(&self.oid(id)?, None) {
            Ok((signature, content)) => Ok(Signed {
                name,
                signature: Some(String::from_utf8_lossy(&signature).into_owned()),
                content: content.to_vec(),
            }),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(Signed {
                name,
                signature: None,
                content: Vec::new(),
            }),
            Err(error) => Err(self.failed("read a signature")(error)),
        }
    }

    /// What is signed of a commit that has no signature.
    pub(crate) fn unsigned(&self, id: &CommitId) -> Result<String, Error> {
        let failed = || self.failed("read a commit");
        let objects = self.raw().odb().map_err(failed())?;
        let object = objects.read(self.oid(id)?).map_err(failed())?;
        Ok(String::from_utf8_lossy(object.data()).into_owned())
    }

    /// The same commit with a signature.
    pub(crate) fn put_signed(&self, content: &str, signature: &str) -> Result<CommitId, Error> {
        let made = self.raw().commit_signed(content, signature, None);
        made.map(super::commit_id)
            .map_err(self.failed("write a signed commit"))
    }

    /// The tag with its signature; `None` where there is no such tag. One that is only a name for a
    /// commit has none.
    pub(crate) fn signed_tag(&self, tag: &str) -> Result<Option<Signed>, Error> {
        let reference = format!("refs/tags/{tag}");
        let id = match self.raw().refname_to_id(&reference) {
            Ok(id) => id,
            Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => {
                return Ok(None);
            }
            Err(error) => return Err(self.failed("read a tag")(error)),
        };
        let objects = self.raw().odb().map_err(self.failed("open the objects"))?;
        let object = objects.read(id).map_err(self.failed("read a tag"))?;
        let name = format!("tag {tag}");
        if object.kind() != ObjectType::Tag {
            return Ok(Some(Signed {
                name,
                signature: None,
                content: Vec::new(),
            }));
        }
        Ok(Some(split(name, object.data())))
    }

    /// The commits that `new` has and `old` has not, newest first; only `new` where there is no
    /// `old`.
    pub(crate) fn added(
        &self,
        old: Option<&CommitId>,
        new: &CommitId,
    ) -> Result<Vec<CommitId>, Error> {
        let Some(old) = old.filter(|old| self.find(old).is_ok()) else {
            return Ok(vec![new.clone()]);
        };
        let failed = || self.failed("list the new commits");
        let mut walk = self.raw().revwalk().map_err(failed())?;
        walk.push(self.oid(new)?).map_err(failed())?;
        walk.hide(self.oid(old)?).map_err(failed())?;
        let ids: Result<Vec<_>, _> = walk.collect();
        let ids = ids.map_err(failed())?;
        Ok(ids.into_iter().map(super::commit_id).collect())
    }
}

/// A tag's signature stands at the end of its message.
fn split(name: String, data: &[u8]) -> Signed {
    let text = String::from_utf8_lossy(data);
    let begins = |mark: &str| {
        let at = text.rfind(&format!("\n{mark}"));
        at.map(|at| at + 1)
    };
    let at = begins(OPENPGP).or_else(|| begins(SSH));
    match at.filter(|at| {
        data.get(..*at)
            .is_some_and(|it| it == &text.as_bytes()[..*at])
    }) {
        Some(at) => Signed {
            name,
            signature: Some(text[at..].to_owned()),
            content: data[..at].to_vec(),
        },
        None => Signed {
            name,
            signature: None,
            content: data.to_vec(),
        },
    }
}
