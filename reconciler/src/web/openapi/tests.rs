use std::collections::BTreeSet;

use serde_json::json;

use super::document::document;
use super::validate::problems;

/// The addresses in the router's own text, with their methods.
fn routes() -> BTreeSet<(String, String)> {
    let text = include_str!("../router.rs");
    let mut routes = BTreeSet::new();
    for part in text.split(".route(").skip(1) {
        let path = part.split('"').nth(1).unwrap().replace("{*", "{");
        let handlers = part.split('"').nth(2).unwrap();
        // Up to the next route, or the end of the chain.
        let handlers = handlers.split("\n        .").next().unwrap();
        for (word, method) in [("get(", "get"), ("post(", "post")] {
            if handlers.contains(word) {
                routes.insert((path.clone(), method.to_owned()));
            }
        }
    }
    routes
}

#[test]
fn every_route_is_in_the_document_and_nothing_else() {
    let document = document();
    let mut known = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            known.insert((path.clone(), method.clone()));
        }
    }
    let routes = routes();
    assert!(routes.len() > 40, "{routes:?}");
    assert_eq!(routes, known);
}

#[test]
fn every_shape_that_is_named_is_there() {
    let document = document();
    let text = document.to_string();
    for name in text.split("#/components/schemas/").skip(1) {
        let name = name.split('"').next().unwrap();
        let schema = &document["components"]["schemas"][name];
        assert!(schema["properties"].is_object(), "{name}");
    }
}

#[test]
fn what_does_not_fit_is_found() {
    let document = document();
    let schema = json!({"$ref": "#/components/schemas/Hit"});
    let good = json!({"sort": "Pod", "name": "a", "page": "/", "note": "", "exact": true});
    assert_eq!(
        problems(&document, &schema, &good, ""),
        Vec::<String>::new()
    );
    let bad = json!({"sort": 1, "name": "a", "page": "/", "exact": true, "more": 1});
    assert_eq!(problems(&document, &schema, &bad, "").len(), 3);
}
