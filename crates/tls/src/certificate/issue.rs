//! Issues leaf certificates, and keeps them in files.

use std::path::Path;
use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, SanType,
};

use super::authority::{BACKDATED, failed};
use super::{Authority, Usage, Verdict, Wanted, parse, verdict};
use crate::{Error, files};

/// One year; the holder renews it when a third of that is left.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 365);

/// A certificate with its key, both PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Pair {
    pub certificate_pem: String,
    pub key_pem: String,
}

/// Never shows the key.
impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pair")
            .field("certificate_pem", &self.certificate_pem)
            .finish_non_exhaustive()
    }
}

impl Pair {
    /// Splits a PEM text that holds a key and a certificate.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        const END: &str = "-----END CERTIFICATE-----";
        let start = pem
            .find("-----BEGIN CERTIFICATE-----")
            .ok_or_else(|| Error::Parse {
                what: "a key pair".to_owned(),
                detail: "it has no certificate".to_owned(),
            })?;
        let (before, rest) = pem.split_at(start);
        // The key may stand on either side of the certificates.
        let end = rest.rfind(END).map_or(rest.len(), |at| at + END.len());
        let (certificates, after) = rest.split_at(end);
        let key_pem = format!("{before}{after}").trim().to_owned() + "\n";
        Ok(Self {
            certificate_pem: certificates.trim().to_owned() + "\n",
            key_pem,
        })
    }
}

impl Authority {
    /// Issues a certificate with a new key (P-256), valid for a year from `now`.
    pub fn issue(&self, wanted: &Wanted, now: Timestamp) -> Result<Pair, Error> {
        let failed = |source| failed(&wanted.common_name, source);
        let key = KeyPair::generate().map_err(failed)?;
        let signed = params(wanted, now)?.signed_by(&key, &self.issuer);
        Ok(Pair {
            certificate_pem: signed.map_err(failed)?.pem(),
            key_pem: key.serialize_pem(),
        })
    }
}

/// What a certificate says, whoever's key it is for.
pub(super) fn params(wanted: &Wanted, now: Timestamp) -> Result<CertificateParams, Error> {
    let failed = |source| failed(&wanted.common_name, source);
    let mut params = CertificateParams::default();
    params.not_before = SystemTime::from(now - BACKDATED).into();
    params.not_after = SystemTime::from(now + LIFE).into();
    params.use_authority_key_identifier_extension = true;
    params.distinguished_name = DistinguishedName::new();
    if !wanted.organization.is_empty() {
        params
            .distinguished_name
            .push(DnType::OrganizationName, wanted.organization.as_str());
    }
    params
        .distinguished_name
        .push(DnType::CommonName, wanted.common_name.as_str());
    for name in &wanted.names {
        let name = name.as_str().try_into().map_err(failed)?;
        params.subject_alt_names.push(SanType::DnsName(name));
    }
    let addresses = wanted.addresses.iter().copied().map(SanType::IpAddress);
    params.subject_alt_names.extend(addresses);
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::KeyEncipherment,
    ];
    params.extended_key_usages = vec![match wanted.usage {
        Usage::Client => ExtendedKeyUsagePurpose::ClientAuth,
        Usage::Server => ExtendedKeyUsagePurpose::ServerAuth,
    }];
    Ok(params)
}

/// The pair kept in the file, issued anew where it is missing, no longer what is wanted, from
/// another authority, about to expire, or unreadable.
pub fn ensure(
    path: &Path,
    authority: &Authority,
    wanted: &Wanted,
    now: Timestamp,
) -> Result<Pair, Error> {
    let pem = files::read(path)?.unwrap_or_default();
    let found = parse::found(&pem, &authority.key_id).ok();
    match verdict(found.as_ref(), wanted, now) {
        Verdict::Keep => Pair::from_pem(&pem),
        Verdict::Issue(why) => {
            tracing::info!(certificate.subject = %wanted.common_name, ?why, "issuing a certificate");
            let pair = authority.issue(wanted, now)?;
            let pem = format!("{}{}", pair.key_pem, pair.certificate_pem);
            files::write_private(path, pem.as_bytes())?;
            Ok(pair)
        }
    }
}

/// A new P-256 key, PKCS#8 in PEM.
pub fn generate_key(subject: &str) -> Result<String, Error> {
    KeyPair::generate()
        .map(|key| key.serialize_pem())
        .map_err(|source| failed(subject, source))
}
