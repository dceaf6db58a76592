//! How bodies lie in the log: compressed, and for Secrets encrypted with a key that is not in
//! the database.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

use api::{Collection, ObjectKey, Revision, Uid};

use crate::store::{Body, Error};

/// Fast; what it saves over no compression is most of what can be saved.
const LEVEL: i32 = 1;

/// The first byte of a stored body: what follows is compressed JSON …
const PLAIN: u8 = 1;
/// … or: length of the key's id, the id, the nonce, the encrypted compressed JSON.
const ENCRYPTED: u8 = 2;

/// The keys for Secrets. The first one encrypts, all decrypt.
pub struct Keys {
    keys: Vec<(String, LessSafeKey)>,
    random: SystemRandom,
}

impl Keys {
    /// `id` names the key in what it encrypts; at most 255 bytes.
    pub fn new(id: &str, secret: &[u8; 32]) -> Self {
        Self {
            keys: vec![key(id, secret)],
            random: SystemRandom::new(),
        }
    }

    /// A key of the past: still decrypts.
    #[must_use]
    pub fn with_previous(mut self, id: &str, secret: &[u8; 32]) -> Self {
        self.keys.push(key(id, secret));
        self
    }

    fn encrypt(&self, plain: &[u8], context: &[u8]) -> Vec<u8> {
        let (id, key) = &self.keys[0];
        let mut nonce = [0; NONCE_LEN];
        self.random
            .fill(&mut nonce)
            .expect("the system's randomness does not fail");
        let mut sealed = plain.to_vec();
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context),
            &mut sealed,
        )
        .expect("an object is far below the cipher's limit of 64 GiB");
        let length = u8::try_from(id.len()).expect("checked where the key was given");
        [&[ENCRYPTED, length], id.as_bytes(), &nonce, &sealed].concat()
    }

    fn decrypt(&self, stored: &[u8], context: &[u8]) -> Result<Vec<u8>, String> {
        let truncated = || "the encrypted bytes are truncated".to_owned();
        let (length, rest) = stored.split_first().ok_or_else(truncated)?;
        let (id, rest) = rest
            .split_at_checked((*length).into())
            .ok_or_else(truncated)?;
        let (nonce, sealed) = rest
            .split_first_chunk::<NONCE_LEN>()
            .ok_or_else(truncated)?;
        let id = String::from_utf8_lossy(id);
        let (_, key) = self
            .keys
            .iter()
            .find(|(known, _)| *known == id)
            .ok_or_else(|| format!("it was encrypted with the key {id:?}, which was not given"))?;
        let mut opened = sealed.to_vec();
        let length = key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(context),
                &mut opened,
            )
            .map_err(|_| "it was altered, or encrypted with another key of that id".to_owned())?
            .len();
        opened.truncate(length);
        Ok(opened)
    }
}

/// Never the secrets.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|(id, _)| id))
            .finish()
    }
}

fn key(id: &str, secret: &[u8; 32]) -> (String, LessSafeKey) {
    assert!(id.len() <= 255, "the id of a key is at most 255 bytes long");
    let key = UnboundKey::new(&AES_256_GCM, secret).expect("the length is right");
    (id.to_owned(), LessSafeKey::new(key))
}

/// Whether bodies of this collection are encrypted, and never kept as jsonb.
pub(super) fn is_secret(collection: &Collection) -> bool {
    collection.group.is_empty() && collection.resource == "secrets"
}

/// The bytes for the log. Encrypted ones fit this key and uid only: they cannot be moved to
/// another object.
pub(super) fn seal(keys: &Keys, key: &ObjectKey, uid: &Uid, body: &Body) -> Vec<u8> {
    let compressed = zstd::bulk::compress(body.stored(), LEVEL)
        .expect("compression into memory has nothing to fail on");
    if is_secret(&key.collection) {
        return keys.encrypt(&compressed, &context(key, uid));
    }
    [&[PLAIN], compressed.as_slice()].concat()
}

/// The body that [`seal`] was given.
pub(super) fn open(
    keys: &Keys,
    key: &ObjectKey,
    uid: &Uid,
    revision: Revision,
    stored: &[u8],
) -> Result<Body, Error> {
    let corrupt = |detail: String| Error::Corrupt {
        key: key.clone(),
        revision,
        detail,
    };
    let decompress = |bytes: &[u8]| {
        let json = zstd::stream::decode_all(bytes).map_err(|error| corrupt(error.to_string()))?;
        Ok(Body::from_stored(json.into()))
    };
    match stored.split_first() {
        Some((&PLAIN, compressed)) => decompress(compressed),
        Some((&ENCRYPTED, encrypted)) => decompress(
            &keys
                .decrypt(encrypted, &context(key, uid))
                .map_err(corrupt)?,
        ),
        _ => Err(corrupt("unknown format".into())),
    }
}

fn context(key: &ObjectKey, uid: &Uid) -> Vec<u8> {
    [
        &key.collection.to_string(),
        &key.namespace,
        &key.name,
        &uid.0,
    ]
    .map(String::as_str)
    .join("\0")
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::fixture::body;

    #[test]
    fn secrets_open_with_their_key_in_their_place_only() {
        let key = Collection::new("", "secrets").key("default", "s");
        let (uid, other) = (Uid("u".into()), Uid("v".into()));
        let body = body(&key, "hush hush");
        let old = Keys::new("old", &[1; 32]);
        let stored = seal(&old, &key, &uid, &body);
        let opened = |keys: &Keys, uid: &Uid, stored: &[u8]| {
            open(keys, &key, uid, Revision(1), stored).map_err(|error| error.to_string())
        };
        assert_eq!(opened(&old, &uid, &stored), Ok(body.clone()));
        let rotated = Keys::new("new", &[2; 32]).with_previous("old", &[1; 32]);
        assert_eq!(opened(&rotated, &uid, &stored), Ok(body.clone()));
        assert_ne!(seal(&old, &key, &uid, &body), stored, "nonces differ");

        for (keys, uid, stored, why) in [
            (
                &Keys::new("new", &[2; 32]),
                &uid,
                stored.clone(),
                "was not given",
            ),
            (&Keys::new("old", &[2; 32]), &uid, stored.clone(), "altered"),
            (&old, &other, stored.clone(), "altered"),
            (&old, &uid, stored[..9].to_vec(), "truncated"),
            (&old, &uid, vec![9], "unknown format"),
        ] {
            let error = opened(keys, uid, &stored).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        assert_eq!(format!("{rotated:?}"), r#"["new", "old"]"#);
    }
}
