//! A certificate for a key that stays where it was made: the holder asks, the authority answers.

use jiff::Timestamp;
use rcgen::{CertificateParams, CertificateSigningRequestParams, DistinguishedName, KeyPair};

use super::authority::failed;
use super::issue::{Pair, params};
use super::{Authority, Wanted, parse};
use crate::Error;

/// A new key, and the request (PKCS#10 in PEM) to certify it.
pub struct Request {
    pub request_pem: String,
    key_pem: String,
}

impl Request {
    /// `subject` is for messages alone: what the certificate says is the authority's word.
    pub fn generate(subject: &str) -> Result<Self, Error> {
        let failed = |source| failed(subject, source);
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(&key).map_err(failed)?;
        Ok(Self {
            request_pem: request.pem().map_err(failed)?,
            key_pem: key.serialize_pem(),
        })
    }

    /// The key with the certificate that was issued for it.
    pub fn answered(self, certificate_pem: String) -> Pair {
        Pair {
            certificate_pem,
            key_pem: self.key_pem,
        }
    }
}

impl Authority {
    /// What a certificate says that this authority issued; `None` where another one did.
    pub fn issued(&self, pem: &str) -> Result<Option<Wanted>, Error> {
        let found = parse::found(pem, &self.key_id)?;
        Ok(found.from_authority.then_some(found.content))
    }

    /// A certificate of `wanted` for the key of a request; whatever else the request says is not
    /// looked at.
    ///
    /// # Errors
    /// It is no request, or whoever made it does not have the key.
    pub fn certify(
        &self,
        request_pem: &str,
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<String, Error> {
        let request = CertificateSigningRequestParams::from_pem(request_pem).map_err(|source| {
            Error::Parse {
                what: "a request for a certificate".to_owned(),
                detail: source.to_string(),
            }
        })?;
        let params = params(wanted, now)?;
        let signed = params.signed_by(&request.public_key, &self.issuer);
        let certificate = signed.map_err(|source| failed(&wanted.common_name, source))?;
        Ok(certificate.pem())
    }
}
