use proptest::prelude::*;
use serde_json::json;

use super::*;

fn set(fields: &Value) -> FieldSet {
    FieldSet::parse(fields).unwrap()
}

#[test]
fn reads_and_prints_canonically() {
    let fields = json!({
        "f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {
            "k:{\"protocol\":\"TCP\",\"containerPort\":80}": {".": {}, "f:name": {}},
            "i:1": {}, "v:\"a:b\"": {},
        }}}},
        "f:metadata": {"f:labels": {"f:app.kubernetes.io/name": {}, ".": {}}},
    });
    let printed = set(&fields).to_value().to_string();
    assert_eq!(
        printed,
        r#"{"f:metadata":{"f:labels":{".":{},"f:app.kubernetes.io/name":{}}},"f:spec":{"f:replicas":{},"f:template":{"f:spec":{"f:containers":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{}},"v:\"a:b\"":{},"i:1":{}}}}}}"#
    );
    assert_eq!(
        set(&fields).paths(),
        [
            ".metadata.labels",
            ".metadata.labels.app.kubernetes.io/name",
            ".spec.replicas",
            ".spec.template.spec.containers[containerPort=80,protocol=\"TCP\"]",
            ".spec.template.spec.containers[=\"a:b\"]",
            ".spec.template.spec.containers[1]",
            ".spec.template.spec.containers[containerPort=80,protocol=\"TCP\"].name",
        ]
    );
}

#[test]
fn refuses_what_is_no_field_set() {
    for fields in [
        json!([]),
        json!({"x:a": {}}),
        json!({"f:a": 1}),
        json!({"k:{": {}}),
        json!({"i:-": {}}),
    ] {
        assert!(FieldSet::parse(&fields).is_err(), "{fields}");
    }
}

#[test]
fn algebra_by_example() {
    let a = set(&json!({"f:a": {".": {}, "f:b": {}}, "f:c": {"f:d": {}}}));
    let b = set(&json!({"f:a": {}, "f:c": {"f:e": {}}}));
    let expect = |actual: FieldSet, expected: Value| assert_eq!(actual, set(&expected));
    expect(
        a.clone().union(b.clone()),
        json!({"f:a": {".": {}, "f:b": {}}, "f:c": {"f:d": {}, "f:e": {}}}),
    );
    expect(
        a.clone().difference(&b),
        json!({"f:a": {"f:b": {}}, "f:c": {"f:d": {}}}),
    );
    expect(
        a.clone().recursive_difference(&b),
        json!({"f:c": {"f:d": {}}}),
    );
    expect(a.intersection(&b), json!({"f:a": {}}));
    expect(a.leaves(), json!({"f:a": {"f:b": {}}, "f:c": {"f:d": {}}}));
}

fn element() -> impl Strategy<Value = PathElement> {
    prop_oneof![
        "[a-c]".prop_map(|name| PathElement::field(&name)),
        (0..2_u64).prop_map(PathElement::Index),
        "[a-b]".prop_map(|text| PathElement::Value(text.into())),
        ("[a-b]", 0..2_i64).prop_map(|(text, number)| PathElement::key(vec![
            ("name".into(), text.into()),
            ("port".into(), number.into()),
        ])),
    ]
}

fn any_set() -> impl Strategy<Value = FieldSet> {
    prop::collection::vec(prop::collection::vec(element(), 1..4), 0..12).prop_map(|paths| {
        let mut set = FieldSet::default();
        for path in paths {
            set.insert(&path);
        }
        set
    })
}

proptest! {
    #[test]
    fn prints_what_it_reads(a in any_set()) {
        prop_assert_eq!(&set(&a.to_value()), &a);
    }

    #[test]
    fn laws(a in any_set(), b in any_set(), c in any_set()) {
        let union = |a: &FieldSet, b: &FieldSet| a.clone().union(b.clone());
        prop_assert_eq!(union(&a, &b), union(&b, &a));
        prop_assert_eq!(union(&union(&a, &b), &c), union(&a, &union(&b, &c)));
        prop_assert_eq!(union(&a, &a), a.clone());
        prop_assert_eq!(a.intersection(&b), b.intersection(&a));
        prop_assert_eq!(a.clone().difference(&a), FieldSet::default());
        prop_assert_eq!(union(&a.clone().difference(&b), &a.intersection(&b)), a.clone());
        prop_assert_eq!(
            a.clone().difference(&union(&b, &c)),
            a.clone().difference(&b).difference(&c)
        );
        prop_assert_eq!(a.clone().difference(&b).intersection(&b), FieldSet::default());
    }
}
