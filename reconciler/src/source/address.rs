//! What a repository's address means, and what can be said about it before anything is fetched.

use std::path::{Path, PathBuf};

use git2::{BranchType, ErrorCode, Repository};

use super::{Access, Error};

/// What libgit2 speaks here.
const SCHEMES: [&str; 6] = ["https", "http", "ssh", "ssh+git", "git+ssh", "git"];
/// How many branches an error names.
const NAMED: usize = 8;

/// Where a repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// A directory of this machine.
    Local(PathBuf),
    Remote(Remote),
}

/// A repository that Git reaches over a network.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Remote {
    /// As Git is told it: without credentials.
    pub(super) url: String,
    /// As people see it.
    pub(super) shown: String,
    /// `example.org:8443`
    pub(super) host: String,
    /// From the address; empty where it names none.
    pub(super) user: String,
    password: String,
}

/// Never the password.
impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Remote").field(&self.url).finish()
    }
}

impl Address {
    /// Reads a URL, `user@host:path`, or a path.
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let wrong = |problem: &str| Error::Address {
            url: super::mirror::shown(url),
            problem: problem.to_owned(),
        };
        if url.trim().is_empty() {
            return Err(wrong("it is empty"));
        }
        if url.contains(['\n', '\r', '\0']) {
            return Err(wrong("it has more than one line"));
        }
        if let Some((scheme, rest)) = url.split_once("://") {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let remote = Remote::new(scheme, authority, path, url);
            return match scheme {
                "file" => Ok(Self::Local(PathBuf::from(rest))),
                _ if !SCHEMES.contains(&scheme) => Err(wrong(&format!(
                    "nothing here speaks {scheme}; https, ssh and git are spoken"
                ))),
                _ if remote.host.is_empty() || remote.host.starts_with('-') => {
                    Err(wrong("it names no host"))
                }
                _ => Ok(Self::Remote(remote)),
            };
        }
        let authority = url.split('/').next().unwrap_or_default();
        if let Some((authority, _)) = authority.split_once(':')
            && !Path::new(url).exists()
        {
            let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
            if host.is_empty() || host.starts_with('-') || url.starts_with('-') {
                return Err(wrong("it names no host"));
            }
            return Ok(Self::Remote(Remote {
                url: url.to_owned(),
                shown: url.to_owned(),
                host: host.to_owned(),
                user: user.to_owned(),
                password: String::new(),
            }));
        }
        Ok(Self::Local(PathBuf::from(url)))
    }
}

