//! Amounts of resources as Kubernetes writes them: `100m`, `1.5Gi`, `2e3`.

use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};
use std::str::FromStr;

use serde_json::Value;

const NANO: i128 = 1_000_000_000;
/// What an amount is capped at, in whole units: what a signed 64-bit number holds.
const MAX_UNITS: i128 = i64::MAX as i128;
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// An exact amount, down to a billionth; finer ones are rounded up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quantity {
    nano: i128,
    format: Format,
}

/// The suffixes an amount was written with: kept when it is written back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Format {
    #[default]
    Decimal,
    Binary,
    Exponent,
}

/// Text that is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)]
pub struct InvalidQuantity;

impl Quantity {
    pub const ZERO: Self = Self {
        nano: 0,
        format: Format::Decimal,
    };

    /// Whole units: bytes, cores, pieces.
    pub fn units(units: i64) -> Self {
        Self {
            nano: i128::from(units) * NANO,
            format: Format::Decimal,
        }
    }

    /// Bytes, written with binary suffixes.
    pub fn bytes(bytes: i64) -> Self {
        Self {
            format: Format::Binary,
            ..Self::units(bytes)
        }
    }

    /// Thousandths: millicores.
    pub fn millis(millis: i64) -> Self {
        Self {
            nano: i128::from(millis) * (NANO / 1000),
            format: Format::Decimal,
        }
    }

    /// From JSON: a string, or the bare number that YAML authors write.
    pub fn from_json(value: &Value) -> Result<Self, InvalidQuantity> {
        match value {
            Value::String(text) => text.parse(),
            Value::Number(number) => number.to_string().parse(),
            _ => Err(InvalidQuantity),
        }
    }

    /// In whole units, rounded up.
    pub fn value(self) -> i64 {
        narrow(ceiling(self.nano, NANO))
    }

    /// In thousandths, rounded up.
    pub fn milli_value(self) -> i64 {
        narrow(ceiling(self.nano, NANO / 1000))
    }

    pub fn is_zero(self) -> bool {
        self.nano == 0
    }

    pub fn is_negative(self) -> bool {
        self.nano < 0
    }
}

impl FromStr for Quantity {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let split = unsigned
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(split);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let is_malformed = whole.len() + fraction.len() == 0
            || fraction.contains('.')
            || whole.len() > 30
            || fraction.len() > 30;
        if is_malformed {
            return Err(InvalidQuantity);
        }
        let (format, power, binary) = scale(suffix)?;
        let nano = amount(whole, fraction, power, binary);
        let sign = if text.starts_with('-') { -1 } else { 1 };
        Ok(Self {
            nano: sign * nano,
            format,
        })
    }
}

/// Format, power of ten and power of 1024 of a suffix.
fn scale(suffix: &str) -> Result<(Format, i32, u32), InvalidQuantity> {
    if let Some((_, power)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Ok((Format::Decimal, *power, 0));
    }
    if let Some(index) = BINARY.iter().position(|name| *name == suffix) {
        let power = u32::try_from(index + 1).map_err(|_| InvalidQuantity)?;
        return Ok((Format::Binary, 0, power));
    }
    let exponent = suffix.strip_prefix(['e', 'E']).ok_or(InvalidQuantity)?;
    let power: i32 = exponent.parse().map_err(|_| InvalidQuantity)?;
    if power.abs() > 30 {
        return Err(InvalidQuantity);
    }
    Ok((Format::Exponent, power, 0))
}

/// The amount in billionths, rounded up and capped.
fn amount(whole: &str, fraction: &str, power: i32, binary: u32) -> i128 {
    let cap = MAX_UNITS * NANO;
    let mut nano = 0_i128;
    // Digit by digit, each at its own power of ten: `1.5` is 1e0 and 5e-1.
    let first = power + i32::try_from(whole.len()).unwrap_or(0) - 1;
    let mut is_inexact = false;
    for (digit, power) in whole
        .bytes()
        .chain(fraction.bytes())
        .zip((-70..=first).rev())
    {
        let digit = i128::from(digit - b'0');
        if digit == 0 {
            continue;
        }
        let exponent = power + 9;
        let Ok(exponent) = u32::try_from(exponent) else {
            // Below a billionth; with a binary suffix it may still count.
            let divisor = 10_i128.checked_pow(exponent.unsigned_abs());
            let scaled = digit * 1024_i128.pow(binary);
            let share = divisor.map_or(0, |divisor| scaled / divisor);
            is_inexact |= divisor.is_none_or(|divisor| scaled % divisor != 0);
            nano = nano.saturating_add(share);
            continue;
        };
        let part = 10_i128
            .checked_pow(exponent)
            .and_then(|ten| ten.checked_mul(digit))
            .and_then(|part| part.checked_mul(1024_i128.pow(binary)))
            .unwrap_or(cap);
        nano = nano.saturating_add(part);
    }
    (nano + i128::from(is_inexact)).min(cap)
}

