//! What opens the repositories: the directory that the service was started with for the one that
//! is followed, and Secrets of a type of their own for all others. Read again for every call, so
//! that a changed token counts at once.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use api::selector::FieldSelector;
use api::{Collection, Object};
use client::{Client, ListOptions};
use engine::application::NAMESPACE;

use crate::config::{Config, RepositoryConfig};
use crate::source::{Access, Error};

/// The type of a Secret that opens repositories.
pub(crate) const SECRET_TYPE: &str = "kedge.dev/repository";

/// What opens the API of a forge. Never shown.
pub(crate) struct ForgeAccess {
    pub(crate) token: String,
    /// Where the API is; empty where it usually is.
    pub(crate) api: String,
    /// Who may have signed its certificate, PEM; may be empty.
    pub(crate) authority: String,
}

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Credentials {
    client: Arc<dyn Client>,
    /// The followed repository's URL and what opens it.
    followed: Option<(String, PathBuf)>,
}

impl Credentials {
    pub(crate) fn new(config: &Config, client: &Arc<dyn Client>) -> Self {
        let followed = match &config.repository {
            RepositoryConfig::Hosted { .. } => None,
            RepositoryConfig::Remote { url, credentials } => credentials
                .clone()
                .map(|directory| (url.clone(), directory)),
        };
        Self {
            client: client.clone(),
            followed,
        }
    }

    /// What opens the repository with this URL. Without anything that says so it is open to all.
    pub(crate) async fn of(&self, url: &str) -> Result<Access, Error> {
        if let Some((_, directory)) = self.followed.as_ref().filter(|(it, _)| it == url) {
            return Access::from_directory(directory);
        }
        match chosen(&self.secrets().await?, url) {
            Some(secret) => access(secret),
            None => Ok(Access::default()),
        }
    }

    /// What opens the API of the forge that has the repository with this URL: `forgeToken`, and
    /// `forgeUrl` where the API is not where it usually is.
    pub(crate) async fn forge(&self, url: &str) -> Result<Option<ForgeAccess>, Error> {
        let found = if let Some((_, directory)) = self.followed.as_ref().filter(|(it, _)| it == url)
        {
            let read = |name: &str| std::fs::read_to_string(directory.join(name)).ok();
            ["forgeToken", "forgeUrl", "ca.crt"].map(read)
        } else {
            let secrets = self.secrets().await?;
            let secret = chosen(&secrets, url);
            let read = |name: &str| String::from_utf8(value(secret?, name)?).ok();
            ["forgeToken", "forgeUrl", "ca.crt"].map(read)
        };
        let [token, api, authority] = found.map(|text| text.unwrap_or_default().trim().to_owned());
        let access = ForgeAccess {
            token,
            api,
            authority,
        };
        Ok((!access.token.is_empty()).then_some(access))
    }

    async fn secrets(&self) -> Result<Vec<Object>, Error> {
        let options = ListOptions {
            namespace: Some(NAMESPACE.to_owned()),
            fields: FieldSelector::parse(&format!("type={SECRET_TYPE}")).unwrap_or_default(),
            ..ListOptions::default()
        };
        let secrets = Collection::new("", "secrets");
        let secrets = self.client.list(&secrets, &options).await;
        let secrets = secrets.map_err(|source| Error::Secrets {
            source: Box::new(source),
        })?;
        Ok(secrets.items)
    }
}

/// The Secret whose `url` is the longest beginning of this one.
fn chosen<'a>(secrets: &'a [Object], url: &str) -> Option<&'a Object> {
    let url = plain(url);
    let fitting = secrets.iter().filter_map(|secret| {
        let prefix = String::from_utf8(value(secret, "url")?).ok()?;
        let prefix = Some(plain(&prefix)).filter(|_| !prefix.trim().is_empty())?;
        let rest = url.strip_prefix(&prefix)?;
        let fits = rest.is_empty() || rest.starts_with('/');
        fits.then_some((prefix.len(), secret))
    });
    // The first by name where several fit as well.
    let mut fitting: Vec<(usize, &Object)> = fitting.collect();
    fitting.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.name().cmp(b.1.name())));
    fitting.first().map(|(_, secret)| *secret)
}

/// `https://example.org/team/web` out of all ways to write it.
fn plain(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme, rest.to_owned()),
        // `git@example.org:team/web`
        None => ("ssh", url.replacen(':', "/", 1)),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((&rest, ""));
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = host.to_lowercase();
    format!("{scheme}://{host}/{path}")
        .trim_end_matches('/')
        .to_owned()
}

fn access(secret: &Object) -> Result<Access, Error> {
    let place = format!("Secret {}/{}", secret.namespace(), secret.name());
    let names = secret.body["data"].as_object();
    let names = names.into_iter().flatten().map(|(name, _)| name.as_str());
    let values: Vec<(&str, Vec<u8>)> = names
        .filter_map(|name| Some((name, value(secret, name)?)))
        .collect();
    Access::from_values(&place, values)
}

fn value(secret: &Object, name: &str) -> Option<Vec<u8>> {
    let text = secret.body["data"][name].as_str()?;
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret(name: &str, values: &[(&str, &str)]) -> Object {
        let data: serde_json::Map<String, serde_json::Value> = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), STANDARD.encode(value).into()))
            .collect();
        json!({"metadata": {"namespace": "kedge", "name": name}, "data": data}).into()
    }

    #[test]
    fn the_longest_fitting_url_wins() {
        let secrets = [
            secret("host", &[("url", "https://example.org")]),
            secret("team", &[("url", "https://Example.org/team/")]),
            secret("team-b", &[("url", "https://example.org/team")]),
            secret("web", &[("url", "https://ann@example.org/team/web.git")]),
            secret("ssh", &[("url", "git@example.org:team")]),
            secret("empty", &[("url", "")]),
            secret("none", &[]),
        ];
        let check = |url: &str, expected: Option<&str>| {
            let found = chosen(&secrets, url).map(Object::name);
            assert_eq!(found, expected, "{url}");
        };
        check("https://example.org/team/web", Some("web"));
        check("https://x:y@example.org/team/web.git", Some("web"));
        check("https://example.org/team/api.git", Some("team"));
        check("https://example.org/teams/api.git", Some("host"));
        check("https://example.org.evil/team/web", None);
        check("http://example.org/team/web", None);
        check("ssh://git@example.org/team/web.git", Some("ssh"));
        check("git@example.org:team/web.git", Some("ssh"));
        check("git@example.org:other.git", None);
    }

    #[test]
    fn a_secret_that_cannot_be_used_says_why() {
        let check = |values: &[(&str, &str)], expected: &str| {
            let said = access(&secret("a", values)).map_err(|error| error.to_string());
            let expected = format!("the credentials in Secret kedge/a cannot be used: {expected}");
            assert_eq!(said, Err(expected));
        };
        check(&[("identity", "no")], "identity holds no private key");
        check(&[("ca.crt", "no")], "ca.crt holds no certificate");
        let pem = "-----BEGIN CERTIFICATE-----\n";
        check(&[("tls.crt", pem)], "tls.crt and tls.key go together");
        check(&[("password", "a\nb")], "password has more than one line");
        let good = access(&secret("a", &[("password", "secret\n"), ("url", "x")])).unwrap();
        assert_eq!(good.password, "secret");
        assert_eq!(format!("{good:?}"), "Access([\"password\"])");
    }
}
