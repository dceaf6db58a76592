use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::wire::Writer;
use super::*;
use crate::schema::{self, FieldType, Special, Type};
use crate::{GroupVersionKind, Object};

/// Bodies that kubectl 1.32 sent, beside what the same command prints as JSON.
const KUBECTL: &str = include_str!("fixtures/kubectl.json");

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), without_nulls(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(list) => list.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

#[test]
fn bodies_of_kubectl_read_as_the_json_it_would_have_written() {
    let recorded: Vec<Value> = serde_json::from_str(KUBECTL).unwrap();
    for case in &recorded {
        let body = STANDARD.decode(case["body"].as_str().unwrap()).unwrap();
        let object = decode(&body).unwrap();
        if case["json"].is_object() {
            assert_eq!(object.body, without_nulls(&case["json"]));
        }
        assert_eq!(decode(&encode(&object).unwrap()).unwrap(), object);
    }
    let token = decode(
        &STANDARD
            .decode(recorded[4]["body"].as_str().unwrap())
            .unwrap(),
    )
    .unwrap();
    assert_eq!(token.kind(), "TokenRequest");
    assert_eq!(token.pointer("/spec/expirationSeconds"), Some(&json!(3600)));
    let review = decode(
        &STANDARD
            .decode(recorded[5]["body"].as_str().unwrap())
            .unwrap(),
    )
    .unwrap();
    assert_eq!(review.text("/spec/resourceAttributes/verb"), "get");
}

#[test]
fn special_types_survive_the_round_trip() {
    for body in [
        json!({"apiVersion": "apps/v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
            "preconditions": {"uid": "u"}, "propagationPolicy": "Foreground", "dryRun": ["All"]}),
        json!({"apiVersion": "v1", "kind": "PatchOptions", "force": true, "fieldManager": "me"}),
        json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "web"},
            "spec": {"replicas": 0}}),
        json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web-0"},
            "deleteOptions": {"gracePeriodSeconds": 5}}),
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
            "spec": {"token": "t"},
            "status": {"authenticated": true, "user": {"username": "u", "extra": {"a": ["b", "c"]}}}}),
        json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"},
            "target": {"kind": "Node", "name": "n"}}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
            "data": {"a": "AAEC/w=="}, "immutable": false}),
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"creationTimestamp": "2026-01-02T03:04:05Z",
                "managedFields": [{"manager": "m", "fieldsV1": {"f:spec": {".": {}}}}]},
            "spec": {"renewTime": "2026-01-02T03:04:05.123456Z", "holderIdentity": ""}}),
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 0,
            "strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "25%"}},
            "template": {"spec": {
                "volumes": [{"name": "a", "emptyDir": {"sizeLimit": "1Gi"}},
                    {"name": "b", "configMap": {"name": "c", "defaultMode": 420}}],
                "containers": [{"name": "c", "resources": {"limits": {"cpu": "500m"}},
                    "livenessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 3}}],
                "securityContext": {"supplementalGroups": [0, -1, 4_294_967_295_i64]}}}}}),
        json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "spec": {
            "versions": [{"name": "v1", "served": true, "storage": false, "schema": {"openAPIV3Schema": {
                "type": "object", "additionalProperties": false,
                "properties": {"a": {"items": {"type": "string"}, "default": ["x"], "maximum": 1.5},
                    "b": {"additionalProperties": {"type": "integer"}}}}}}]}}),
        json!({"apiVersion": "v1", "kind": "PodList", "metadata": {"resourceVersion": "7"},
            "items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]}),
        json!({"apiVersion": "kedge.dev/v1alpha1", "kind": "Application",
            "spec": {"source": {"path": "."}, "syncPolicy": {"prune": false}}}),
    ] {
        let object = Object::from(body);
        let bytes = encode(&object).unwrap();
        assert_eq!(decode(&bytes).unwrap(), object);
    }
}

#[test]
fn the_kind_comes_from_the_request_where_the_body_has_none() {
    let mut raw = Writer::default();
    raw.bytes(1, b"default-name-field");
    let mut body = Writer {
        message: MAGIC.to_vec(),
    };
    body.bytes(2, b"");
    let expected = GroupVersionKind::new("", "v1", "DeleteOptions");
    assert_eq!(decode_as(&body.message, &expected).unwrap().gvk(), expected);
    assert_eq!(decode(&body.message).unwrap_err().problem, Problem::NoKind);
}

fn pod(raw: &[u8]) -> Vec<u8> {
    let mut meta = Writer::default();
    meta.bytes(1, b"v1");
    meta.bytes(2, b"Pod");
    let mut body = Writer {
        message: MAGIC.to_vec(),
    };
    body.bytes(1, &meta.message);
    body.bytes(2, raw);
    body.message
}

fn nested(path: &[u32], value: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut inner = Writer::default();
    value(&mut inner);
    path.iter().rev().fold(inner.message, |message, number| {
        let mut outer = Writer::default();
        outer.bytes(*number, &message);
        outer.message
    })
}

