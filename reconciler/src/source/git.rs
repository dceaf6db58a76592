//! A bare repository on this machine: the hosted one, or a mirror. Only reads, blocking; see
//! [`Location::read`] for asynchronous callers.

use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid};
use jiff::Timestamp;

use engine::rollout::CommitId;
use engine::tree::Changes;

use super::mirror::DEFAULT;
use super::range::Range;
use super::{Commit, Error, GitTree, Person};

/// Where a repository is, and where else its objects may be. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    pub path: PathBuf,
    /// Objects that are being pushed and visible to nobody else.
    pub quarantine: Option<PathBuf>,
}

impl Location {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            quarantine: None,
        }
    }

    /// Opens the repository and hands it to `read`, off the asynchronous threads.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Repository) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let location = self.clone();
        let reading = client::blocking(move || read(&Repository::open(&location)?));
        reading.await.map_err(Error::Broken)?
    }
}

/// A ref that is about to move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// `refs/heads/main`
    pub name: String,
    /// `None` for one that is deleted.
    pub to: Option<CommitId>,
}

/// An open repository.
pub struct Repository {
    inner: git2::Repository,
    path: PathBuf,
}

impl Repository {
    /// Opens exactly this directory: nothing above it is looked at. Who owns it does not matter:
    /// the path comes from the service's own configuration.
    pub fn open(location: &Location) -> Result<Self, Error> {
        let path = location.path.clone();
        let inner =
            git2::Repository::open_bare(&path).map_err(failed("open the repository", &path))?;
        if let Some(quarantine) = &location.quarantine {
            let objects = inner.odb().map_err(failed("open the objects", &path))?;
            objects
                .add_disk_alternate(&quarantine.to_string_lossy())
                .map_err(failed("open the pushed objects", &path))?;
        }
        Ok(Self { inner, path })
    }

    pub(super) fn raw(&self) -> &git2::Repository {
        &self.inner
    }

    pub(crate) fn failed(&self, operation: &'static str) -> impl Fn(git2::Error) -> Error {
        failed(operation, &self.path)
    }

    pub(super) fn inner(&self) -> &git2::Repository {
        &self.inner
    }

