//! One encrypted value: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`, bound to the keys that lead to
//! it.

use aes_gcm::aead::consts::U32;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How every encrypted value begins.
pub(super) const MARK: &str = "ENC[AES256_GCM,";
/// Bytes of the key that all values of a file are encrypted with.
pub(super) const KEY: usize = 32;

pub(super) type Cipher = AesGcm<Aes256, U32>;

/// What a decrypted value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Boolean,
    Time,
    Comment,
}

/// A decrypted value. It is not shown.
#[derive(Clone)]
pub(super) struct Plain {
    pub(super) bytes: Vec<u8>,
    pub(super) kind: Kind,
}

/// Decrypts `text`, whose keys are `path`; `None` where it is not what was encrypted.
pub(super) fn decrypt(cipher: &Cipher, text: &str, path: &str) -> Option<Plain> {
    let inner = text.strip_prefix(MARK)?.strip_suffix(']')?;
    let (data, rest) = inner.strip_prefix("data:")?.split_once(",iv:")?;
    let (nonce, rest) = rest.split_once(",tag:")?;
    let (tag, kind) = rest.split_once(",type:")?;
    let decode = |text: &str| STANDARD.decode(text).ok();
    let (mut message, nonce, tag) = (decode(data)?, decode(nonce)?, decode(tag)?);
    let nonce: [u8; 32] = nonce.try_into().ok()?;
    message.extend(tag);
    let payload = Payload {
        msg: &message,
        aad: path.as_bytes(),
    };
    let bytes = cipher.decrypt(&Nonce::from(nonce), payload).ok()?;
    let kind = match kind {
        "str" | "bytes" => Kind::Text,
        "int" | "int64" | "float" => Kind::Number,
        "bool" => Kind::Boolean,
        "time" => Kind::Time,
        "comment" => Kind::Comment,
        _ => return None,
    };
    Some(Plain { bytes, kind })
}

/// The cipher of a file; `None` where the key is not one.
pub(super) fn cipher(key: &[u8]) -> Option<Cipher> {
    (key.len() == KEY).then(|| Cipher::new_from_slice(key).ok())?
}
