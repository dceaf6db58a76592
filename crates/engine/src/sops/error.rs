//! Why an encrypted file cannot be used. Never what is in it.

use crate::Problem;

/// What is wrong with an encrypted file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("is encrypted with SOPS in a way that is not understood: {0}")]
    Malformed(&'static str),
    #[error("{field} is not encrypted, though the file says that it is")]
    Plain { field: String },
    #[error("{field} cannot be decrypted: it was changed, or moved from another field or file")]
    Damaged { field: String },
    #[error("was changed after it was encrypted: its MAC is another one")]
    Changed,
    #[error("is encrypted with SOPS, and {keys} opens it")]
    NoKey {
        keys: &'static str,
        /// Who can open it.
        recipients: Vec<String>,
        has_age: bool,
    },
    #[error("{field} is encrypted, and would be shown and kept in plain text in a {kind}")]
    Misplaced { field: String, kind: String },
    #[error("{field} is {what}, and only text can be in a Secret")]
    NoText { field: String, what: &'static str },
    #[error("{field} is not base64 once it is decrypted")]
    NoBase64 { field: String },
}

impl Error {
    fn field(&self) -> &str {
        match self {
            Self::Plain { field }
            | Self::Damaged { field }
            | Self::Misplaced { field, .. }
            | Self::NoText { field, .. }
            | Self::NoBase64 { field } => field,
            _ => "",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Malformed(_) => "encrypt it again with sops".into(),
            Self::Plain { .. } | Self::Changed => "change encrypted files with sops edit".into(),
            Self::Damaged { .. } => String::new(),
            Self::NoKey {
                recipients,
                has_age: true,
                ..
            } => format!(
                "it is encrypted to {}; give the key of one of them with --sops-age-key-file",
                recipients.join(", ")
            ),
            Self::NoKey { recipients, .. } => format!(
                "it is encrypted to {}, and only age keys are used here: add an age recipient",
                recipients.join(", ")
            ),
            Self::Misplaced { kind, .. } if kind == "Secret" => {
                "encrypt with --encrypted-regex '^(data|stringData)$'".into()
            }
            Self::Misplaced { .. } => {
                "only data and stringData of a Secret may hold what is encrypted".into()
            }
            Self::NoText { .. } => "put it in quotes, and encrypt it again".into(),
            Self::NoBase64 { .. } => "use stringData for plain text".into(),
        }
    }

    /// What is told about the file at `path`.
    pub(crate) fn problem(&self, path: &str) -> Problem {
        Problem::new(path, self.to_string())
            .field(self.field())
            .hint(self.hint())
    }
}
