//! Encrypts as the description of the format says, so that decrypting is tested against something
//! that shares nothing with it but the format. Nonces are made of what they are for: tests only.

use aes_gcm::aead::consts::U32;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, Sha512};

/// One that opens what is made here, and whom it belongs to.
pub(in crate::sops) const KEY: &str =
    "AGE-SECRET-KEY-1RH87A5Z54ZGUR9S0AS3R6WHFSEFNPLYMAKF5Z2CEU7R06VRJ0A3Q7242AM";
pub(in crate::sops) const RECIPIENT: &str =
    "age1l44xcng8dqj32nlv6d930qvvrny05hglzcv9qpc7kxjc6902ma4qufys29";

const DATA_KEY: [u8; 32] = [7; 32];
const MODIFIED: &str = "2026-01-02T03:04:05Z";

/// Which values are encrypted, and what the metadata says about it.
pub(in crate::sops) struct Rule {
    pub(in crate::sops) name: &'static str,
    pub(in crate::sops) text: &'static str,
    pub(in crate::sops) encrypts: fn(&[String]) -> bool,
    pub(in crate::sops) mac_only_encrypted: bool,
}

/// What is usual for Secrets.
pub(in crate::sops) const DATA: Rule = Rule {
    name: "encrypted_regex",
    text: "^(data|stringData)$",
    encrypts: |path| path.iter().any(|key| key == "data" || key == "stringData"),
    mac_only_encrypted: false,
};

/// The documents encrypted, and the metadata for them.
pub(in crate::sops) fn encrypt(documents: &[Value], rule: &Rule) -> (Vec<Value>, Value) {
    let mut mac = Sha512::new();
    if rule.mac_only_encrypted {
        mac.update(Sha256::digest("sops"));
    }
    let mut encrypted = documents.to_vec();
    for document in &mut encrypted {
        walk(document, &mut Vec::new(), rule, &mut mac);
    }
    let digest: String = mac.finalize().iter().map(|b| format!("{b:02X}")).collect();
    let recipient: age::x25519::Recipient = RECIPIENT.parse().unwrap();
    let mut metadata = json!({
        "age": [{"recipient": RECIPIENT, "enc": age::encrypt_and_armor(&recipient, &DATA_KEY).unwrap()}],
        "lastmodified": MODIFIED,
        "mac": seal(digest.as_bytes(), "str", MODIFIED),
        "version": "3.10.2",
        "mac_only_encrypted": rule.mac_only_encrypted,
    });
    if !rule.name.is_empty() {
        metadata[rule.name] = rule.text.into();
    }
    (encrypted, metadata)
}

/// A YAML file as sops writes it: the metadata last in every document.
pub(in crate::sops) fn yaml(plain: &str, rule: &Rule) -> String {
    let documents = api::codec::yaml::documents(plain).unwrap();
    let documents: Vec<Value> = documents.into_iter().map(|it| it.value).collect();
    let (documents, metadata) = encrypt(&documents, rule);
    let texts = documents.into_iter().map(|mut document| {
        document["sops"] = metadata.clone();
        api::codec::yaml::to_string(&document)
    });
    texts.collect::<Vec<_>>().join("---\n")
}

pub(in crate::sops) fn json(plain: &Value, rule: &Rule) -> String {
    let (mut documents, metadata) = encrypt(std::slice::from_ref(plain), rule);
    documents[0]["sops"] = metadata;
    format!("{:#}\n", documents[0])
}

pub(in crate::sops) fn binary(content: &str) -> String {
    let all = Rule {
        name: "",
        text: "",
        encrypts: |_| true,
        mac_only_encrypted: false,
    };
    json(&json!({"data": content}), &all)
}

fn walk(value: &mut Value, path: &mut Vec<String>, rule: &Rule, mac: &mut Sha512) {
    match value {
        Value::Null => {}
        Value::Object(map) => walk_map(map, path, rule, mac),
        Value::Array(items) => {
            for item in items {
                walk(item, path, rule, mac);
            }
        }
        scalar => {
            let (text, kind) = match &*scalar {
                Value::String(text) => (text.clone(), "str"),
                Value::Bool(true) => ("True".into(), "bool"),
                Value::Bool(false) => ("False".into(), "bool"),
                number if number.is_f64() => (number.as_f64().unwrap().to_string(), "float"),
                number => (number.to_string(), "int"),
            };
            let encrypts = (rule.encrypts)(path);
            if encrypts || !rule.mac_only_encrypted {
                mac.update(&text);
            }
            if encrypts && !text.is_empty() {
                *scalar = seal(text.as_bytes(), kind, &format!("{}:", path.join(":"))).into();
            }
        }
    }
}

fn walk_map(map: &mut Map<String, Value>, path: &mut Vec<String>, rule: &Rule, mac: &mut Sha512) {
    for (key, value) in map {
        path.push(key.clone());
        walk(value, path, rule, mac);
        path.pop();
    }
}

fn seal(plain: &[u8], kind: &str, path: &str) -> String {
    let nonce: [u8; 32] = Sha256::digest([path.as_bytes(), plain].concat()).into();
    let cipher = AesGcm::<Aes256, U32>::new_from_slice(&DATA_KEY).unwrap();
    let payload = Payload {
        msg: plain,
        aad: path.as_bytes(),
    };
    let sealed = cipher.encrypt(&Nonce::from(nonce), payload).unwrap();
    let (data, tag) = sealed.split_at(plain.len());
    let encode = |bytes: &[u8]| STANDARD.encode(bytes);
    format!(
        "ENC[AES256_GCM,data:{},iv:{},tag:{},type:{kind}]",
        encode(data),
        encode(&nonce),
        encode(tag)
    )
}
