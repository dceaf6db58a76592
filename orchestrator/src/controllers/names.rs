//! Names of children: they look random, yet follow from what was observed, so that a repeated
//! creation meets its own first result instead of making a second child. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

/// `k8s.io/apimachinery/pkg/util/rand`: no vowels, so no words.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
/// Kubernetes cuts generated names to this, suffix included.
const LONGEST: usize = 63;
const SUFFIX: usize = 5;

/// FNV-1a, 32 bits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fnv32(u32);

impl Fnv32 {
    pub(crate) fn new() -> Self {
        Self(0x811c_9dc5)
    }

    pub(crate) fn write(mut self, bytes: &[u8]) -> Self {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
        self
    }

    pub(crate) fn finish(self) -> u32 {
        self.0
    }
}

/// `rand.SafeEncodeString` of the decimal number: what `pod-template-hash` shows.
pub(crate) fn safe_encode(number: u32) -> String {
    number
        .to_string()
        .bytes()
        .map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]))
        .collect()
}

/// What a child's name is made from.
pub(crate) struct Seed {
    hash: Fnv32,
}

impl Seed {
    /// `parts` must change whenever a child was made and gone, and must not change between a
    /// creation and its repetition.
    pub(crate) fn new<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let hash = parts.into_iter().fold(Fnv32::new(), |hash, part| {
            hash.write(part.as_bytes()).write(&[0])
        });
        Self { hash }
    }

    /// `count` names `prefix-xxxxx` that are neither taken nor equal.
    pub(crate) fn names(
        &self,
        prefix: &str,
        count: usize,
        taken: &BTreeSet<String>,
    ) -> Vec<String> {
        let mut names: Vec<String> = Vec::with_capacity(count);
        let mut used: BTreeSet<String> = BTreeSet::new();
        let mut salt = 0_u32;
        while names.len() < count {
            let name = self.name(prefix, salt);
            salt += 1;
            if !taken.contains(&name) && used.insert(name.clone()) {
                names.push(name);
            }
        }
        names
    }

    fn name(&self, prefix: &str, salt: u32) -> String {
        let prefix = &prefix[..prefix.len().min(LONGEST - SUFFIX - 1)];
        let mut number = u64::from(self.hash.write(&salt.to_le_bytes()).finish());
        let mut suffix = String::with_capacity(SUFFIX);
        for _ in 0..SUFFIX {
            let length = ALPHABET.len() as u64;
            let index = usize::try_from(number % length).expect("smaller than the alphabet");
            suffix.push(char::from(ALPHABET[index]));
            number /= length;
        }
        format!("{prefix}-{suffix}")
    }
}

/// JSON with sorted keys and without nulls: equal meaning, equal text.
pub(crate) fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields
                .iter()
                .filter(|(_, value)| !value.is_null())
                .collect();
            sorted.sort_by_key(|(key, _)| key.as_str());
            let sorted = sorted
                .into_iter()
                .map(|(key, value)| (key.clone(), canonical(value)));
            Value::Object(sorted.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn hashes_as_kubernetes_does() {
        assert_eq!(Fnv32::new().write(b"").finish(), 0x811c_9dc5);
        assert_eq!(Fnv32::new().write(b"a").finish(), 0xe40c_292c);
        assert_eq!(Fnv32::new().write(b"foobar").finish(), 0xbf9c_f968);
        assert_eq!(safe_encode(1_234_567_890), "56789bcdf4");
    }

    #[test]
    fn names_repeat_with_their_seed_and_avoid_the_taken() {
        let none = BTreeSet::new();
        let names = Seed::new(["uid", "p1"]).names("web", 3, &none);
        assert_eq!(names, Seed::new(["uid", "p1"]).names("web", 3, &none));
        assert_ne!(names, Seed::new(["uid", "p2"]).names("web", 3, &none));
        let taken = BTreeSet::from([names[0].clone()]);
        assert_eq!(Seed::new(["uid", "p1"]).names("web", 2, &taken), names[1..]);
        let long = "x".repeat(200);
        assert_eq!(Seed::new(["uid"]).names(&long, 1, &none)[0].len(), LONGEST);
    }

    #[test]
    fn canonical_form_ignores_order_and_null() {
        let one = json!({"b": [{"y": 1, "x": null}], "a": 2}).to_string();
        let two = canonical(&json!({"b": [{"y": 1, "x": null}], "a": 2})).to_string();
        assert_ne!(one, two);
        assert_eq!(two, r#"{"a":2,"b":[{"y":1}]}"#);
    }
}
