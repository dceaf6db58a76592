//! An encoded object. Encoded once, at write; every list, watch and log entry shares the bytes.

use bytes::Bytes;

use api::{Object, Revision};

/// The JSON of an object, without its resource version (that is known only after the commit).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    json: Bytes,
}

impl Body {
    /// Encodes `object` without `metadata.resourceVersion`.
    pub fn encode(object: &Object) -> Self {
        let mut object = object.clone();
        object.metadata_mut().shift_remove("resourceVersion");
        // `metadata` directly after the type, so that splicing the version in finds it at once.
        Self {
            json: object.to_json().into(),
        }
    }

    /// Bytes that `encode` made earlier.
    pub fn from_stored(json: Bytes) -> Self {
        Self { json }
    }

    /// As stored: without a resource version.
    pub fn stored(&self) -> &Bytes {
        &self.json
    }

    /// The JSON that clients see, with the revision as its resource version.
    pub fn at(&self, revision: Revision) -> Bytes {
        const METADATA: &[u8] = b"\"metadata\":{";
        let Some(start) = top_level(&self.json, METADATA) else {
            return self.json.clone();
        };
        let split = start + METADATA.len();
        let comma = if self.json.get(split) == Some(&b'}') {
            ""
        } else {
            ","
        };
        let version = format!("\"resourceVersion\":\"{revision}\"{comma}");
        let mut json = Vec::with_capacity(self.json.len() + version.len());
        json.extend_from_slice(&self.json[..split]);
        json.extend_from_slice(version.as_bytes());
        json.extend_from_slice(&self.json[split..]);
        json.into()
    }

    /// Parses the JSON, with the revision as its resource version.
    pub fn decode(&self, revision: Revision) -> Result<Object, serde_json::Error> {
        let mut object = Object::from_json(&self.json)?;
        object.set_resource_version(&revision.into());
        Ok(object)
    }
}

/// The position of `needle`, a key with its opening brace, at depth one of `json`.
fn top_level(json: &[u8], needle: &[u8]) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for (index, byte) in json.iter().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' if depth == 1 && json[index..].starts_with(needle) => return Some(index),
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_version_is_spliced_in() {
        let object = Object::from(json!({
            "apiVersion": "v1", "data": {"metadata": {"x": "\"metadata\":{"}}, "kind": "ConfigMap",
            "metadata": {"name": "a", "resourceVersion": "7"},
        }));
        let body = Body::encode(&object);
        let seen: Object = serde_json::from_slice(&body.at(Revision(42))).unwrap();
        assert_eq!(seen.resource_version().0, "42");
        assert_eq!(seen, body.decode(Revision(42)).unwrap());
    }

    #[test]
    fn empty_metadata_stays_valid_json() {
        let body = Body::encode(&json!({"metadata": {}}).into());
        let seen: Object = serde_json::from_slice(&body.at(Revision(1))).unwrap();
        assert_eq!(seen.resource_version().0, "1");
    }
}
