//! The file with which `kubectl` and everything else finds its way in.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use tls::{Error, Pair, files};

/// The name of the cluster, the context and, with the user's, of everything in the file.
const CONTEXT: &str = "kedge";

/// A kubeconfig with one context, `kedge`, and everything it needs inside.
pub fn kubeconfig(server: &str, authority_pem: &str, user: &str, pair: &Pair) -> String {
    let quoted = |text: &str| json!(text).to_string();
    format!(
        "apiVersion: v1\n\
         kind: Config\n\
         clusters:\n\
         - name: {CONTEXT}\n  \
           cluster:\n    \
             server: {server}\n    \
             certificate-authority-data: {authority}\n\
         contexts:\n\
         - name: {CONTEXT}\n  \
           context:\n    \
             cluster: {CONTEXT}\n    \
             user: {user}\n\
         current-context: {CONTEXT}\n\
         users:\n\
         - name: {user}\n  \
           user:\n    \
             client-certificate-data: {certificate}\n    \
             client-key-data: {key}\n",
        server = quoted(server),
        user = quoted(user),
        authority = STANDARD.encode(authority_pem),
        certificate = STANDARD.encode(&pair.certificate_pem),
        key = STANDARD.encode(&pair.key_pem),
    )
}

/// The same file with other keys, for one that [`kubeconfig`] made.
pub fn renewed(kubeconfig: &str, pair: &Pair) -> String {
    let line = |line: &str| {
        let (name, pem) = match line.trim_start().split(':').next() {
            Some(name @ "client-certificate-data") => (name, &pair.certificate_pem),
            Some(name @ "client-key-data") => (name, &pair.key_pem),
            _ => return format!("{line}\n"),
        };
        format!("    {name}: {}\n", STANDARD.encode(pem))
    };
    kubeconfig.lines().map(line).collect()
}

/// Writes the file for its owner alone; leaves it untouched where it says the same already.
pub fn write(path: &Path, kubeconfig: &str) -> Result<(), Error> {
    if files::read(path)?.as_deref() == Some(kubeconfig) {
        return Ok(());
    }
    files::write_private(path, kubeconfig.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_keys_are_all_that_changes() {
        let pair = |text: &str| Pair {
            certificate_pem: format!("{text} cert"),
            key_pem: format!("{text} key"),
        };
        let made = |pair: &Pair| kubeconfig("https://127.0.0.1:6443", "ca", "n1", pair);
        let renewed = renewed(&made(&pair("old")), &pair("new"));
        assert_eq!(renewed, made(&pair("new")));
    }

    #[test]
    fn reads_as_a_kubeconfig() {
        let pair = Pair {
            certificate_pem: "cert".into(),
            key_pem: "key".into(),
        };
        insta::assert_snapshot!(
            kubeconfig("https://127.0.0.1:6443", "ca", "admin", &pair),
            @r#"
        apiVersion: v1
        kind: Config
        clusters:
        - name: kedge
          cluster:
            server: "https://127.0.0.1:6443"
            certificate-authority-data: Y2E=
        contexts:
        - name: kedge
          context:
            cluster: kedge
            user: "admin"
        current-context: kedge
        users:
        - name: "admin"
          user:
            client-certificate-data: Y2VydA==
            client-key-data: a2V5
        "#
        );
    }
}
