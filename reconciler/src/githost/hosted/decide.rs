//! Names of repositories, and which address means one of them: pure.

use super::CLUSTER;

/// Characters of a name.
const NAME: usize = 63;

/// Why a new repository cannot have this name.
pub(super) fn problem(name: &str) -> Option<String> {
    if name == CLUSTER {
        return Some(format!(
            "{CLUSTER} is what the cluster follows; take another name"
        ));
    }
    let inner =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let good = !name.is_empty()
        && name.len() <= NAME
        && name.chars().all(inner)
        && name.starts_with(edge)
        && name.ends_with(edge)
        && !["git", "lock"]
            .iter()
            .any(|end| name.rsplit('.').next() == Some(*end))
        && !name.contains("..");
    (!good).then(|| {
        format!(
            "{name:?} is no name of a repository: small letters, digits and -_. between them, \
             at most {NAME}, not ending in .git or .lock"
        )
    })
}

/// The name of a repository of ours in what an Application says: `shop`, `shop.git`, or
/// `http://127.0.0.1:8080/git/shop.git` where that is our own address.
pub(super) fn named<'a>(repo: &'a str, addresses: &[String]) -> Option<&'a str> {
    let name = if repo.contains("://") {
        let (scheme, rest) = repo.split_once("://")?;
        let (authority, path) = rest.split_once('/')?;
        let host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        let ours = |it: &String| it.split_once("://") == Some((scheme, host));
        if !addresses.iter().any(ours) {
            return None;
        }
        path.strip_prefix("git/")?.trim_end_matches('/')
    } else {
        repo
    };
    let name = name.strip_suffix(".git").unwrap_or(name);
    (name == CLUSTER || problem(name).is_none()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word() {
        for good in ["shop", "a", "team-a.web_2", "1x", "my-git"] {
            assert_eq!(problem(good), None, "{good}");
        }
        let long = "a".repeat(64);
        let bad = [
            "", "Shop", "a/b", "../x", "a..b", ".a", "a.", "-a", "a b", "a.git", "a.lock", &long,
            CLUSTER,
        ];
        for bad in bad {
            assert!(problem(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn our_own_addresses_are_names() {
        let own = [
            "http://127.0.0.1:8080".to_owned(),
            "http://localhost:8080".to_owned(),
        ];
        let check = |repo: &str, expected: Option<&str>| {
            assert_eq!(named(repo, &own), expected, "{repo}");
        };
        check("shop", Some("shop"));
        check("shop.git", Some("shop"));
        check("cluster", Some("cluster"));
        check("http://127.0.0.1:8080/git/shop.git", Some("shop"));
        check("http://ann:x@localhost:8080/git/shop/", Some("shop"));
        check("http://127.0.0.1:8081/git/shop.git", None);
        check("https://127.0.0.1:8080/git/shop.git", None);
        check("http://127.0.0.1:8080/git/../shop", None);
        check("http://127.0.0.1:8080/shop.git", None);
        check("/srv/shop.git", None);
        check("git@example.org:shop.git", None);
        check("", None);
    }
}
