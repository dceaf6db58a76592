//! A bare mirror of a repository elsewhere: fetched into, never pushed from. One of this machine
//! is read by libgit2, any other by the system's Git.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use git2::{
    AutotagOption, FetchOptions, FetchPrune, RemoteCallbacks, Repository, RepositoryInitOptions,
};

use client::Env;

use super::address::{Address, Remote, open};
use super::command::Session;
use super::failure::FailureKind;
use super::{Access, Error, Location};

/// How long one fetch may take.
const PATIENCE: Duration = Duration::from_mins(5);
/// The branch the server itself would check out.
pub(super) const DEFAULT: &str = "refs/kedge/HEAD";
const REFSPECS: [&str; 3] = [
    "+refs/heads/*:refs/heads/*",
    "+refs/tags/*:refs/tags/*",
    "+HEAD:refs/kedge/HEAD",
];

/// Brings the mirror up to date; makes it where it is not there.
pub(super) async fn fetch(
    location: &Location,
    url: &str,
    (access, further): (&Access, &BTreeSet<String>),
    env: &Env,
) -> Result<(), Error> {
    let refspecs = refspecs(further);
    match Address::parse(url)? {
        Address::Local(_) => copy(location, url, refspecs, env).await,
        Address::Remote(remote) => {
            let path = location.path.clone();
            blocking(move || prepare(&path)).await?;
            download(&location.path, &remote, (access, &refspecs), env).await?;
            let path = location.path.clone();
            blocking(move || point_head(&path)).await
        }
    }
}

/// The default branch comes last. A ref that is not there must not stop the others: as a pattern it
/// may match nothing.
fn refspecs(further: &BTreeSet<String>) -> Vec<String> {
    let further = further.iter().map(|name| format!("+{name}*:{name}*"));
    let mut all: Vec<String> = REFSPECS[..2].iter().map(ToString::to_string).collect();
    all.extend(further);
    all.push(REFSPECS[2].to_owned());
    all
}

/// Makes the repository at `url` have the branches and tags of the one here, and no others.
pub(super) async fn publish(
    location: &Location,
    url: &str,
    access: &Access,
    env: &Env,
) -> Result<(), Error> {
    let Address::Remote(remote) = Address::parse(url)? else {
        return Err(Error::Address {
            url: shown(url),
            problem: "it is on this machine, and mirrors are elsewhere".into(),
        });
    };
    let private = location.path.with_extension("sign-in-there");
    let session = Session::open(&remote, access, private)?;
    let line = [
        "--git-dir".as_ref(),
        location.path.as_os_str(),
        "push".as_ref(),
        "--quiet".as_ref(),
        "--prune".as_ref(),
        "--no-verify".as_ref(),
    ];
    let pushed = session.git(&line, &REFSPECS[..2], PATIENCE, env).await;
    pushed.map(drop).map_err(|error| match error {
        Error::Remote { url, failure } => Error::Publish { url, failure },
        error => error,
    })
}

/// Has `HEAD` name the branch that the origin's `HEAD` is at, so that clones begin with it.
pub(super) async fn point_head_at_branch(location: &Location) -> Result<(), Error> {
    let path = location.path.clone();
    blocking(move || {
        let failed = failed("point HEAD", &path);
        let repository = Repository::open_bare(&path).map_err(&failed)?;
        let Ok(head) = repository.refname_to_id(DEFAULT) else {
            return Ok(());
        };
        let mut names = super::address::branches(&repository).map_err(&failed)?;
        names.sort_by_key(|name| !["main", "master"].contains(&name.as_str()));
        let at = |name: &&String| {
            let id = repository.refname_to_id(&format!("refs/heads/{name}"));
            id.is_ok_and(|id| id == head)
        };
        let Some(name) = names.iter().find(at) else {
            return Ok(());
        };
        let pointed = repository.set_head(&format!("refs/heads/{name}"));
        pointed.map_err(&failed)
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    client::blocking(work).await.map_err(Error::Broken)?
}

/// Makes the repository, or frees it of what an ended Git left: nobody else fetches into it.
fn prepare(path: &Path) -> Result<(), Error> {
    mirror(path).map_err(failed("make the mirror", path))?;
    for name in ["HEAD.lock", "packed-refs.lock", "shallow.lock"] {
        let _left = std::fs::remove_file(path.join(name));
    }
    unlock(&path.join("refs"));
    Ok(())
}

/// Opens it; where there is none, makes one without the machine's template: no hooks.
fn mirror(path: &Path) -> Result<Repository, git2::Error> {
    if let Ok(repository) = Repository::open_bare(path) {
        return Ok(repository);
    }
    let mut options = RepositoryInitOptions::new();
    options.bare(true).mkpath(true).external_template(false);
    Repository::init_opts(path, &options)
}

fn unlock(directory: &Path) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            unlock(&path);
        } else if path.extension() == Some(OsStr::new("lock")) {
            let _left = std::fs::remove_file(path);
        }
    }
}

