//! Text to quantity, in Kubernetes' grammar: sign, digits with at most one point, suffix.

use std::str::FromStr;

use super::{Format, LIMIT, NANOS, Quantity};

/// More digits than any quantity needs; a bound on work, not on values.
const MAX_LENGTH: usize = 256;

/// Text that is no quantity. The words are Kubernetes' own: people search for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)]
pub struct InvalidQuantity;

enum Scale {
    /// Times ten to this power.
    Ten(i64),
    /// Times two to this power.
    Two(u32),
}

impl FromStr for Quantity {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        if text.len() > MAX_LENGTH {
            return Err(InvalidQuantity);
        }
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains('.') || whole.len() + fraction.len() == 0 {
            return Err(InvalidQuantity);
        }
        let (scale, format) = scale(suffix).ok_or(InvalidQuantity)?;
        let magnitude = match scale {
            Scale::Ten(power) => decimal(whole, fraction, power),
            Scale::Two(power) => binary(whole, fraction, power),
        };
        let sign = if text.starts_with('-') { -1 } else { 1 };
        Ok(Self::new(sign * magnitude, format))
    }
}

fn scale(suffix: &str) -> Option<(Scale, Format)> {
    let decimal = |power| Some((Scale::Ten(power), Format::DecimalSi));
    let binary = |power| Some((Scale::Two(power), Format::BinarySi));
    match suffix {
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "" => decimal(0),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(10),
        "Mi" => binary(20),
        "Gi" => binary(30),
        "Ti" => binary(40),
        "Pi" => binary(50),
        "Ei" => binary(60),
        _ => {
            let power = suffix.strip_prefix(['e', 'E'])?.parse::<i32>().ok()?;
            Some((Scale::Ten(power.into()), Format::DecimalExponent))
        }
    }
}

/// `whole.fraction * 10^power` in nanos, rounded up.
fn decimal(whole: &str, fraction: &str, power: i64) -> i128 {
    // How many of the digits are whole nanos.
    let nano_digits = i64::try_from(whole.len()).unwrap_or(i64::MAX) + power + 9;
    let mut nanos: i128 = 0;
    let mut rest = false;
    let mut digits: i64 = 0;
    for digit in whole.bytes().chain(fraction.bytes()).map(|b| b - b'0') {
        if digits < nano_digits {
            nanos = (nanos * 10 + i128::from(digit)).min(LIMIT);
        } else {
            rest |= digit != 0;
        }
        digits += 1;
    }
    for _ in digits..nano_digits {
        if nanos == 0 || nanos >= LIMIT {
            break;
        }
        nanos = (nanos * 10).min(LIMIT);
    }
    nanos + i128::from(rest)
}

/// `whole.fraction * 2^power` in nanos, rounded up.
fn binary(whole: &str, fraction: &str, power: u32) -> i128 {
    let units = decimal(whole, "", -9).min(LIMIT / NANOS);
    // 18 digits times 2^60 still fit; what is cut off can only round up.
    let (kept, cut) = fraction.split_at(fraction.len().min(18));
    let kept = decimal("0", kept, 9);
    let scaled = (kept << power) + i128::from(cut.bytes().any(|b| b != b'0'));
    let parts = scaled / NANOS + i128::from(scaled % NANOS != 0);
    (units * NANOS)
        .saturating_mul(1 << power)
        .saturating_add(parts)
}