impl Remote {
    fn new(scheme: &str, authority: &str, path: &str, url: &str) -> Self {
        let (person, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = person.split_once(':').unwrap_or((person, ""));
        let url = match scheme {
            // A token may stand where the user does.
            "https" | "http" => format!("{scheme}://{host}/{path}"),
            _ if password.is_empty() => url.to_owned(),
            _ => format!("{scheme}://{user}@{host}/{path}"),
        };
        Self {
            shown: super::mirror::shown(&url),
            url,
            host: host.to_owned(),
            user: decoded(user),
            password: decoded(password),
        }
    }

    /// `https://example.org:8443`, for settings that hold for one host.
    pub(super) fn base(&self) -> String {
        let scheme = self
            .url
            .split_once("://")
            .map_or("ssh", |(scheme, _)| scheme);
        format!("{scheme}://{}", self.host)
    }

    /// What opens the repository: `access` first, then what the address says.
    pub(super) fn completed(&self, access: &Access) -> Access {
        let mut access = access.clone();
        let is_http = self.url.starts_with("http");
        if !is_http {
            return access;
        }
        if access.user.is_empty() {
            access.user.clone_from(&self.user);
        }
        if !access.signs_in() {
            // `https://TOKEN@host/`: some servers look for it here, some there.
            let token = [&self.password, &self.user];
            let token = token.into_iter().find(|it| !it.is_empty());
            access.password = token.cloned().unwrap_or_default();
        }
        if access.user.is_empty() {
            // With a token any name will do, but for an empty one.
            access.user = "git".into();
        }
        access
    }
}

/// Without `%40` and the like.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        plain.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// Opens a repository of this machine, bare or with its files beside it.
pub(super) fn open(path: &Path) -> Result<Repository, Error> {
    if !path.exists() {
        return Err(Error::Missing {
            path: path.to_owned(),
        });
    }
    Repository::open(path).map_err(|source| match source.code() {
        ErrorCode::NotFound => Error::NotRepository {
            path: path.to_owned(),
        },
        _ => failed("open the repository", path)(source),
    })
}

/// The names of a repository's branches.
pub(super) fn branches(repository: &Repository) -> Result<Vec<String>, git2::Error> {
    let mut names = Vec::new();
    for branch in repository.branches(Some(BranchType::Local))? {
        let (branch, _) = branch?;
        names.push(String::from_utf8_lossy(branch.name_bytes()?).into_owned());
    }
    names.sort();
    Ok(names)
}

/// That a repository has other branches, but not this one.
pub(super) fn no_branch(url: &str, branch: &str, branches: &[String]) -> Error {
    let mut named = branches[..branches.len().min(NAMED)].join(", ");
    if branches.len() > NAMED {
        named = format!("{named} and {} more", branches.len() - NAMED);
    }
    Error::NoBranch {
        repository: super::mirror::shown(url),
        branch: branch.to_owned(),
        branches: named,
    }
}

fn failed(operation: &'static str, path: &Path) -> impl Fn(git2::Error) -> Error {
    move |source| Error::Git {
        operation,
        repository: path.to_owned(),
        source: source.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_or_has_a_host() {
        let check = |url: &str, expected: Result<Option<&str>, &str>| {
            let parsed = Address::parse(url).map_err(|error| error.to_string());
            match (parsed, expected) {
                (Ok(Address::Local(path)), Ok(Some(local))) => assert_eq!(path, Path::new(local)),
                (Ok(Address::Remote(_)), Ok(None)) => {}
                (Err(error), Err(text)) => assert!(error.contains(text), "{url}: {error}"),
                (parsed, _) => panic!("{url}: {parsed:?}, not {expected:?}"),
            }
        };
        check("/srv/x.git", Ok(Some("/srv/x.git")));
        check("x.git", Ok(Some("x.git")));
        check("file:///srv/x.git", Ok(Some("/srv/x.git")));
        check("https://example.org/x.git", Ok(None));
        check("ssh://git@example.org/x.git", Ok(None));
        check("git@example.org:x.git", Ok(None));
        check("git@-example.org:x.git", Err("names no host"));
        check("", Err("empty"));
        check("https:///x.git", Err("no host"));
        check("ftp://example.org/x.git", Err("nothing here speaks ftp"));
        check(
            "gopher://ann:secret@example.org/x",
            Err("gopher://example.org/x is no address of a repository"),
        );
    }

    #[test]
    fn no_text_is_too_much_and_no_password_is_shown() {
        let corpus = [
            "https://ann:sesame@example.org:8443/shop/web.git",
            "ssh://git@example.org/shop/web.git",
            "git@example.org:shop/web.git",
            "file:///srv/web.git",
            "git://[::1]:9418/web.git",
            "https://example.org/a%20b.git?x=y#z",
        ];
        for text in crate::testing::mutations(&corpus, 20_000) {
            let url = String::from_utf8_lossy(&text);
            let once = Address::parse(&url);
            let told = match &once {
                Ok(address) => format!("{address:?}"),
                Err(error) => error.to_string(),
            };
            if let Ok(Address::Remote(remote)) = &once
                && remote.password == "sesame"
            {
                let shown = &remote.shown;
                assert!(
                    !told.contains("sesame") && !shown.contains("sesame"),
                    "{url}"
                );
            }
            if let Ok(Address::Remote(remote)) = &once {
                // Git takes what begins like this for an option.
                assert!(
                    !remote.host.is_empty() && !remote.host.starts_with('-'),
                    "{url}"
                );
                assert!(
                    !remote.url.starts_with('-') && !remote.url.contains('\n'),
                    "{url}"
                );
            }
            let _known = super::super::host(&url);
        }
    }
}
