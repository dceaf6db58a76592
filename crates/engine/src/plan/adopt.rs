//! Objects that a commit asks for and that are there already, as somebody else's.

use api::Object;

use crate::manifest::title;
use crate::{Application, Manifest, Problem};

/// Says of a manifest that it may take over what is there.
const ADOPT_ANNOTATION: &str = "kedge.dev/adopt";

/// Whose an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// This application has it, and asks for it as well.
    Application(String),
    /// It was there before; by the name of the field manager that made it, where that is known.
    Stranger(String),
}

impl Foreign {
    /// Why the manifest cannot be applied.
    pub fn problem(&self, application: &Application, manifest: &Manifest) -> Problem {
        let (object, name) = (title(&manifest.object), &application.name);
        let (text, hint) = match self {
            Self::Application(owner) => (
                format!(
                    "{object} belongs to application {owner}, and application {name} asks for it too"
                ),
                "take it out of one of them".to_owned(),
            ),
            Self::Stranger(maker) => {
                let by = match maker.as_str() {
                    "" => String::new(),
                    maker => format!(", made by {maker}"),
                };
                (
                    format!("{object} is there already{by}, and not of application {name}"),
                    format!(
                        "to take it over, annotate its manifest with {ADOPT_ANNOTATION}: enabled, \
                         or set syncPolicy.adopt"
                    ),
                )
            }
        };
        Problem::new(&manifest.origin.file, text)
            .at(manifest.origin.line, 0)
            .hint(hint)
    }
}

/// Who has an object that no application has; `None` where it may be taken over. `manager` is
/// our own field manager: what it applied was an application's before.
pub fn foreign(
    application: &Application,
    manifest: &Manifest,
    live: &Object,
    manager: &str,
) -> Option<Foreign> {
    let annotation = manifest.object.annotation(ADOPT_ANNOTATION);
    let adopts = application.policy.adopt || matches!(annotation, Some("enabled" | "true"));
    if adopts || live.is_deleting() || comes_by_itself(live) {
        return None;
    }
    let entries = live.body["metadata"]["managedFields"].as_array();
    let entries: Vec<_> = entries.into_iter().flatten().collect();
    let ours =
        |entry: &&&serde_json::Value| entry["manager"] == manager && entry["operation"] == "Apply";
    if entries.iter().any(|entry| ours(&entry)) {
        return None;
    }
    let maker = entries.first().and_then(|entry| entry["manager"].as_str());
    Some(Foreign::Stranger(maker.unwrap_or_default().to_owned()))
}

/// What the cluster makes for everybody.
fn comes_by_itself(live: &Object) -> bool {
    matches!(
        (live.kind(), live.name()),
        ("Namespace", _) | ("ServiceAccount", "default") | ("ConfigMap", "kube-root-ca.crt")
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Origin;

    #[test]
    fn what_somebody_made_is_taken_over_only_where_that_is_said() {
        let check = |kind: &str, manager: &str, annotation: &str, adopt: bool, expected: &str| {
            let spec =
                json!({"metadata": {"name": "web"}, "spec": {"syncPolicy": {"adopt": adopt}}});
            let application = Application::from_object(&spec.into());
            let mut body = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x", "namespace": "shop"}});
            let mut live = body.clone();
            live["metadata"]["managedFields"] = json!([{"manager": manager, "operation": "Apply"}]);
            if !annotation.is_empty() {
                body["metadata"]["annotations"] = json!({ADOPT_ANNOTATION: annotation});
            }
            let manifest = Manifest {
                object: body.into(),
                origin: Origin {
                    file: "web/x.yaml".into(),
                    line: 3,
                },
            };
            let found = foreign(&application, &manifest, &live.into(), "kedge");
            let problem = found.map(|it| it.problem(&application, &manifest));
            let said = problem.map(|it| crate::Problems(vec![it]).summary());
            assert_eq!(said.unwrap_or_default(), expected, "{kind} {manager}");
        };
        check(
            "ConfigMap",
            "kubectl",
            "",
            false,
            "web/x.yaml:3: ConfigMap shop/x is there already, made by kubectl, and not of \
             application web, to take it over, annotate its manifest with kedge.dev/adopt: \
             enabled, or set syncPolicy.adopt",
        );
        check("ConfigMap", "kedge", "", false, "");
        check("ConfigMap", "kubectl", "", true, "");
        check("ConfigMap", "kubectl", "enabled", false, "");
        check("Namespace", "kubectl", "", false, "");
    }
}
