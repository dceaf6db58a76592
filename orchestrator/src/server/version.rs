//! `/version`

use serde_json::{Value, json};

/// The Kubernetes level whose kinds and behaviour are served.
const MAJOR: &str = "1";
const MINOR: &str = "36";

/// What clients compare themselves with. Reads as a semantic version, with ours behind the plus.
pub fn version() -> Value {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    json!({
        "major": MAJOR,
        "minor": MINOR,
        "gitVersion": git_version(),
        "gitCommit": option_env!("KEDGE_COMMIT").unwrap_or("unknown"),
        "gitTreeState": "clean",
        "buildDate": option_env!("KEDGE_BUILD_DATE").unwrap_or("1970-01-01T00:00:00Z"),
        "goVersion": "none",
        "compiler": "rustc",
        "platform": format!("{}/{architecture}", std::env::consts::OS),
    })
}

/// `v1.36.0+kedge.0.1.0`
pub fn git_version() -> String {
    format!("v{MAJOR}.{MINOR}.0+kedge.{}", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_semantic_version_with_plain_numbers() {
        let version = version();
        assert!(git_version().starts_with("v1.36.0+kedge."));
        for field in ["major", "minor"] {
            assert!(
                version[field]
                    .as_str()
                    .unwrap()
                    .chars()
                    .all(|c| c.is_ascii_digit())
            );
        }
    }
}
