//! The mirrors of each repository, in memory as in the history.

use std::sync::{MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{CLUSTER, Error, Repositories};
use crate::history::History;

/// Mirrors of one repository.
const MOST: usize = 16;

/// Which way things go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// What is pushed here is pushed there.
    To,
    /// What is new there is fetched; nobody pushes here.
    From,
}

impl Direction {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::To => "to",
            Self::From => "from",
        }
    }
}

/// One of them, and how it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mirror {
    #[serde(skip)]
    pub repository: String,
    pub direction: Direction,
    pub url: String,
    pub created_by: String,
    pub created_at: Timestamp,
    /// When both were the same last.
    pub synced_at: Option<Timestamp>,
    /// Why they are not; empty where they are.
    pub error: String,
    /// How often it failed since.
    pub failures: i32,
}

impl Mirror {
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let key = |it: &Self| (it.repository.clone(), it.direction, it.url.clone());
        key(self) == key(other)
    }
}

/// All there are.
pub(super) struct Mirrors {
    all: std::sync::Mutex<Vec<Mirror>>,
    /// Moves with every change.
    version: watch::Sender<u64>,
}

impl Mirrors {
    pub(super) async fn read(history: &History) -> Result<Self, Error> {
        Ok(Self {
            all: std::sync::Mutex::new(history.reader().mirrors().await?),
            version: watch::Sender::default(),
        })
    }

    fn all(&self) -> MutexGuard<'_, Vec<Mirror>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Repositories {
    pub fn mirrors(&self, repository: &str) -> Vec<Mirror> {
        let all = self.mirrors.all();
        let of = all.iter().filter(|mirror| mirror.repository == repository);
        of.cloned().collect()
    }

    /// Those of all repositories.
    pub(crate) fn all_mirrors(&self) -> Vec<Mirror> {
        self.mirrors.all().clone()
    }

    /// Moves when there is another mirror, or one less, or one is otherwise than before.
    pub(crate) fn mirrors_changed(&self) -> watch::Receiver<u64> {
        self.mirrors.version.subscribe()
    }

    /// Where the repository is fetched from, if it is: then nobody pushes to it.
    pub fn origin(&self, repository: &str) -> Option<String> {
        let mut mirrors = self.mirrors(repository).into_iter();
        let from = mirrors.find(|mirror| mirror.direction == Direction::From);
        from.map(|mirror| mirror.url)
    }

    /// Begins to mirror.
    ///
    /// # Errors
    /// There is no such repository, or it cannot be mirrored so.
    pub async fn mirror(
        &self,
        repository: &str,
        direction: Direction,
        url: &str,
        by: &str,
    ) -> Result<Mirror, Error> {
        self.must_be(repository)?;
        let known = self.mirrors(repository);
        if let Some(problem) = problem(repository, direction, url, &known) {
            return Err(Error::Wrong(problem));
        }
        if known
            .iter()
            .any(|it| it.url == url && it.direction == direction)
        {
            return Err(Error::Exists(format!(
                "mirrored {} {url}",
                direction.as_str()
            )));
        }
        let mirror = Mirror {
            repository: repository.to_owned(),
            direction,
            url: url.to_owned(),
            created_by: by.to_owned(),
            created_at: self.env.now(),
            synced_at: None,
            error: String::new(),
            failures: 0,
        };
        self.history.add_mirror(&mirror).await?;
        self.mirrors.all().push(mirror.clone());
        self.mirrors.version.send_modify(|it| *it += 1);
        Ok(mirror)
    }

    /// Ends to mirror; what is there stays.
    ///
    /// # Errors
    /// There is no such mirror.
    pub async fn unmirror(&self, repository: &str, url: &str) -> Result<(), Error> {
        self.must_be(repository)?;
        if !self.mirrors(repository).iter().any(|it| it.url == url) {
            return Err(Error::Missing(format!("mirrored to or from {url}")));
        }
        self.history.remove_mirror(repository, url).await?;
        let is_it = |it: &Mirror| it.repository == repository && it.url == url;
        self.mirrors.all().retain(|it| !is_it(it));
        self.mirrors.version.send_modify(|it| *it += 1);
        Ok(())
    }

    /// Records how a mirror is.
    pub(crate) async fn note_mirror(&self, now: &Mirror) -> Result<(), Error> {
        self.history.note_mirror(now).await?;
        let mut all = self.mirrors.all();
        if let Some(known) = all.iter_mut().find(|it| it.is_same(now)) {
            known.clone_from(now);
        }
        drop(all);
        self.mirrors.version.send_modify(|it| *it += 1);
        Ok(())
    }

    pub(super) fn forget_mirrors(&self, repository: &str) {
        self.mirrors.all().retain(|it| it.repository != repository);
        self.mirrors.version.send_modify(|it| *it += 1);
    }
}

/// Why this cannot be mirrored so.
fn problem(repository: &str, direction: Direction, url: &str, known: &[Mirror]) -> Option<String> {
    let has_password = || {
        let (_, rest) = url.split_once("://")?;
        let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
        let (person, _) = authority.rsplit_once('@')?;
        person.contains(':').then_some(())
    };
    if has_password().is_some() {
        return Some(
            "there is a password in the address, which everybody would see: put it into a Secret \
             of type kedge.dev/repository"
                .into(),
        );
    }
    let names_host = url.split('/').next().is_some_and(|host| host.contains(':'));
    let is_remote = names_host && !url.starts_with("file:");
    if url.contains(char::is_whitespace) || !is_remote && direction == Direction::To {
        return Some(format!(
            "{url:?} is no address to push to: write https://HOST/PATH, ssh://HOST/PATH or \
             USER@HOST:PATH"
        ));
    }
    if direction == Direction::From && repository == CLUSTER {
        return Some(format!(
            "{CLUSTER} is what people push to; to follow a repository elsewhere, start with --repo"
        ));
    }
    if direction == Direction::From && known.iter().any(|it| it.direction == Direction::From) {
        return Some(format!(
            "{repository} is a mirror already; one origin is enough"
        ));
    }
    (known.len() >= MOST).then(|| format!("{repository} has {MOST} mirrors, which are enough"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_has_an_address_without_a_password() {
        let check = |repository: &str, direction, url: &str, expected: Option<&str>| {
            let said = problem(repository, direction, url, &[]);
            match (said, expected) {
                (None, None) => {}
                (Some(said), Some(part)) if said.contains(part) => {}
                (said, _) => panic!("{url}: {said:?}"),
            }
        };
        let (to, from) = (Direction::To, Direction::From);
        for url in [
            "https://h/x.git",
            "https://ann@h/x.git",
            "git@h:x.git",
            "ssh://git@h/x",
        ] {
            check("shop", to, url, None);
            check("shop", from, url, None);
        }
        check("shop", from, "/srv/x.git", None);
        check("shop", to, "/srv/x.git", Some("no address to push to"));
        check(
            "shop",
            to,
            "file:///srv/x.git",
            Some("no address to push to"),
        );
        check(
            "shop",
            to,
            "https://ann:secret@h/x.git",
            Some("a password in the address"),
        );
        check("cluster", to, "https://h/x.git", None);
        check(
            "cluster",
            from,
            "https://h/x.git",
            Some("start with --repo"),
        );
    }
}
