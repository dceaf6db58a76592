//! What a shell offers as an object of an application. Pure.

use serde_json::Value;

use super::complete::Offer;

/// The objects of an application's page that nothing made but Git, by kind and name; with the namespace
/// where two are called alike. The kind begins as it was begun: shells offer nothing else.
pub(super) fn of_git(page: &Value, current: &str) -> Vec<Offer> {
    let nodes = page["tree"].as_array().into_iter().flatten();
    let own = nodes.filter(|node| node["owner"].is_null());
    let named: Vec<[&str; 3]> = own
        .filter_map(|node| {
            let key = &node["key"];
            let namespace = key["namespace"].as_str().unwrap_or_default();
            Some([node["kind"].as_str()?, namespace, key["name"].as_str()?])
        })
        .collect();
    let is_small = current.starts_with(|letter: char| letter.is_ascii_lowercase());
    let offer = |[kind, namespace, name]: &[&str; 3]| {
        let alike = named.iter().filter(|it| (it[0], it[2]) == (*kind, *name));
        let kind = if is_small {
            kind.to_lowercase()
        } else {
            (*kind).to_owned()
        };
        if alike.count() > 1 {
            (format!("{kind}/{namespace}/{name}"), String::new())
        } else {
            (format!("{kind}/{name}"), (*namespace).to_owned())
        }
    };
    named.iter().map(offer).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_of_an_application_are_those_that_git_has() {
        let node = |kind: &str, namespace: &str, name: &str, owner: Option<&str>| json!({"kind": kind, "key": {"namespace": namespace, "name": name}, "owner": owner});
        let page = json!({"tree": [
            node("Deployment", "shop", "web", None),
            node("ReplicaSet", "shop", "web-1", Some("uid")),
            node("ConfigMap", "a", "settings", None),
            node("ConfigMap", "b", "settings", None),
        ]});
        let names = |current: &str| -> Vec<String> {
            let all = of_git(&page, current).into_iter();
            all.map(|(name, _)| name).collect()
        };
        let all = [
            "Deployment/web",
            "ConfigMap/a/settings",
            "ConfigMap/b/settings",
        ];
        assert_eq!(names(""), all);
        assert_eq!(names("deployment/")[0], "deployment/web");
        assert!(of_git(&json!({}), "").is_empty());
    }
}
