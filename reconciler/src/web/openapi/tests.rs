use std::collections::BTreeSet;

use serde_json::json;

use super::document::document;
use super::validate::problems;
use crate::web::webhook;

/// The addresses in the routers' own texts, with their methods.
fn routes() -> BTreeSet<(String, String)> {
    let texts = [
        include_str!("../router.rs"),
        include_str!("../hosting/mod.rs"),
    ];
    // That of the forges is a constant.
    let mut routes = BTreeSet::from([(webhook::PATH.to_owned(), "post".to_owned())]);
    for part in texts.iter().flat_map(|text| text.split(".route(").skip(1)) {
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

#[test]
fn answers_other_than_success_are_told() {
    let document = document();
    let statuses = |path: &str, method: &str| -> Vec<String> {
        let responses = document["paths"][path][method]["responses"].as_object();
        responses.unwrap().keys().cloned().collect()
    };
    let check = |path: &str, method: &str, expected: &[&str]| {
        let mut found = statuses(path, method);
        found.sort_unstable();
        assert_eq!(found, expected, "{method} {path}");
    };
    check("/", "get", &["303", "default"]);
    check("/apps/{app}", "get", &["200", "410", "default"]);
    let rollback = ["200", "303", "403", "409", "429", "default"];
    check("/rollouts/{id}/rollback", "post", &rollback);
    check("/tokens", "post", &["201", "403", "409", "default"]);
    let gone = &document["paths"]["/apps/{app}"]["get"]["responses"]["410"];
    let shape = &gone["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(shape, "#/components/schemas/GoneApplication");
    let many = &document["paths"]["/rollback"]["get"]["responses"]["429"];
    assert!(many["headers"]["Retry-After"].is_object(), "{many}");
}
