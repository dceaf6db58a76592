//! What could not be read: a chain says so, and not that there is nothing.

use super::chain::{Chain, Step, Tone};
use super::facts::Facts;

/// Why it ends here.
fn missing(facts: &Facts) -> String {
    let asked = facts.unread.join(", ");
    format!("the API server did not answer when it was asked for {asked}")
}

/// Of what is explained by what other objects there are, where these could not be read.
pub(super) fn unknown(facts: &Facts) -> Chain {
    let subject = facts.subject();
    let heading = format!("Where {subject} leads is not known");
    let step = Step::new(Tone::Warn, "API server", heading);
    let chain = Chain::found(subject, vec![step], None);
    Chain {
        missing: missing(facts),
        ..chain
    }
}

/// A chain in which no rule found anything ends in what nobody could look at.
pub(super) fn marked(chain: Chain, facts: &Facts) -> Chain {
    if facts.unread.is_empty() || chain.well || !chain.rule.is_empty() {
        return chain;
    }
    Chain {
        missing: missing(facts),
        ..chain
    }
}

#[test]
fn what_was_not_read_is_not_taken_for_nothing() {
    use serde_json::json;

    use super::explain;

    let of = |kind: &str, unread: &[&str]| {
        let object = json!({"kind": kind, "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"selector": {"app": "web"}, "nodeName": "a"}});
        let facts = Facts {
            object: object.into(),
            unread: unread.iter().map(|it| (*it).to_owned()).collect(),
            ..Facts::default()
        };
        explain(&facts)
    };
    assert_eq!(of("Service", &[]).rule, "selector");
    let told = of("Service", &["the pods of namespace shop"]);
    assert_eq!((told.well, &*told.rule), (false, ""));
    let expected = "the API server did not answer when it was asked for the pods of namespace shop";
    assert_eq!(told.missing, expected);
    assert!(of("Pod", &[]).missing.contains("nothing was reported"));
    let pod = of("Pod", &["what is reported about it"]);
    assert!(
        pod.missing.ends_with("what is reported about it"),
        "{pod:?}"
    );
}
