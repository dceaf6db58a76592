//! Reads back what a certificate says.

use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::authority::BACKDATED;
use super::{Found, Usage, Wanted};
use crate::Error;

/// Whom a certificate names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    pub common_name: String,
    pub organizations: Vec<String>,
    /// When an authority of Kedge's issued it.
    pub issued_at: Timestamp,
}

/// The subject of a certificate in DER.
pub fn subject(der: &[u8]) -> Result<Subject, Error> {
    let certificate = parse(der)?;
    let begins = timestamp(certificate.validity().not_before.timestamp())?;
    Ok(Subject {
        issued_at: begins + BACKDATED,
        ..subject_of(&certificate)
    })
}

/// From when on the first certificate of a PEM text holds.
pub fn begins(pem: &str) -> Result<Timestamp, Error> {
    let der = first_certificate(pem)?;
    timestamp(parse(&der)?.validity().not_before.timestamp())
}

/// Until when the first certificate of a PEM text holds.
pub fn ends(pem: &str) -> Result<Timestamp, Error> {
    let der = first_certificate(pem)?;
    timestamp(parse(&der)?.validity().not_after.timestamp())
}

/// What the first certificate of a PEM text says, seen from an authority's key id.
pub(super) fn found(pem: &str, authority_key_id: &[u8]) -> Result<Found, Error> {
    let der = first_certificate(pem)?;
    let certificate = parse(&der)?;
    let validity = certificate.validity();
    Ok(Found {
        content: content(&certificate),
        not_before: timestamp(validity.not_before.timestamp())?,
        not_after: timestamp(validity.not_after.timestamp())?,
        from_authority: issuer_key_id(&certificate) == Some(authority_key_id),
    })
}

/// The key id and the life of an authority's own certificate.
pub(super) fn authority(pem: &str) -> Result<(Vec<u8>, Timestamp, Timestamp), Error> {
    let der = first_certificate(pem)?;
    let certificate = parse(&der)?;
    let validity = certificate.validity();
    let key_id = certificate
        .iter_extensions()
        .find_map(|extension| match extension.parsed_extension() {
            x509_parser::prelude::ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
            _ => None,
        })
        .ok_or_else(|| unreadable("it has no subject key id"))?;
    Ok((
        key_id,
        timestamp(validity.not_before.timestamp())?,
        timestamp(validity.not_after.timestamp())?,
    ))
}

fn first_certificate(pem: &str) -> Result<CertificateDer<'static>, Error> {
    CertificateDer::from_pem_slice(pem.as_bytes()).map_err(unreadable)
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, Error> {
    X509Certificate::from_der(der)
        .map(|(_, certificate)| certificate)
        .map_err(unreadable)
}

fn content(certificate: &X509Certificate<'_>) -> Wanted {
    let subject = subject_of(certificate);
    let mut names = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    if let Ok(Some(alternatives)) = certificate.subject_alternative_name() {
        for name in &alternatives.value.general_names {
            match name {
                GeneralName::DNSName(name) => {
                    names.insert((*name).to_owned());
                }
                GeneralName::IPAddress(bytes) => addresses.extend(address(bytes)),
                _ => {}
            }
        }
    }
    let is_client =
        matches!(certificate.extended_key_usage(), Ok(Some(usage)) if usage.value.client_auth);
    Wanted {
        common_name: subject.common_name,
        organization: subject.organizations.join(","),
        names,
        addresses,
        usage: if is_client {
            Usage::Client
        } else {
            Usage::Server
        },
    }
}

fn subject_of(certificate: &X509Certificate<'_>) -> Subject {
    let subject = certificate.subject();
    Subject {
        common_name: subject
            .iter_common_name()
            .find_map(|name| name.as_str().ok())
            .unwrap_or_default()
            .to_owned(),
        organizations: subject
            .iter_organization()
            .filter_map(|name| name.as_str().ok())
            .map(ToOwned::to_owned)
            .collect(),
        issued_at: Timestamp::default(),
    }
}

fn issuer_key_id<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a [u8]> {
    certificate
        .iter_extensions()
        .find_map(|extension| match extension.parsed_extension() {
            x509_parser::prelude::ParsedExtension::AuthorityKeyIdentifier(id) => {
                id.key_identifier.as_ref().map(|id| id.0)
            }
            _ => None,
        })
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

fn timestamp(seconds: i64) -> Result<Timestamp, Error> {
    Timestamp::from_second(seconds).map_err(unreadable)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is passed to `map_err` by name"
)]
fn unreadable(detail: impl ToString) -> Error {
    Error::Parse {
        what: "a certificate".to_owned(),
        detail: detail.to_string(),
    }
}
