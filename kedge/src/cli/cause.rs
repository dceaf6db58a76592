//! What lies at the bottom of a failed connection, in words that say what to do about it. Decides
//! nothing and reads nothing but the error.

use std::error::Error;
use std::io::{self, ErrorKind};

use rustls::CertificateError;

/// The cause of all, without what each layer above it says of itself.
pub(super) fn cause(error: &(dyn Error + 'static)) -> String {
    let chain: Vec<_> = std::iter::successors(Some(error), |error| below(*error)).collect();
    let tls = chain
        .iter()
        .find_map(|it| it.downcast_ref::<rustls::Error>());
    if let Some(told) = tls.and_then(secured) {
        return told.into();
    }
    let is_late = |it: &&&(dyn Error + 'static)| {
        let http = it.downcast_ref::<reqwest::Error>();
        http.is_some_and(reqwest::Error::is_timeout)
    };
    if chain.iter().any(|it| is_late(&it)) {
        return "the time was up".into();
    }
    let innermost = chain.last().map_or_else(String::new, ToString::to_string);
    innermost.lines().next().unwrap_or_default().to_owned()
}

/// An `io::Error` hides the error that it was made from.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let made_from = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match made_from {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// Where it is known what to do.
fn secured(error: &rustls::Error) -> Option<&'static str> {
    use rustls::Error as Tls;
    match error {
        Tls::InvalidCertificate(CertificateError::UnknownIssuer) => Some(
            "its certificate is of an authority that is not trusted here (SSL_CERT_FILE, or the \
             kubeconfig's certificate-authority, names those that are)",
        ),
        Tls::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => Some("its certificate has expired (or the clock here is ahead)"),
        Tls::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => Some("its certificate is not valid yet (or the clock here is behind)"),
        Tls::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Some("its certificate is for another name than this address"),
        Tls::InvalidMessage(_) => Some("it does not speak TLS there; http:// may be meant"),
        _ => None,
    }
}

/// Why a file cannot be read, and who could.
pub(crate) fn unreadable(path: &std::path::Path, error: &io::Error) -> String {
    use std::os::unix::fs::MetadataExt;
    let what = format!("cannot read {}: {error}", path.display());
    if error.kind() != ErrorKind::PermissionDenied {
        return what;
    }
    let closest = path.ancestors().find_map(|it| std::fs::metadata(it).ok());
    match closest.map(|it| it.uid()) {
        Some(0) => format!("{what}; it is root's: run the command as root"),
        Some(owner) => format!("{what}; run the command as its owner, user {owner}"),
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("error sending request")]
    struct Layer(#[source] io::Error);

    #[test]
    fn the_innermost_cause_is_told() {
        let check = |inner: io::Error, expected: &str| {
            let told = cause(&Layer(inner));
            assert!(told.contains(expected), "{told}");
        };
        let tls = |error| io::Error::new(ErrorKind::InvalidData, rustls::Error::from(error));
        let refused = io::Error::from_raw_os_error(111);
        check(refused, "Connection refused");
        check(tls(CertificateError::UnknownIssuer), "an authority");
        check(tls(CertificateError::Expired), "has expired");
        check(tls(CertificateError::NotValidYet), "not valid yet");
        check(tls(CertificateError::NotValidForName), "another name");
        check(io::Error::other("one\ntwo"), "one");
        let corrupt = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        check(io::Error::other(corrupt), "does not speak TLS");
    }

    #[test]
    fn who_may_read_a_file_is_said() {
        let denied = io::Error::from(ErrorKind::PermissionDenied);
        let told = unreadable(std::path::Path::new("/etc/hostname"), &denied);
        assert!(told.ends_with("run the command as root"), "{told}");
        let absent = io::Error::from(ErrorKind::NotFound);
        let told = unreadable(std::path::Path::new("/nope"), &absent);
        assert_eq!(told, format!("cannot read /nope: {absent}"));
    }
}
