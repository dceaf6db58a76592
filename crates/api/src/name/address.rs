//! IP addresses and networks, read strictly as 1.36 does (`StrictIPCIDRValidation`).

use std::net::IpAddr;

/// An IPv4 or IPv6 address; need not be in canonical form.
pub fn ip(value: &str) -> Vec<String> {
    match parse(value) {
        None => vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".to_owned()],
        Some((_, Form::LeadingZeros)) => vec!["must not have leading 0s".to_owned()],
        Some((address, Form::Strict)) if is_mapped(address) => {
            vec!["must not be an IPv4-mapped IPv6 address".to_owned()]
        }
        Some(_) => Vec::new(),
    }
}

/// An address with a prefix length that covers all its set bits.
pub fn cidr(value: &str) -> Vec<String> {
    let Some((address, form, length)) = parse_network(value) else {
        return vec!["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)".to_owned()];
    };
    let wrong = if form == Form::LeadingZeros {
        "must not have leading 0s in IP or prefix length"
    } else if is_mapped(address) {
        "must not have an IPv4-mapped IPv6 address"
    } else if has_bits_beyond(address, length) {
        "must not have bits set beyond the prefix length"
    } else {
        return Vec::new();
    };
    vec![wrong.to_owned()]
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Strict,
    /// Read as decimal here, as octal by most C libraries.
    LeadingZeros,
}

fn parse(value: &str) -> Option<(IpAddr, Form)> {
    if let Ok(address) = value.parse() {
        return Some((address, Form::Strict));
    }
    let (head, tail) = value.rsplit_once(':').map_or(("", value), |_| {
        value.split_at(value.rfind(':').unwrap_or(0) + 1)
    });
    let octets: Vec<&str> = tail.split('.').map(without_zeros).collect();
    let address = format!("{head}{}", octets.join(".")).parse().ok()?;
    Some((address, Form::LeadingZeros))
}

fn parse_network(value: &str) -> Option<(IpAddr, Form, u32)> {
    let (address, digits) = value.split_once('/')?;
    let (address, mut form) = parse(address)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let length: u32 = digits.parse().ok()?;
    if without_zeros(digits) != digits {
        form = Form::LeadingZeros;
    }
    (length <= bits(address)).then_some((address, form, length))
}

fn without_zeros(digits: &str) -> &str {
    match digits.trim_start_matches('0') {
        "" if !digits.is_empty() => "0",
        stripped => stripped,
    }
}

fn bits(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn is_mapped(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some())
}

fn has_bits_beyond(address: IpAddr, length: u32) -> bool {
    let value = match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    };
    value.checked_shl(length).is_some_and(|rest| rest != 0)
}
