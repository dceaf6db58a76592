//! What to do next where a name is none: the one that was meant, or the verb that lists them. Reads
//! nothing: the names come from who asks.

use api::codec::strict::nearest;
use serde_json::Value;

/// What an address asks for by name, and where all the names are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked<'a> {
    pub(super) name: &'a str,
    /// The address of the list.
    pub(super) list: &'static str,
    /// The field of an item that is its name.
    field: &'static str,
    /// The verb that shows the list.
    verb: &'static str,
    /// Whether it is asked for to be undone.
    is_rollback: bool,
}

pub(super) fn asked<'a>(path: &[&'a str]) -> Option<Asked<'a>> {
    let (at, list, field, verb) = match *path.first()? {
        "apps" => (1, "apps", "name", "kedge apps"),
        "proofs" => (2, "apps", "name", "kedge apps"),
        "rollouts" => (1, "rollouts", "id", "kedge rollouts"),
        "changes" => (1, "changes", "branch", "kedge plan"),
        "repositories" => (1, "repositories", "name", "kedge repo list"),
        "tokens" => (1, "tokens", "name", "kedge token list"),
        _ => return None,
    };
    let name = path.get(at)?;
    Some(Asked {
        name,
        list,
        field,
        verb,
        is_rollback: path.last() == Some(&"rollback"),
    })
}

/// The verb that lists what is asked for by more than a name.
pub(super) fn listed(path: &[&str]) -> Option<String> {
    match path {
        ["rollback"] => Some("kedge rollouts".into()),
        ["repositories", name, "rules", "delete"] => Some(format!("kedge repo rules {name}")),
        _ => None,
    }
}

impl Asked<'_> {
    /// What to do instead; `None` where the name is right, and something else is not there.
    pub(super) fn instead(&self, answer: &Value) -> Option<String> {
        let items = answer["items"].as_array().into_iter().flatten();
        let all = |field: &str| -> Vec<&str> {
            let items = items.clone();
            items.filter_map(|item| item[field].as_str()).collect()
        };
        let names = all(self.field);
        let Self { name, verb, .. } = self;
        if names.contains(name) {
            let is_rollback = self.is_rollback && self.list == "apps";
            return is_rollback.then(|| format!("`kedge rollouts {name}` lists its rollouts"));
        }
        if self.list == "rollouts" && all("application").contains(name) {
            return Some(format!(
                "{name} is an application: `{verb} {name}` lists its rollouts"
            ));
        }
        if self.list == "rollouts"
            && let Some(application) = of_rollout(name)
            && all("application").contains(&application)
        {
            return Some(format!(
                "`{verb} {application}` lists those of {application}"
            ));
        }
        Some(instead(name, names, verb))
    }
}

/// The application of a rollout, by its id.
fn of_rollout(id: &str) -> Option<&str> {
    let (application, number) = id.rsplit_once('-')?;
    number.parse::<u64>().ok().map(|_| application)
}

fn instead<'a>(name: &str, names: impl IntoIterator<Item = &'a str>, verb: &str) -> String {
    match nearest(name, names) {
        Some(near) => format!("did you mean {near}? `{verb}` lists all"),
        None => format!("`{verb}` lists all"),
    }
}

/// Where an object is, as namespace and name; the namespace is empty for what has none.
pub(super) type Place = (String, String);

/// The same of an object: it may be in another namespace than was named.
pub(super) fn object(name: &str, namespace: &str, found: &[Place], verb: &str) -> String {
    let mut elsewhere = found.iter().filter(|(_, it)| it == name);
    if let Some((other, _)) = elsewhere.next() {
        return match elsewhere.count() {
            0 => format!("it is in another namespace: -n {other}"),
            more => format!("it is in other namespaces: -n {other}, and {more} more"),
        };
    }
    let here = found.iter().filter(|(it, _)| it == namespace);
    if let Some(near) = nearest(name, here.map(|(_, it)| it.as_str())) {
        return format!("did you mean {near}?");
    }
    match nearest(name, found.iter().map(|(_, it)| it.as_str())) {
        None => format!("`{verb}` lists all"),
        Some(near) => {
            let place = found.iter().find(|(_, it)| it == near);
            let place = place.map_or("", |(namespace, _)| namespace);
            format!("did you mean {near} in namespace {place}?")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_that_are_none_lead_to_those_that_are() {
        let check = |path: &[&str], answer: Value, expected: Option<&str>| {
            let told = asked(path).and_then(|asked| asked.instead(&answer));
            assert_eq!(told.as_deref(), expected, "{path:?}");
        };
        let apps = json!({"items": [{"name": "serving"}, {"name": "ui"}]});
        let near = Some("did you mean serving? `kedge apps` lists all");
        check(&["apps", "servin"], apps.clone(), near);
        check(&["apps", "x"], apps.clone(), Some("`kedge apps` lists all"));
        check(&["apps", "ui", "diff"], apps.clone(), None);
        let back = Some("`kedge rollouts ui` lists its rollouts");
        check(&["apps", "ui", "rollback"], apps, back);
        let rollouts = json!({"items": [{"id": "serving-1", "application": "serving"}]});
        let one = Some("did you mean serving-1? `kedge rollouts` lists all");
        check(&["rollouts", "servin-1"], rollouts.clone(), one);
        let all = Some("serving is an application: `kedge rollouts serving` lists its rollouts");
        check(&["rollouts", "serving"], rollouts.clone(), all);
        let other = Some("`kedge rollouts serving` lists those of serving");
        check(&["rollouts", "serving-99"], rollouts, other);
        let branches = json!({"items": [{"branch": "release"}]});
        let near = Some("did you mean release? `kedge plan` lists all");
        check(&["changes", "relase"], branches, near);
        check(&["state"], json!({}), None);
    }

    #[test]
    fn objects_may_be_elsewhere() {
        let found: Vec<Place> = [("a", "web"), ("b", "web"), ("shop", "orders")]
            .map(|(namespace, name)| (namespace.into(), name.into()))
            .into();
        let check = |name: &str, namespace: &str, expected: &str| {
            let told = object(name, namespace, &found, "kedge state --at 0s pods");
            assert_eq!(told, expected, "{name} in {namespace}");
        };
        check("orders", "default", "it is in another namespace: -n shop");
        let more = "it is in other namespaces: -n a, and 1 more";
        check("web", "default", more);
        check("oders", "shop", "did you mean orders?");
        let there = "did you mean orders in namespace shop?";
        check("oders", "default", there);
        check("zzz", "a", "`kedge state --at 0s pods` lists all");
    }
}