    /// The commit a branch is at; `None` where there is no such branch.
    pub fn branch(&self, branch: &str) -> Result<Option<CommitId>, Error> {
        match self.inner.refname_to_id(&format!("refs/heads/{branch}")) {
            Ok(id) => Ok(Some(commit_id(id))),
            // `HEAD~1` is a revision, but can be no branch's name.
            Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::InvalidSpec) => {
                Ok(None)
            }
            Err(error) => Err(self.failed("read a branch")(error)),
        }
    }

    pub(crate) fn branches(&self) -> Result<Vec<String>, Error> {
        super::address::branches(&self.inner).map_err(self.failed("list the branches"))
    }

    /// The commit that a branch, a tag, any other ref, a commit or a beginning of its id names, or
    /// the newest tag of a range of versions; of a mirror the empty text names what its origin
    /// would check out, of a hosted one its `HEAD`.
    pub fn resolve(&self, revision: &str) -> Result<Option<CommitId>, Error> {
        if revision.is_empty() {
            let default = self.parsed(DEFAULT)?;
            return default.map_or_else(|| self.parsed("HEAD"), |it| Ok(Some(it)));
        }
        if revision.contains('\0') {
            return Ok(None);
        }
        if let Some(branch) = self.branch(revision)? {
            return Ok(Some(branch));
        }
        match self.parsed(revision)? {
            Some(commit) => Ok(Some(commit)),
            None => self.newest(revision, &[]),
        }
    }

    /// The branch that a revision means: its name, or that of the default branch for none.
    pub(crate) fn branch_name(&self, revision: &str) -> Result<Option<String>, Error> {
        let is_branch = |name: &str| Ok::<_, Error>(self.branch(name)?.is_some());
        let head = || {
            let head = self.inner.find_reference("HEAD").ok()?;
            let name = head.symbolic_target().ok().flatten()?;
            name.strip_prefix("refs/heads/").map(str::to_owned)
        };
        let name = match revision.strip_prefix("refs/heads/").unwrap_or(revision) {
            "" => head(),
            name => Some(name.to_owned()),
        };
        Ok(match name {
            Some(name) if is_branch(&name)? => Some(name),
            _ => None,
        })
    }

    /// The tag that a revision means: its name, or that of the newest one in its range.
    pub(crate) fn tag_of(&self, revision: &str) -> Result<Option<String>, Error> {
        if self.branch(revision)?.is_some() {
            return Ok(None);
        }
        let name = revision.strip_prefix("refs/tags/").unwrap_or(revision);
        if self
            .inner
            .refname_to_id(&format!("refs/tags/{name}"))
            .is_ok()
        {
            return Ok(Some(name.to_owned()));
        }
        let Some(range) = Range::parse(revision) else {
            return Ok(None);
        };
        let tags = self.inner.tag_names(None);
        let tags = tags.map_err(self.failed("list the tags"))?;
        let newest = range.newest(tags.iter().flatten().flatten());
        Ok(newest.map(str::to_owned))
    }

    /// What [`Self::resolve`] would answer once refs have moved.
    pub fn resolve_after(
        &self,
        revision: &str,
        moves: &[Moved],
    ) -> Result<Option<CommitId>, Error> {
        let head = || self.inner.find_reference("HEAD").ok();
        let default = head().and_then(|head| Some(head.symbolic_target().ok()??.to_owned()));
        let names = match revision {
            "" => vec![default.unwrap_or_default()],
            it => vec![
                format!("refs/heads/{it}"),
                format!("refs/tags/{it}"),
                it.to_owned(),
            ],
        };
        for name in &names {
            match moves.iter().find(|moved| moved.name == *name) {
                Some(Moved { to: Some(to), .. }) => return self.parsed(&to.0),
                Some(Moved { to: None, .. }) => return Ok(None),
                None if self.inner.refname_to_id(name).is_ok() => return self.parsed(name),
                None => {}
            }
        }
        match self.newest(revision, moves)? {
            Some(newest) => Ok(Some(newest)),
            None => self.resolve(revision),
        }
    }

    /// The commit of the newest tag in a range of versions, once refs have moved.
    fn newest(&self, revision: &str, moves: &[Moved]) -> Result<Option<CommitId>, Error> {
        let Some(range) = Range::parse(revision) else {
            return Ok(None);
        };
        let tags = self.inner.tag_names(None);
        let tags = tags.map_err(self.failed("list the tags"))?;
        let moved = |tag: &str| {
            let is_of = |moved: &&Moved| moved.name.strip_prefix("refs/tags/") == Some(tag);
            moves.iter().find(is_of)
        };
        let stay = tags.iter().flatten().flatten();
        let stay = stay.filter(|tag| moved(tag).is_none());
        let new = moves.iter().filter(|moved| moved.to.is_some());
        let new = new.filter_map(|moved| moved.name.strip_prefix("refs/tags/"));
        let Some(tag) = range.newest(stay.chain(new)) else {
            return Ok(None);
        };
        match moved(tag).and_then(|moved| moved.to.as_ref()) {
            Some(to) => self.parsed(&to.0),
            None => self.parsed(&format!("refs/tags/{tag}")),
        }
    }

    fn parsed(&self, revision: &str) -> Result<Option<CommitId>, Error> {
        let found = self
            .inner
            .revparse_single(revision)
            .and_then(|object| object.peel_to_commit());
        match found {
            Ok(commit) => Ok(Some(commit_id(commit.id()))),
            Err(error)
                if matches!(
                    error.code(),
                    ErrorCode::NotFound
                        | ErrorCode::InvalidSpec
                        | ErrorCode::Ambiguous
                        | ErrorCode::Peel
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.failed("resolve a revision")(error)),
        }
    }

    pub fn commit(&self, id: &CommitId) -> Result<Commit, Error> {
        let commit = self.find(id)?;
        let author = commit.author();
        Ok(Commit {
            id: id.clone(),
            parents: commit.parent_ids().map(commit_id).collect(),
            author: person(&author),
            authored_at: time(author.when()),
            committed_at: time(commit.committer().when()),
            message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
        })
    }

    /// The files of a commit.
    pub fn tree(&self, id: &CommitId) -> Result<GitTree<'_>, Error> {
        let tree = self.find(id)?.tree().map_err(self.failed("read a tree"))?;
        Ok(GitTree::new(&self.inner, tree))
    }

    /// What is different in the files of two commits.
    pub fn changes(&self, old: &CommitId, new: &CommitId) -> Result<Changes, Error> {
        let failed = || self.failed("compare the files of two commits");
        let tree = |id| self.find(id)?.tree().map_err(failed());
        let (old, new) = (tree(old)?, tree(new)?);
        let diff = self.inner.diff_tree_to_tree(Some(&old), Some(&new), None);
        let diff = diff.map_err(failed())?;
        let files = diff
            .deltas()
            .flat_map(|delta| [delta.old_file().path(), delta.new_file().path()])
            .flatten();
        let files: Vec<String> = files
            .map(|path| path.to_string_lossy().into_owned())
            .collect();
        Ok(Changes::of_files(files))
    }

    /// Whether `commit` is `ancestor` or stands on it.
    pub fn stands_on(&self, commit: &CommitId, ancestor: &CommitId) -> Result<bool, Error> {
        if commit == ancestor {
            return Ok(true);
        }
        let (commit, ancestor) = (self.oid(commit)?, self.oid(ancestor)?);
        self.inner
            .graph_descendant_of(commit, ancestor)
            .map_err(self.failed("compare commits"))
    }

    /// The commit in which a line of a file, from 1, became what it is; `None` where the commit has
    /// no such line.
    pub(crate) fn blame(
        &self,
        commit: &CommitId,
        file: &str,
        line: u32,
    ) -> Result<Option<CommitId>, Error> {
        let Ok(at) = usize::try_from(line) else {
            return Ok(None);
        };
        // Asked for a line beyond the last, libgit2 answers with some other.
        if !(1..=self.lines(commit, file)?).contains(&at) {
            return Ok(None);
        }
        let mut options = git2::BlameOptions::new();
        options.newest_commit(self.oid(commit)?);
        options.min_line(at).max_line(at);
        let blame = self.inner.blame_file(Path::new(file), Some(&mut options));
        let blame = match blame {
            Ok(blame) => blame,
            Err(error) if matches!(error.code(), ErrorCode::NotFound) => return Ok(None),
            Err(error) => return Err(self.failed("find who wrote a line")(error)),
        };
        Ok(blame
            .get_line(at)
            .map(|hunk| commit_id(hunk.final_commit_id())))
    }

    /// How many lines a file has; none where there is no such file.
    fn lines(&self, commit: &CommitId, file: &str) -> Result<usize, Error> {
        let failed = self.failed("read a file");
        let tree = self.find(commit)?.tree().map_err(&failed)?;
        let entry = match tree.get_path(Path::new(file)) {
            Ok(entry) => entry,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(0),
            Err(error) => return Err(failed(error)),
        };
        let blob = self.inner.find_blob(entry.id()).map_err(failed)?;
        let text = blob.content();
        Ok(text.split_inclusive(|byte| *byte == b'\n').count())
    }

    /// Where two commits went apart; `None` where they have nothing in common.
    pub(crate) fn merge_base(
        &self,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<CommitId>, Error> {
        match self.inner.merge_base(self.oid(one)?, self.oid(other)?) {
            Ok(base) => Ok(Some(commit_id(base))),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(self.failed("compare commits")(error)),
        }
    }

    pub(crate) fn find(&self, id: &CommitId) -> Result<git2::Commit<'_>, Error> {
        self.inner
            .find_commit(self.oid(id)?)
            .map_err(self.failed("find a commit"))
    }

    pub(crate) fn oid(&self, id: &CommitId) -> Result<Oid, Error> {
        Oid::from_str(id.first()).map_err(self.failed("read a commit's id"))
    }
}

fn failed(operation: &'static str, path: &Path) -> impl Fn(git2::Error) -> Error {
    move |source| Error::Git {
        operation,
        repository: path.to_owned(),
        source: source.into(),
    }
}

pub(crate) fn commit_id(id: Oid) -> CommitId {
    CommitId(id.to_string())
}

fn person(signature: &git2::Signature) -> Person {
    Person {
        name: String::from_utf8_lossy(signature.name_bytes()).into_owned(),
        email: String::from_utf8_lossy(signature.email_bytes()).into_owned(),
    }
}

/// Git's time; what no calendar knows is 1970.
fn time(time: git2::Time) -> Timestamp {
    Timestamp::from_second(time.seconds()).unwrap_or_default()
}
