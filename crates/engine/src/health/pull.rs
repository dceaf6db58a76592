//! Why an image could not be pulled, out of what runtimes and registries say about it.

/// The shortest true reading of a pull error; empty where the message names no cause.
pub(crate) fn cause(message: &str) -> String {
    let lower = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&[
        "unauthorized",
        "authorization failed",
        "authentication required",
        "denied",
        "403 forbidden",
    ]) {
        return "access denied".into();
    }
    if says(&["no such host"]) {
        return "the registry's name cannot be resolved".into();
    }
    if says(&["connection refused"]) {
        return "the registry refuses connections".into();
    }
    if says(&["i/o timeout", "deadline exceeded", "tls handshake timeout"]) {
        return "the registry does not answer".into();
    }
    if says(&["x509", "certificate"]) {
        return "the registry's certificate is not trusted".into();
    }
    if says(&["toomanyrequests", "too many requests", "429"]) {
        return "the registry limits the rate of pulls".into();
    }
    if says(&["no space left"]) {
        return "no space left on the node".into();
    }
    if says(&["no match for platform", "no matching manifest"]) {
        return "no image for this node's platform".into();
    }
    if says(&[
        "not found",
        "manifest unknown",
        "does not exist",
        "name unknown",
    ]) {
        return "not found".into();
    }
    if says(&["back-off pulling image"]) && !says(&["error:", "errimagepull:"]) {
        return String::new();
    }
    last_clause(message).to_owned()
}

/// Runtimes wrap causes as `outer: inner: innermost`.
fn last_clause(message: &str) -> &str {
    let line = message.lines().next().unwrap_or_default().trim();
    line.rsplit(": ").next().unwrap_or(line).trim_matches('"')
}
