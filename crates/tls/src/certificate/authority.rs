//! The authority of one instance: a key that never leaves its file, and its certificate.

use std::path::Path;
use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SerialNumber,
};

use super::{is_expiring, parse};
use crate::{Error, files};

/// Ten years; renewed with the same key, so that what it issued stays valid.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 3650);
/// Clocks of two machines differ; a certificate is valid a little before it was made.
pub(super) const BACKDATED: SignedDuration = SignedDuration::from_mins(5);

/// Issues certificates.
pub struct Authority {
    pub(super) issuer: Issuer<'static, KeyPair>,
    pub(super) key_id: Vec<u8>,
    certificate_pem: String,
}

impl Authority {
    /// Makes a new authority called `name`.
    pub fn generate(name: &str, now: Timestamp) -> Result<Self, Error> {
        let key = KeyPair::generate().map_err(|source| failed(name, source))?;
        Self::with_key(name, key, now)
    }

    /// Reads the authority kept in the file (key and certificate together, so that no crash can
    /// part them), or makes one there. Renews the certificate when it is about to expire.
    ///
    /// # Errors
    /// A file that is there and cannot be read is never replaced: what trusts it would break.
    pub fn open(path: &Path, name: &str, now: Timestamp) -> Result<Self, Error> {
        let Some(pem) = files::read(path)? else {
            let authority = Self::generate(name, now)?;
            authority.save(path)?;
            return Ok(authority);
        };
        let in_file = |error| match error {
            Error::Parse { detail, .. } => Error::Parse {
                what: path.display().to_string(),
                detail,
            },
            other => other,
        };
        let (authority, not_before, not_after) = Self::from_pem(&pem).map_err(in_file)?;
        if !is_expiring(not_before, not_after, now) {
            return Ok(authority);
        }
        let key = KeyPair::from_pem(&pem).map_err(|source| failed(name, source))?;
        let renewed = Self::with_key(name, key, now)?;
        renewed.save(path)?;
        Ok(renewed)
    }

    /// The certificate that others are to trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    fn from_pem(pem: &str) -> Result<(Self, Timestamp, Timestamp), Error> {
        let unreadable = |source: rcgen::Error| Error::Parse {
            what: "an authority".to_owned(),
            detail: source.to_string(),
        };
        let key = KeyPair::from_pem(pem).map_err(unreadable)?;
        let start = pem
            .find("-----BEGIN CERTIFICATE-----")
            .ok_or_else(|| Error::Parse {
                what: "an authority".to_owned(),
                detail: "it has no certificate".to_owned(),
            })?;
        let certificate_pem = pem[start..].to_owned();
        let (key_id, not_before, not_after) = parse::authority(&certificate_pem)?;
        let issuer = Issuer::from_ca_cert_pem(&certificate_pem, key).map_err(unreadable)?;
        let authority = Self {
            issuer,
            key_id,
            certificate_pem,
        };
        Ok((authority, not_before, not_after))
    }

    fn with_key(name: &str, key: KeyPair, now: Timestamp) -> Result<Self, Error> {
        let mut params = CertificateParams::default();
        params.not_before = SystemTime::from(now - BACKDATED).into();
        params.not_after = SystemTime::from(now + LIFE).into();
        params.serial_number = Some(SerialNumber::from(now.as_second().unsigned_abs()));
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
        ];
        let certificate = params
            .self_signed(&key)
            .map_err(|source| failed(name, source))?;
        let certificate_pem = certificate.pem();
        let (key_id, ..) = parse::authority(&certificate_pem)?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            key_id,
            certificate_pem,
        })
    }

    fn save(&self, path: &Path) -> Result<(), Error> {
        let pem = format!(
            "{}{}",
            self.issuer.key().serialize_pem(),
            self.certificate_pem
        );
        files::write_private(path, pem.as_bytes())
    }
}

pub(super) fn failed(subject: &str, source: rcgen::Error) -> Error {
    Error::Issue {
        subject: subject.to_owned(),
        source,
    }
}
