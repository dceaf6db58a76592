//! What the programs say about a signature.

/// Who signed, and with which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signer {
    /// As the trusted keys name them.
    pub(crate) name: String,
    /// `OpenPGP key FINGERPRINT`, `SSH key SHA256:…`
    pub(crate) key: String,
}

impl std::fmt::Display for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name, self.key)
    }
}

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unverified {
    #[error("is not signed")]
    Unsigned,
    #[error("is signed with {0}, which is not among the trusted keys")]
    Untrusted(String),
    #[error("was changed after it was signed")]
    Bad,
    #[error("is signed with an expired or revoked key, or the signature expired")]
    Expired,
    #[error("has a signature that is not understood: {0}")]
    Unknown(String),
}

/// Reads what `gpg --status-fd` says.
pub(super) fn gpg(status: &str) -> Result<Signer, Unverified> {
    let lines: Vec<&str> = status
        .lines()
        .filter_map(|line| line.strip_prefix("[GNUPG:] "))
        .collect();
    let said = |word: &str| {
        let mut rests = lines.iter().filter_map(|line| line.strip_prefix(word));
        rests.find(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    if said("BADSIG").is_some() {
        return Err(Unverified::Bad);
    }
    if ["EXPSIG", "EXPKEYSIG", "REVKEYSIG"]
        .iter()
        .any(|it| said(it).is_some())
    {
        return Err(Unverified::Expired);
    }
    if let Some(rest) = said("ERRSIG") {
        let mut words = rest.split_whitespace();
        let key = words.next().unwrap_or("?");
        // The last but one of what follows says why: 9 is a key that is not there.
        return Err(match said("NO_PUBKEY") {
            Some(_) => Unverified::Untrusted(format!("OpenPGP key {key}")),
            None => Unverified::Unknown("gpg cannot check it".into()),
        });
    }
    let (Some(good), Some(valid)) = (said("GOODSIG"), said("VALIDSIG")) else {
        return Err(Unverified::Unknown("gpg finds no signature".into()));
    };
    let name = good.trim().split_once(' ').map_or("", |(_, name)| name);
    // The primary key's fingerprint is last; the key that signed may be a part of it.
    let key = valid.split_whitespace().next_back().unwrap_or_default();
    Ok(Signer {
        name: name.to_owned(),
        key: format!("OpenPGP key {key}"),
    })
}

/// Reads what `ssh-keygen -Y verify` says when all is well.
pub(super) fn ssh(said: &str, principal: &str) -> Result<Signer, Unverified> {
    let line = said
        .lines()
        .find(|line| line.starts_with("Good \"git\" signature"));
    let line = line.ok_or_else(|| Unverified::Unknown("ssh-keygen does not say who".into()))?;
    let key = line.rsplit_once(" key ").map_or("", |(_, key)| key);
    Ok(Signer {
        name: principal.to_owned(),
        key: format!("SSH key {}", key.trim()),
    })
}

/// Reads what it says when not.
pub(super) fn ssh_refusal(said: &str) -> Unverified {
    if said.contains("incorrect signature")
        || said.contains("Signature verification failed: incorrect")
    {
        return Unverified::Bad;
    }
    if said.contains("expired") || said.contains("not yet valid") || said.contains("revoked") {
        return Unverified::Expired;
    }
    let line = said.lines().map(str::trim).find(|line| !line.is_empty());
    Unverified::Unknown(
        line.unwrap_or("ssh-keygen refuses it")
            .chars()
            .take(200)
            .collect(),
    )
}
