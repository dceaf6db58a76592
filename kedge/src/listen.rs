//! Addresses to serve at, as flags have them.

use std::net::SocketAddr;

/// # Errors
/// It is no address with a port.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "an IP address and a port are needed, such as 127.0.0.1:8080 or [::1]:8080".into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_port_and_no_name() {
        assert!(address("127.0.0.1:0").is_ok() && address("[::]:80").is_ok());
        for bad in ["nope", "8080", "localhost:8080", "127.0.0.1", ""] {
            assert!(
                address(bad).is_err_and(|it| it.contains("127.0.0.1:8080")),
                "{bad}"
            );
        }
    }
}
