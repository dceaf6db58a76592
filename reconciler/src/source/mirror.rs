//! A bare mirror of a repository elsewhere: fetched into, never pushed from.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use git2::{AutotagOption, Cred, CredentialType, FetchOptions, FetchPrune, RemoteCallbacks};

use client::Env;

use super::address::{Address, open};
use super::{Error, Location};

/// How long one fetch may take.
const PATIENCE: Duration = Duration::from_mins(5);
/// How often a server may refuse credentials before that is the answer.
const ATTEMPTS: u32 = 4;
/// The branch the server itself would check out.
pub(super) const DEFAULT: &str = "refs/kedge/HEAD";
const REFSPECS: [&str; 3] = [
    "+refs/heads/*:refs/heads/*",
    "+refs/tags/*:refs/tags/*",
    "+HEAD:refs/kedge/HEAD",
];

/// How to sign in to a remote repository. User and password in the URL work too.
#[derive(Clone, Default)]
pub struct Access {
    pub user: Option<String>,
    pub password: Option<String>,
    /// A private key file; without one the SSH agent is asked.
    pub ssh_key: Option<std::path::PathBuf>,
}

/// Brings the mirror up to date; makes it where it is not there.
pub(super) async fn fetch(
    location: &Location,
    url: &str,
    access: &Access,
    env: &Env,
) -> Result<(), Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let fetching = {
        let (path, url, access) = (location.path.clone(), url.to_owned(), access.clone());
        let stop = stop.clone();
        tokio::task::spawn_blocking(move || fetch_blocking(&path, &url, &access, &stop))
    };
    tokio::select! {
        fetched = fetching => fetched.map_err(Error::Broken)?,
        () = env.clock.sleep(PATIENCE) => {
            // The thread ends with its next bit of progress.
            stop.store(true, Ordering::Relaxed);
            Err(Error::Late { url: shown(url), seconds: PATIENCE.as_secs() })
        }
    }
}

fn fetch_blocking(path: &Path, url: &str, access: &Access, stop: &AtomicBool) -> Result<(), Error> {
    if let Address::Local(origin) = Address::parse(url)? {
        open(&origin)?;
    }
    let failed = |source| Error::Fetch {
        url: shown(url),
        source,
    };
    let repository = match git2::Repository::open_bare(path) {
        Ok(repository) => repository,
        Err(_) => git2::Repository::init_bare(path).map_err(failed)?,
    };
    let attempts = AtomicU32::new(0);
    let mut callbacks = RemoteCallbacks::new();
    callbacks.credentials(|_, user, allowed| {
        if attempts.fetch_add(1, Ordering::Relaxed) >= ATTEMPTS {
            return Err(git2::Error::from_str("the server refuses the credentials"));
        }
        credentials(access, user, allowed)
    });
    callbacks.transfer_progress(|_| !stop.load(Ordering::Relaxed));
    let mut options = FetchOptions::new();
    options
        .remote_callbacks(callbacks)
        .prune(FetchPrune::On)
        .download_tags(AutotagOption::None)
        .update_fetchhead(false);
    let mut remote = repository.remote_anonymous(url).map_err(failed)?;
    remote
        .fetch(&REFSPECS, Some(&mut options), None)
        .map_err(failed)?;
    // `HEAD` and `HEAD~1` mean here what they mean there.
    repository
        .reference_symbolic("HEAD", DEFAULT, true, "as in the origin")
        .map(drop)
        .map_err(failed)
}

fn credentials(
    access: &Access,
    user: Option<&str>,
    allowed: CredentialType,
) -> Result<Cred, git2::Error> {
    let user = access.user.as_deref().or(user).unwrap_or("git");
    if allowed.contains(CredentialType::USERNAME) {
        return Cred::username(user);
    }
    if allowed.contains(CredentialType::SSH_KEY) {
        return match &access.ssh_key {
            Some(key) => Cred::ssh_key(user, None, key, None),
            None => Cred::ssh_key_from_agent(user),
        };
    }
    match &access.password {
        Some(password) if allowed.contains(CredentialType::USER_PASS_PLAINTEXT) => {
            Cred::userpass_plaintext(user, password)
        }
        _ => Err(git2::Error::from_str(
            "the server asks for credentials and none are configured",
        )),
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
