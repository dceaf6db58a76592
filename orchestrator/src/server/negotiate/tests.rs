use super::*;

type Picked = Option<(Encoding, Shape)>;

fn picked(accept: &str, offer: Offer) -> Picked {
    representation(accept, offer)
        .ok()
        .map(|picked| (picked.encoding, picked.shape))
}

#[test]
fn picks_the_first_clause_that_can_be_met() {
    use Encoding::{Json, Protobuf, Yaml};
    use MetaVersion::{V1, V1Beta1};
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io,\
                 application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
    let cases: &[(&str, Offer, Picked)] = &[
        ("", OBJECTS, Some((Json, Shape::Object))),
        ("*/*", OBJECTS, Some((Json, Shape::Object))),
        ("application/yaml", OBJECTS, Some((Yaml, Shape::Object))),
        ("text/html", OBJECTS, None),
        ("text/html, */*;q=0.1", OBJECTS, Some((Json, Shape::Object))),
        (table, OBJECTS, Some((Json, Shape::Table(V1)))),
        (table, VIRTUAL, Some((Json, Shape::Object))),
        // The only clause is a table, of something that has none: 406 (conformance).
        (
            "application/json;as=Table;v=v1;g=meta.k8s.io",
            VIRTUAL,
            None,
        ),
        (
            "application/json;as=Table;v=v9;g=meta.k8s.io, application/json;as=Table;v=v1beta1;g=meta.k8s.io",
            OBJECTS,
            Some((Json, Shape::Table(V1Beta1))),
        ),
        (
            "application/vnd.kubernetes.protobuf,application/json",
            OBJECTS,
            Some((Protobuf, Shape::Object)),
        ),
        (
            "application/vnd.kubernetes.protobuf,application/json",
            OWN_OBJECTS,
            Some((Json, Shape::Object)),
        ),
        ("application/vnd.kubernetes.protobuf", OWN_OBJECTS, None),
        (
            "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,\
             application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
            OBJECTS,
            Some((Json, Shape::PartialObjectMetadataList(V1))),
        ),
        (
            "application/json;q=0.5, application/yaml;q=0.9",
            OBJECTS,
            Some((Yaml, Shape::Object)),
        ),
        ("application/json;q=0", OBJECTS, None),
    ];
    for (accept, offer, expected) in cases {
        assert_eq!(picked(accept, *offer), *expected, "{accept}");
    }
}

#[test]
fn discovery_passes_over_what_it_does_not_know() {
    let v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let old = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
    let cases = [
        (
            v2.to_owned(),
            Some(Discovery::Aggregated(DiscoveryVersion::V2)),
        ),
        (
            format!("{v2};profile=nopeer,application/json"),
            Some(Discovery::Aggregated(DiscoveryVersion::V2)),
        ),
        (
            old.to_owned(),
            Some(Discovery::Aggregated(DiscoveryVersion::V2Beta1)),
        ),
        (
            "application/json;g=apidiscovery.k8s.io;v=v9;as=APIGroupDiscoveryList,application/json"
                .to_owned(),
            Some(Discovery::Plain),
        ),
        ("application/json".to_owned(), Some(Discovery::Plain)),
        (
            "application/vnd.kubernetes.protobuf, */*".to_owned(),
            Some(Discovery::Plain),
        ),
        ("image/png".to_owned(), None),
    ];
    for (accept, expected) in cases {
        assert_eq!(discovery(&accept).ok(), expected, "{accept}");
    }
}

#[test]
fn openapi_v2_in_both_forms() {
    let proto = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
    assert_eq!(openapi_v2(proto).ok(), Some(OpenApiV2::Protobuf));
    assert_eq!(openapi_v2("application/json").ok(), Some(OpenApiV2::Json));
    assert_eq!(openapi_v2("").ok(), Some(OpenApiV2::Json));
    assert!(openapi_v2("image/png").is_err());
}

#[test]
fn bodies_are_json_yaml_or_protobuf() {
    for (value, expected) in [
        ("", Some(Encoding::Json)),
        ("application/json; charset=utf-8", Some(Encoding::Json)),
        ("application/yaml", Some(Encoding::Yaml)),
        (
            "application/vnd.kubernetes.protobuf",
            Some(Encoding::Protobuf),
        ),
        ("text/plain", None),
    ] {
        assert_eq!(content_type(value).ok(), expected, "{value}");
    }
}
