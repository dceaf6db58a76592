//! Whether the Application objects are what the commit says. Ten thousand are asked about with every
//! commit, and few of them ever change: what was compared once is not compared again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use api::Object;
use engine::application::Found;
use engine::diff;

/// Those that were found to be as they should, until either side is another one. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Definitions {
    good: Arc<Mutex<BTreeMap<String, Pair>>>,
}

/// A definition, and the live object that has everything it says.
struct Pair {
    found: Arc<Found>,
    live: Arc<Object>,
}

impl Definitions {
    /// Whether `live` has everything that the commit says. What the server adds by itself is no
    /// difference.
    pub(crate) fn is_as(&self, found: &Arc<Found>, live: &Arc<Object>) -> bool {
        let name = &found.application.name;
        let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pair) = good.get(name)
            && Arc::ptr_eq(&pair.found, found)
            && Arc::ptr_eq(&pair.live, live)
        {
            return true;
        }
        let wanted = diff::overlay(live, &found.manifest.object);
        let is_as = !live.is_deleting() && diff::changes(live, &wanted).is_empty();
        if is_as {
            let pair = Pair {
                found: found.clone(),
                live: live.clone(),
            };
            good.insert(name.clone(), pair);
        } else {
            good.remove(name);
        }
        is_as
    }

    /// Forgets those whose name is not among these.
    pub(crate) fn retain(&self, is_kept: impl Fn(&str) -> bool) {
        let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        good.retain(|name, _| is_kept(name));
    }
}

#[cfg(test)]
mod tests {
    use engine::application;
    use engine::tree::MapTree;
    use serde_json::{Value, json};

    use super::*;

    fn found(path: &str) -> Arc<Found> {
        let text = format!(
            "apiVersion: kedge.dev/v1alpha1\nkind: Application\nmetadata: {{name: web}}\n\
             spec: {{source: {{path: {path}}}}}\n"
        );
        let tree = MapTree::default()
            .with_file("apps/web.yaml", text)
            .with_file(&format!("{path}/a.yaml"), "");
        let mut all = application::find(&tree, "").unwrap();
        Arc::new(all.remove(0))
    }

    fn live(found: &Found, path: &str, more: Value) -> Arc<Object> {
        let mut object = found.manifest.object.clone();
        object.body["spec"] = json!({"source": {"path": path, "repo": ""}});
        object.body["status"] = more;
        Arc::new(object)
    }

    #[test]
    fn what_was_compared_holds_until_either_side_is_another_one() {
        let definitions = Definitions::default();
        let one = found("web");
        let good = live(&one, "web", json!({}));
        for _ in 0..2 {
            assert!(definitions.is_as(&one, &good));
        }
        // A status of its own is no difference; a spec is, and so is another definition.
        assert!(definitions.is_as(&one, &live(&one, "web", json!({"revision": "a"}))));
        assert!(!definitions.is_as(&one, &live(&one, "by-hand", json!({}))));
        assert!(!definitions.is_as(&found("other"), &good));
        assert!(definitions.is_as(&one, &good));
        definitions.retain(|_| false);
        assert!(definitions.good.lock().unwrap().is_empty());
    }
}
