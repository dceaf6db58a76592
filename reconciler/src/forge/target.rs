//! Which forge a repository is on, and where its API is. Pure.

/// What speaks there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    GitHub,
    GitLab,
    /// Forgejo and Gogs too.
    Gitea,
}

impl Kind {
    /// By what a webhook, or a credential Secret, calls it.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "github" => Some(Self::GitHub),
            "gitlab" => Some(Self::GitLab),
            "gitea" | "forgejo" | "gogs" => Some(Self::Gitea),
            _ => None,
        }
    }
}

/// A pull request, as its forge tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    pub kind: Kind,
    pub number: u64,
    /// Its newest commit.
    pub head: String,
    /// The branch it would be merged into.
    pub into: String,
    /// It was merged or closed.
    pub over: bool,
}

impl Pull {
    /// The ref under which the forge has its newest commit.
    pub fn reference(&self) -> String {
        let number = self.number;
        match self.kind {
            Kind::GitHub | Kind::Gitea => format!("refs/pull/{number}/head"),
            Kind::GitLab => format!("refs/merge-requests/{number}/head"),
        }
    }

    /// What its plan is kept under.
    pub fn branch(&self) -> String {
        format!("pull/{}", self.number)
    }
}

/// A repository on a forge, and the right to write there.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) kind: Kind,
    /// `https://api.github.com`, without a slash at its end.
    pub(crate) api: String,
    /// `team/web`
    pub(crate) project: String,
    pub(crate) token: String,
    /// Who may have signed its certificate, PEM; empty for those this machine trusts.
    pub(crate) authority: String,
}

/// Never the token.
impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Target")
            .field(&self.api)
            .field(&self.project)
            .finish()
    }
}

impl Target {
    /// For the repository with this URL. `api` is where the forge's API is; empty: where it usually
    /// is. `None` for an address that names no host.
    pub(crate) fn new(kind: Kind, url: &str, api: &str, token: &str) -> Option<Self> {
        // `git@example.org:team/web` has no scheme.
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let end = if scheme.is_empty() { ':' } else { '/' };
        let (authority, path) = rest.split_once(end)?;
        let host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        let path = path.trim_matches('/');
        let project = path.strip_suffix(".git").unwrap_or(path);
        if host.is_empty() || !project.contains('/') {
            return None;
        }
        // The port of SSH is not the API's.
        let (scheme, host) = match scheme {
            "http" => ("http", host),
            "https" => ("https", host),
            _ => ("https", host.split(':').next().unwrap_or(host)),
        };
        let usual = match kind {
            Kind::GitHub if host == "github.com" => "https://api.github.com".to_owned(),
            Kind::GitHub => format!("{scheme}://{host}/api/v3"),
            Kind::GitLab => format!("{scheme}://{host}/api/v4"),
            Kind::Gitea => format!("{scheme}://{host}/api/v1"),
        };
        let api = match api.trim().trim_end_matches('/') {
            "" => usual,
            api => api.to_owned(),
        };
        Some(Self {
            kind,
            api,
            project: project.to_owned(),
            token: token.to_owned(),
            authority: String::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_is_where_the_repository_is() {
        let check = |kind, url: &str, api: &str, expected: Option<(&str, &str)>| {
            let target = Target::new(kind, url, api, "t");
            let found = target
                .as_ref()
                .map(|it| (it.api.as_str(), it.project.as_str()));
            assert_eq!(found, expected, "{url}");
        };
        let github = Some(("https://api.github.com", "team/web"));
        check(Kind::GitHub, "https://github.com/team/web.git", "", github);
        check(Kind::GitHub, "git@github.com:team/web.git", "", github);
        let own = Some(("https://git.example.org/api/v3", "team/web"));
        check(
            Kind::GitHub,
            "ssh://git@git.example.org:2222/team/web",
            "",
            own,
        );
        let lab = Some(("https://git.example.org/api/v4", "team/sub/web"));
        check(
            Kind::GitLab,
            "https://ann:x@git.example.org/team/sub/web.git/",
            "",
            lab,
        );
        let tea = Some(("http://127.0.0.1:3000/api/v1", "team/web"));
        check(Kind::Gitea, "http://127.0.0.1:3000/team/web.git", "", tea);
        let given = Some(("https://api.example.org/x", "team/web"));
        check(
            Kind::Gitea,
            "https://h/team/web",
            "https://api.example.org/x/",
            given,
        );
        check(Kind::Gitea, "https://h/web", "", None);
        check(Kind::Gitea, "/srv/web.git", "", None);
    }
}