/// Canonical: no fraction, the largest suffix that allows that.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_small = self.nano.abs() < 1024 * NANO;
        if self.format == Format::Binary && !is_small && self.nano % NANO == 0 {
            let (mut units, mut suffix) = (self.nano / NANO, "");
            for name in BINARY {
                if units % 1024 != 0 {
                    break;
                }
                units /= 1024;
                suffix = name;
            }
            return write!(f, "{units}{suffix}");
        }
        if self.nano == 0 {
            return f.write_str("0");
        }
        let (mut mantissa, mut index) = (self.nano, 0);
        while mantissa % 1000 == 0 && index + 1 < DECIMAL.len() {
            mantissa /= 1000;
            index += 1;
        }
        let (suffix, power) = DECIMAL[index];
        match (self.format, power) {
            (Format::Exponent, 0) => write!(f, "{mantissa}"),
            (Format::Exponent, _) => write!(f, "{mantissa}e{power}"),
            _ => write!(f, "{mantissa}{suffix}"),
        }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nano == other.nano
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nano.cmp(&other.nano)
    }
}

/// The sum is written as the first non-zero of the two.
impl Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let format = if self.is_zero() {
            other.format
        } else {
            self.format
        };
        Self {
            nano: self.nano.saturating_add(other.nano),
            format,
        }
    }
}

impl Sub for Quantity {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            nano: self.nano.saturating_sub(other.nano),
            ..self
        }
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(quantities: I) -> Self {
        quantities.fold(Self::ZERO, Add::add)
    }
}

fn ceiling(amount: i128, unit: i128) -> i128 {
    amount.div_euclid(unit) + i128::from(amount.rem_euclid(unit) != 0)
}

fn narrow(amount: i128) -> i64 {
    let sign = if amount < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(amount).unwrap_or(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_canonically() {
        for (text, canonical, milli) in [
            ("0", "0", 0),
            ("1", "1", 1000),
            ("0.5", "500m", 500),
            (".5", "500m", 500),
            ("5.", "5", 5000),
            ("1000m", "1", 1000),
            ("1500m", "1500m", 1500),
            ("100u", "100u", 1),
            ("1k", "1k", 1_000_000),
            ("1500000", "1500k", 1_500_000_000),
            ("-3", "-3", -3000),
            ("+2", "2", 2000),
            ("1Ki", "1Ki", 1_024_000),
            ("1024Mi", "1Gi", 1_073_741_824_000),
            ("1.5Gi", "1536Mi", 1_610_612_736_000),
            ("0.5Ki", "512", 512_000),
            ("128974848", "128974848", 128_974_848_000),
            ("129e6", "129e6", 129_000_000_000),
            ("1E3", "1e3", 1_000_000),
            ("1E", "1E", i64::MAX),
            ("0.0000000001", "1n", 1),
        ] {
            let quantity: Quantity = text.parse().unwrap();
            assert_eq!(quantity.to_string(), canonical, "{text}");
            assert_eq!(quantity.milli_value(), milli, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for text in [
            "", "m", "1 Gi", "1gi", "1.2.3", "--1", "ten", "1e", "1eX", "Gi", ".",
        ] {
            assert_eq!(text.parse::<Quantity>(), Err(InvalidQuantity), "{text:?}");
        }
    }

    #[test]
    fn huge_amounts_are_capped() {
        for text in ["99999999999999999999999999", "10Ei", "1e30"] {
            assert_eq!(
                text.parse::<Quantity>().unwrap().value(),
                i64::MAX,
                "{text}"
            );
        }
    }

    #[test]
    fn adds_and_compares_by_amount() {
        let total: Quantity = ["100m", "0.2", "1"]
            .map(|t| t.parse::<Quantity>().unwrap())
            .into_iter()
            .sum();
        assert_eq!(total, Quantity::millis(1300));
        assert!(Quantity::bytes(1 << 30) > "1G".parse().unwrap());
        assert_eq!(
            (Quantity::bytes(2048) - Quantity::bytes(1024)).to_string(),
            "1Ki"
        );
    }
}