#[test]
fn errors_say_what_and_where() {
    let check = |body: &[u8], expected: &str| {
        assert_eq!(decode(body).unwrap_err().to_string(), expected);
    };
    check(
        b"{}",
        "the body does not start with the magic bytes of Kubernetes protobuf",
    );
    check(
        &pod(&nested(&[2, 2], |w| w.varint(2, 1))),
        "protobuf wire type 0 where a length is expected at spec.containers[0].image",
    );
    check(
        &pod(&nested(&[1], |w| w.bytes(1, b"\xff"))),
        "a text that is not UTF-8 at metadata.name",
    );
    check(
        &pod(&nested(&[2, 2, 6], |w| w.varint(3, u64::MAX >> 1))),
        "a number that does not fit at spec.containers[0].ports[0].containerPort",
    );
    check(
        &pod(&[0x0a, 0x7f]),
        "the protobuf message ends in the middle of a value",
    );
    let object = Object::from(
        json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": 3}]}}),
    );
    assert_eq!(
        encode(&object).unwrap_err().to_string(),
        "a number where a string is expected at spec.containers[0].image"
    );
}

#[test]
fn depth_size_and_number_of_values_are_limited() {
    let schema = "apiextensions.k8s.io/v1";
    let mut body = json!({"type": "object"});
    for _ in 0..MAX_DEPTH {
        body = json!({"not": body});
    }
    let crd = json!({"apiVersion": schema, "kind": "CustomResourceDefinition", "spec": {"versions": [
        {"schema": {"openAPIV3Schema": body}}]}});
    let deep = encode(&crd.into()).unwrap();
    assert_eq!(decode(&deep).unwrap_err().problem, Problem::TooDeep);
    let many = pod(&nested(&[2], |w| {
        (0..=MAX_VALUES).for_each(|_| w.bytes(2, b""));
    }));
    assert_eq!(decode(&many).unwrap_err().problem, Problem::TooMany);
    let large = vec![0; MAX_BODY + 1];
    assert_eq!(
        decode(&large).unwrap_err().problem,
        Problem::TooLarge(MAX_BODY + 1)
    );
}

/// Any JSON of a type, from a stream of choices; no zero values, which may not survive.
fn sample(ty: &Type, choices: &mut impl FnMut(u32) -> u32, depth: u32) -> Value {
    let mut object = Map::new();
    for field in ty.json_fields() {
        if choices(3) == 0 && depth < 5 {
            object.insert(field.name.into(), sample_value(&field.ty, choices, depth));
        }
    }
    object.into()
}

fn sample_value(ty: &FieldType, choices: &mut impl FnMut(u32) -> u32, depth: u32) -> Value {
    match ty {
        FieldType::String => json!(["a", "ä€😀", "x/y.z"][choices(3) as usize]),
        FieldType::Bool => json!(true),
        FieldType::Int32 => json!([1, -1, i32::MAX, i32::MIN][choices(4) as usize]),
        FieldType::Int64 => json!([1, -1, i64::MAX, i64::MIN][choices(4) as usize]),
        FieldType::Double => json!(0.25),
        FieldType::Bytes => json!("AAEC/w=="),
        FieldType::Named(named) => sample(named.get(), choices, depth + 1),
        FieldType::List(element) => (0..=choices(2))
            .map(|_| sample_value(element, choices, depth + 1))
            .collect(),
        FieldType::Map(element) => {
            json!({"k": sample_value(element, choices, depth + 1), "": sample_value(element, choices, depth + 1)})
        }
        FieldType::Special(special) => match special {
            Special::Quantity => json!("1500m"),
            Special::IntOrString => [json!(80), json!("http")][choices(2) as usize].clone(),
            Special::Time => json!("2026-11-21T05:06:07Z"),
            Special::MicroTime => json!("1969-12-31T23:59:58.654321Z"),
            Special::RawExtension | Special::FieldsV1 | Special::Json => json!({"a": [1, null]}),
            Special::StringList => json!(["", "b"]),
            Special::SchemaOrArray => json!([{"type": "string"}]),
            Special::SchemaOrBool => json!(false),
            Special::SchemaOrStringArray => json!(["a"]),
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_kind_survives_the_round_trip(seed in any::<u64>()) {
        let mut state = seed | 1;
        let mut choices = |below: u32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u32::try_from(state >> 33).unwrap() % below
        };
        for ty in schema::all() {
            let Some(gvk) = &ty.gvk else { continue };
            let mut body = sample(ty, &mut choices, 0);
            body["apiVersion"] = json!(gvk.api_version());
            body["kind"] = json!(gvk.kind);
            let object = Object::from(body);
            let bytes = encode(&object).unwrap();
            if bytes.len() > MAX_BODY { continue }
            prop_assert_eq!(decode(&bytes).unwrap(), object);
        }
    }

    #[test]
    fn noise_never_panics(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&pod(&noise));
    }
}
