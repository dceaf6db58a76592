//! Whether a certificate must be issued. Pure: the file was read and parsed before.

use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::Timestamp;

/// What a certificate is presented for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Usage {
    Client,
    Server,
}

/// The certificate that there should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The user name of a client; a label for a server.
    pub common_name: String,
    /// The group of a client; empty for none. One is all that the issuing library can write.
    pub organization: String,
    /// What a server answers to.
    pub names: BTreeSet<String>,
    pub addresses: BTreeSet<IpAddr>,
    pub usage: Usage,
}

impl Wanted {
    pub fn client(common_name: impl Into<String>, organization: &str) -> Self {
        Self {
            common_name: common_name.into(),
            organization: organization.to_owned(),
            names: BTreeSet::new(),
            addresses: BTreeSet::new(),
            usage: Usage::Client,
        }
    }

    pub fn server(
        common_name: impl Into<String>,
        names: impl IntoIterator<Item = String>,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Self {
        Self {
            common_name: common_name.into(),
            organization: String::new(),
            names: names.into_iter().collect(),
            addresses: addresses.into_iter().collect(),
            usage: Usage::Server,
        }
    }
}

/// The certificate that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it says, in the terms in which it was wanted.
    pub content: Wanted,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// Its authority key id is that of the authority in use.
    pub from_authority: bool,
}

/// What to do about one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Keep,
    Issue(Why),
}

/// Why a new one is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    Missing,
    OtherAuthority,
    OtherContent,
    Expiring,
}

/// Decides for one certificate.
pub fn verdict(found: Option<&Found>, wanted: &Wanted, now: Timestamp) -> Verdict {
    match found {
        None => Verdict::Issue(Why::Missing),
        Some(found) if !found.from_authority => Verdict::Issue(Why::OtherAuthority),
        Some(found) if found.content != *wanted => Verdict::Issue(Why::OtherContent),
        Some(found) if is_expiring(found.not_before, found.not_after, now) => {
            Verdict::Issue(Why::Expiring)
        }
        Some(_) => Verdict::Keep,
    }
}

/// Less than a third of its life remains.
pub fn is_expiring(not_before: Timestamp, not_after: Timestamp, now: Timestamp) -> bool {
    let life = not_after.as_second() - not_before.as_second();
    let rest = not_after.as_second() - now.as_second();
    rest * 3 < life
}
