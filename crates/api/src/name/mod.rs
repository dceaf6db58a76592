//! Whether a text may be a name: every rule of Kubernetes 1.36 with its own words.
//!
//! Each function returns what is wrong with the value, nothing when it is fine. The caller turns a
//! message into `Cause::invalid` for the field at hand. Must never know a kind.

mod address;

use std::borrow::Cow;

pub use address::{cidr, ip};

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const QUALIFIED: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const QUALIFIED_RULE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const EMPTY: &str = "must be non-empty";

/// Names of namespaces, containers, volumes: a DNS label.
pub fn dns1123_label(value: &str) -> Vec<String> {
    let mut wrong = too_long(value, 63);
    if !is_label(value) {
        wrong.push(if is_subdomain(value) {
            "must not contain dots".to_owned()
        } else {
            pattern(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
                LABEL,
                &["my-name", "123-abc"],
            )
        });
    }
    wrong
}

/// Names of most objects: DNS labels joined by dots.
pub fn dns1123_subdomain(value: &str) -> Vec<String> {
    let mut wrong = too_long(value, 253);
    if !is_subdomain(value) {
        wrong.push(pattern(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
            SUBDOMAIN,
            &["example.com"],
        ));
    }
    wrong
}

/// `*.example.com`, the host of an Ingress rule.
pub fn wildcard_dns1123_subdomain(value: &str) -> Vec<String> {
    let mut wrong = too_long(value, 253);
    if !value.strip_prefix("*.").is_some_and(is_subdomain) {
        wrong.push(pattern(
            "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
            &format!(r"\*\.{SUBDOMAIN}"),
            &["*.example.com"],
        ));
    }
    wrong
}

/// A label that starts with a letter. (Services of 1.36 take any [`dns1123_label`].)
pub fn dns1035_label(value: &str) -> Vec<String> {
    let mut wrong = too_long(value, 63);
    if !(is_label(value) && value.starts_with(|c: char| c.is_ascii_lowercase())) {
        wrong.push(pattern(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
            "[a-z]([-a-z0-9]*[a-z0-9])?",
            &["my-name", "abc-123"],
        ));
    }
    wrong
}

/// Names that are only bound to fit in a URL: RBAC roles and bindings.
pub fn path_segment(value: &str) -> Vec<String> {
    if value == "." || value == ".." {
        return vec![format!("may not be '{value}'")];
    }
    path_segment_prefix(value)
}

/// The same for `metadata.generateName`, which may be `.`.
pub fn path_segment_prefix(value: &str) -> Vec<String> {
    ["/", "%"]
        .iter()
        .filter(|illegal| value.contains(**illegal))
        .map(|illegal| format!("may not contain '{illegal}'"))
        .collect()
}

/// What to check in place of a `metadata.generateName`: it may end in a dash that a suffix follows.
pub fn generated(prefix: &str) -> Cow<'_, str> {
    match prefix.strip_suffix('-') {
        Some(stem) if !stem.is_empty() => {
            let mut masked: String = stem.to_owned();
            masked.pop();
            masked.push('a');
            Cow::Owned(masked)
        }
        _ => Cow::Borrowed(prefix),
    }
}

/// `name` or `example.com/name`: label keys, annotation keys (lower-cased first), resource names,
/// finalizers, condition types.
pub fn qualified_name(value: &str) -> Vec<String> {
    let parts: Vec<&str> = value.split('/').collect();
    let rule = || pattern(QUALIFIED_RULE, QUALIFIED, &["MyName", "my.name", "123-abc"]);
    let (mut wrong, name) = match parts[..] {
        [name] => (Vec::new(), name),
        ["", name] => (vec![format!("prefix part {EMPTY}")], name),
        [prefix, name] => {
            let wrong = dns1123_subdomain(prefix);
            let wrong = wrong.iter().map(|why| format!("prefix part {why}"));
            (wrong.collect(), name)
        }
        _ => {
            return vec![format!(
                "a qualified name {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
                rule()
            )];
        }
    };
    if name.is_empty() {
        wrong.push(format!("name part {EMPTY}"));
    }
    let long = too_long(name, 63);
    wrong.extend(long.iter().map(|why| format!("name part {why}")));
    if !is_qualified(name) {
        wrong.push(format!("name part {}", rule()));
    }
    wrong
}

