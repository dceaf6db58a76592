//! Image references and when to fetch them.

use api::k8s::core::v1 as core;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PullPolicy {
    Always,
    IfNotPresent,
    Never,
}

/// The container's policy, or the one its tag implies.
pub(crate) fn pull_policy(container: &core::Container) -> PullPolicy {
    match container.image_pull_policy.as_deref() {
        Some("Always") => PullPolicy::Always,
        Some("IfNotPresent") => PullPolicy::IfNotPresent,
        Some("Never") => PullPolicy::Never,
        _ => {
            let (name, digest) = split_digest(container.image.as_deref().unwrap_or_default());
            let is_latest = matches!(split_tag(name).1, None | Some("latest"));
            if digest.is_none() && is_latest {
                PullPolicy::Always
            } else {
                PullPolicy::IfNotPresent
            }
        }
    }
}

/// Why a reference is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("couldn't parse image name \"{reference}\": invalid reference format")]
pub(crate) struct InvalidReference {
    pub reference: String,
}

/// The full form of a reference: registry, repository, and a tag or digest.
pub(crate) fn normalized(reference: &str) -> Result<String, InvalidReference> {
    let invalid = || InvalidReference {
        reference: reference.to_owned(),
    };
    let (name, digest) = split_digest(reference);
    let (name, tag) = split_tag(name);
    let is_valid = is_name(name)
        && tag.is_none_or(is_tag)
        && digest.is_none_or(|digest| digest.starts_with("sha256:") && digest.len() == 71);
    if !is_valid {
        return Err(invalid());
    }
    let name = match name.split_once('/') {
        Some((host, _)) if is_host(host) => name.to_owned(),
        Some(_) => format!("docker.io/{name}"),
        None => format!("docker.io/library/{name}"),
    };
    Ok(match (tag, digest) {
        (_, Some(digest)) => format!("{name}@{digest}"),
        (tag, None) => format!("{name}:{}", tag.unwrap_or("latest")),
    })
}

/// The registry a reference points to.
pub(crate) fn registry(normalized: &str) -> &str {
    normalized
        .split_once('/')
        .map_or(normalized, |(host, _)| host)
}

fn split_digest(reference: &str) -> (&str, Option<&str>) {
    match reference.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (reference, None),
    }
}

fn split_tag(name: &str) -> (&str, Option<&str>) {
    let after_slash = name.rfind('/').map_or(0, |at| at + 1);
    match name[after_slash..].find(':') {
        Some(at) => (
            &name[..after_slash + at],
            Some(&name[after_slash + at + 1..]),
        ),
        None => (name, None),
    }
}

fn is_host(part: &str) -> bool {
    part == "localhost" || part.contains(['.', ':'])
}

fn is_tag(tag: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=128).contains(&tag.len())
        && tag.starts_with(is_first)
        && tag.chars().all(|c| is_first(c) || matches!(c, '.' | '-'))
}

fn is_name(name: &str) -> bool {
    let path = match name.split_once('/') {
        Some((host, path)) if is_host(host) => {
            let is_host_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
            if !host.chars().all(is_host_char) {
                return false;
            }
            path
        }
        _ => name,
    };
    let is_part = |part: &str| {
        let edge =
            |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let inner =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
        edge(part.chars().next()) && edge(part.chars().last()) && part.chars().all(inner)
    };
    name.len() <= 255 && path.split('/').all(is_part)
}
