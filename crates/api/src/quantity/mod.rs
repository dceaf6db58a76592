//! Resource quantities, exact: `500m`, `1.5Gi`, `2e3`.
//!
//! A value is a whole number of nanos, as Kubernetes bounds it: at most 2^63-1 units, anything
//! finer than a nano rounded away from zero. Never goes through a float.

mod parse;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

pub use parse::InvalidQuantity;

const NANOS: i128 = 1_000_000_000;
/// The largest magnitude, in nanos.
const LIMIT: i128 = i64::MAX as i128 * NANOS;

/// How a quantity was written, and so how it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// `500m`, `2k`, `1M`
    #[default]
    DecimalSi,
    /// `1Ki`, `64Mi`
    BinarySi,
    /// `1e3`
    DecimalExponent,
}

/// An exact amount. Equality and order are those of the value; the format is only for showing it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quantity {
    nanos: i128,
    pub format: Format,
}

impl Quantity {
    pub const ZERO: Self = Self {
        nanos: 0,
        format: Format::DecimalSi,
    };

    fn new(nanos: i128, format: Format) -> Self {
        Self {
            nanos: nanos.clamp(-LIMIT, LIMIT),
            format,
        }
    }

    /// Whole units: bytes, cores, pieces.
    pub fn units(units: i64) -> Self {
        Self::new(i128::from(units) * NANOS, Format::DecimalSi)
    }

    /// Thousandths: `millis(250)` is a quarter of a core.
    pub fn millis(thousandths: i64) -> Self {
        Self::new(i128::from(thousandths) * (NANOS / 1000), Format::DecimalSi)
    }

    /// Billionths, such as those of a core.
    pub fn billionths(nanos: i64) -> Self {
        Self::new(i128::from(nanos), Format::DecimalSi)
    }

    /// Bytes, shown as `64Mi`.
    pub fn bytes(bytes: i64) -> Self {
        Self::new(i128::from(bytes) * NANOS, Format::BinarySi)
    }

    /// From JSON: a string, or a bare number such as `cpu: 2` or `cpu: 0.5`.
    pub fn from_json(value: &Value) -> Result<Self, InvalidQuantity> {
        match value {
            Value::String(text) => text.parse(),
            Value::Number(number) => number.to_string().parse(),
            _ => Err(InvalidQuantity),
        }
    }

    /// In billionths; exact.
    pub fn nanos(self) -> i128 {
        self.nanos
    }

    /// Whole units, rounded up.
    pub fn value(self) -> i64 {
        rounded_up(self.nanos, NANOS)
    }

    /// Thousandths, rounded up; `i64::MAX` where that does not fit.
    pub fn milli_value(self) -> i64 {
        rounded_up(self.nanos, NANOS / 1000)
    }

    pub fn is_zero(self) -> bool {
        self.nanos == 0
    }

    pub fn is_negative(self) -> bool {
        self.nanos < 0
    }

    /// `count` times as much.
    #[must_use]
    pub fn times(self, count: i64) -> Self {
        Self::new(self.nanos.saturating_mul(i128::from(count)), self.format)
    }

    /// The sum keeps the format of the side that says something.
    fn sum(self, nanos: i128, other: Self) -> Self {
        let format = if self.is_zero() {
            other.format
        } else {
            self.format
        };
        Self::new(nanos, format)
    }
}

fn rounded_up(nanos: i128, unit: i128) -> i64 {
    let whole = nanos.div_euclid(unit) + i128::from(nanos.rem_euclid(unit) != 0);
    i64::try_from(whole).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
}

impl Add for Quantity {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.sum(self.nanos + other.nanos, other)
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Quantity {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.sum(self.nanos - other.nanos, other)
    }
}

impl SubAssign for Quantity {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Neg for Quantity {
    type Output = Self;
    fn neg(self) -> Self {
        Self::new(-self.nanos, self.format)
    }
}

impl std::iter::Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(quantities: I) -> Self {
        quantities.fold(Self::ZERO, Add::add)
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
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
        self.nanos.cmp(&other.nanos)
    }
}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nanos.hash(state);
    }
}

/// The canonical form: no fraction, the largest suffix that loses nothing. A binary quantity below
/// 1024 or with a fraction is shown in decimal, as Kubernetes does.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
        const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
        if self.is_zero() {
            return f.write_str("0");
        }
        let whole = self.nanos % NANOS == 0;
        if self.format == Format::BinarySi && whole && self.nanos.abs() >= 1024 * NANOS {
            let (mantissa, steps) = factored(self.nanos / NANOS, 1024, BINARY.len() - 1);
            return write!(f, "{mantissa}{}", BINARY[steps]);
        }
        let (mantissa, steps) = factored(self.nanos, 1000, DECIMAL.len() - 1);
        match (self.format, steps) {
            (Format::DecimalExponent, 3) => write!(f, "{mantissa}"),
            (Format::DecimalExponent, _) => {
                let exponent = i32::try_from(steps).unwrap_or_default() * 3 - 9;
                write!(f, "{mantissa}e{exponent}")
            }
            _ => write!(f, "{mantissa}{}", DECIMAL[steps]),
        }
    }
}

/// Takes out as many factors of `base` as there are, at most `limit`.
fn factored(mut mantissa: i128, base: i128, limit: usize) -> (i128, usize) {
    let mut steps = 0;
    while steps < limit && mantissa % base == 0 {
        mantissa /= base;
        steps += 1;
    }
    (mantissa, steps)
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_json(&value).map_err(serde::de::Error::custom)
    }
}