/// The key of a label.
pub fn label_key(value: &str) -> Vec<String> {
    qualified_name(value)
}

/// The value of a label; may be empty.
pub fn label_value(value: &str) -> Vec<String> {
    let mut wrong = too_long(value, 63);
    if !value.is_empty() && !is_qualified(value) {
        wrong.push(pattern(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
            &format!("({QUALIFIED})?"),
            &["MyValue", "my_value", "12345"],
        ));
    }
    wrong
}

/// The name of a container port, as a probe or a Service refers to it.
pub fn port_name(value: &str) -> Vec<String> {
    let mut wrong = too_long(value, 15);
    let charset = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    for (fine, why) in [
        (
            !value.is_empty() && value.chars().all(charset),
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
        ),
        (
            value.contains(|c: char| c.is_ascii_lowercase()),
            "must contain at least one letter (a-z)",
        ),
        (
            !value.contains("--"),
            "must not contain consecutive hyphens",
        ),
        (
            !value.starts_with('-') && !value.ends_with('-'),
            "must not begin or end with a hyphen",
        ),
    ] {
        if !fine {
            wrong.push(why.to_owned());
        }
    }
    wrong
}

/// A TCP, UDP or SCTP port.
pub fn port_number(value: i64) -> Vec<String> {
    in_range(value, 1, 65_535)
}

/// A number between two bounds, both allowed.
pub fn in_range(value: i64, lowest: i64, highest: i64) -> Vec<String> {
    if (lowest..=highest).contains(&value) {
        return Vec::new();
    }
    vec![format!("must be between {lowest} and {highest}, inclusive")]
}

/// A Unix user or group id.
pub fn user_id(value: i64) -> Vec<String> {
    in_range(value, 0, i64::from(u32::MAX))
}

/// `spec.containers[*].env[*].name`.
pub fn env_var_name(value: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if value.is_empty() {
        wrong.push(format!("environment variable name {EMPTY}"));
    }
    if value.contains(|c: char| !matches!(c, ' '..='~') || c == '=') {
        wrong.push("a valid environment variable name must consist only of printable ASCII characters other than '='".to_owned());
    }
    wrong
}

/// The key of an entry of a `ConfigMap` or `Secret`: a file name.
pub fn config_key(value: &str) -> Vec<String> {
    let mut wrong = too_long(value, 253);
    let charset = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if value.is_empty() || !value.chars().all(charset) {
        wrong.push(pattern(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
            "[-._a-zA-Z0-9]+",
            &["key.name", "KEY_NAME", "key-name"],
        ));
    }
    if value == "." || value == ".." {
        wrong.push(format!("must not be '{value}'"));
    } else if value.starts_with("..") {
        wrong.push("must not start with '..'".to_owned());
    }
    wrong
}

/// `93%`.
pub fn percent(value: &str) -> Vec<String> {
    let digits = value.strip_suffix('%').unwrap_or_default();
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Vec::new();
    }
    vec![pattern(
        "a valid percent string must be a numeric string followed by an ending '%'",
        "[0-9]+%",
        &["1%", "93%"],
    )]
}

/// The name of a header a probe sends.
pub fn http_header_name(value: &str) -> Vec<String> {
    if !value.is_empty()
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    {
        return Vec::new();
    }
    vec![pattern(
        "a valid HTTP header must consist of alphanumeric characters or '-'",
        "[-A-Za-z0-9]+",
        &["X-Header-Name"],
    )]
}

fn too_long(value: &str, bytes: usize) -> Vec<String> {
    if value.len() <= bytes {
        return Vec::new();
    }
    vec![format!("must be no more than {bytes} bytes")]
}

fn pattern(rule: &str, regex: &str, examples: &[&str]) -> String {
    let examples: Vec<String> = examples.iter().map(|e| format!("'{e}', ")).collect();
    format!(
        "{rule} (e.g. {}regex used for validation is '{regex}')",
        examples.join(" or ")
    )
}

fn is_label(value: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !value.is_empty()
        && !value.starts_with('-')
        && !value.ends_with('-')
        && value.bytes().all(inner)
}

fn is_subdomain(value: &str) -> bool {
    value.split('.').all(is_label)
}

fn is_qualified(value: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric();
    value.starts_with(edge)
        && value.ends_with(edge)
        && value
            .chars()
            .all(|c| edge(c) || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests;