async fn download(
    path: &Path,
    remote: &Remote,
    (access, refspecs): (&Access, &[String]),
    env: &Env,
) -> Result<(), Error> {
    let session = Session::open(remote, access, path.with_extension("sign-in"))?;
    let line = [
        "--git-dir".as_ref(),
        path.as_os_str(),
        "fetch".as_ref(),
        "--quiet".as_ref(),
        "--prune".as_ref(),
        "--no-tags".as_ref(),
        "--no-write-fetch-head".as_ref(),
        "--update-head-ok".as_ref(),
        "--no-recurse-submodules".as_ref(),
    ];
    let refspecs: Vec<&str> = refspecs.iter().map(String::as_str).collect();
    match session.git(&line, &refspecs, PATIENCE, env).await {
        // An empty repository, or one whose default branch is not there.
        Err(Error::Remote { failure, .. }) if failure.kind == FailureKind::NoRef => {
            let named = &refspecs[..refspecs.len() - 1];
            session.git(&line, named, PATIENCE, env).await
        }
        fetched => fetched,
    }
    .map(drop)
}

/// `HEAD` and `HEAD~1` mean here what they mean there.
fn point_head(path: &Path) -> Result<(), Error> {
    let failed = failed("point HEAD", path);
    let repository = Repository::open_bare(path).map_err(&failed)?;
    repository
        .reference_symbolic("HEAD", DEFAULT, true, "as in the origin")
        .map(drop)
        .map_err(&failed)
}

/// Fetches from a repository of this machine.
async fn copy(
    location: &Location,
    url: &str,
    refspecs: Vec<String>,
    env: &Env,
) -> Result<(), Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let copying = {
        let (path, url, stop) = (location.path.clone(), url.to_owned(), stop.clone());
        blocking(move || {
            copy_blocking(&path, &url, &refspecs, &stop)?;
            point_head(&path)
        })
    };
    tokio::select! {
        copied = copying => copied,
        () = env.clock.sleep(PATIENCE) => {
            // The thread ends with its next bit of progress.
            stop.store(true, Ordering::Relaxed);
            Err(Error::Late { url: shown(url), seconds: PATIENCE.as_secs() })
        }
    }
}

fn copy_blocking(
    path: &Path,
    url: &str,
    refspecs: &[String],
    stop: &AtomicBool,
) -> Result<(), Error> {
    if let Address::Local(origin) = Address::parse(url)? {
        open(&origin)?;
    }
    let failed = |source: git2::Error| Error::Fetch {
        url: shown(url),
        source: source.into(),
    };
    let repository = mirror(path).map_err(failed)?;
    let mut callbacks = RemoteCallbacks::new();
    callbacks.transfer_progress(|_| !stop.load(Ordering::Relaxed));
    let mut options = FetchOptions::new();
    options
        .remote_callbacks(callbacks)
        .prune(FetchPrune::On)
        .download_tags(AutotagOption::None)
        .update_fetchhead(false);
    let mut remote = repository.remote_anonymous(url).map_err(failed)?;
    remote
        .fetch(refspecs, Some(&mut options), None)
        .map_err(failed)
}

fn failed(operation: &'static str, path: &Path) -> impl Fn(git2::Error) -> Error {
    move |source| Error::Git {
        operation,
        repository: path.to_owned(),
        source: source.into(),
    }
}

/// The URL as it may be shown: without a password.
pub(super) fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}/{path}"),
        None => url.to_owned(),
    }
}
