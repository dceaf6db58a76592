//! Changed fields as text, each with what stands around it in its object, before and after. What the
//! object does not tell (it is not at hand, or has another form) is told by the fields alone.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use api::{Object, codec};

use super::FieldChange;
use super::align::in_order_of;
use super::fields::{Shape, label};

/// What changed in one place of an object: the fields of one map, or the elements of one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The place, such as `spec.template.spec.containers[web]`; empty for the object itself.
    pub path: String,
    /// YAML, with what is around the changed fields where the object has it.
    pub old: String,
    pub new: String,
}

/// The changes, place by place, in the order in which they come. `object` is what the changes lead to.
pub fn parts(object: Option<&Object>, changes: &[FieldChange]) -> Vec<Part> {
    let same = |one: &FieldChange, two: &FieldChange| split(&one.path).0 == split(&two.path).0;
    let groups = changes.chunk_by(same);
    let groups = groups.map(|group| {
        let whole = object.and_then(|object| inside(object, group));
        whole.unwrap_or_else(|| alone(group))
    });
    groups.collect()
}

/// Only the fields themselves, as a manifest would have them.
fn alone(changes: &[FieldChange]) -> Part {
    let side = |of: fn(&FieldChange) -> Option<&Value>| -> String {
        let fields = changes.iter().filter_map(|change| {
            let (_, step) = split(&change.path);
            Some(field(&step.name(), of(change)?))
        });
        fields.collect()
    };
    Part {
        path: changes.first().map_or("", |it| split(&it.path).0).into(),
        old: side(|change| change.old.as_ref()),
        new: side(|change| change.new.as_ref()),
    }
}

/// A text of several lines is a block, whatever is in them: that is what can be compared.
fn field(name: &str, value: &Value) -> String {
    match value {
        Value::String(long) if long.contains('\n') => {
            let inside = long.lines().map(|line| format!("  {line}\n"));
            format!("{name}: |\n{}", inside.collect::<String>())
        }
        value => codec::yaml::to_string(&json!({ name: value })),
    }
}

/// The map or list that the changes are in, before and after them.
fn inside(object: &Object, changes: &[FieldChange]) -> Option<Part> {
    let path = split(&changes.first()?.path).0;
    let (mut place, mut shape) = (&object.body, Shape::of(&object.gvk()));
    for step in steps(path) {
        (place, shape) = go(place, shape, &step)?;
    }
    let (old, new) = match place {
        Value::Array(list) => elements(list, shape, changes)?,
        Value::Object(map) => fields(map, changes)?,
        _ => return None,
    };
    Some(Part {
        path: path.to_owned(),
        old: text(&old),
        new: text(&new),
    })
}

fn text(place: &Value) -> String {
    match place {
        Value::Object(map) => map.iter().map(|(name, it)| field(name, it)).collect(),
        other => codec::yaml::to_string(other),
    }
}

/// A part of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step<'a> {
    /// `.replicas`
    Field(&'a str),
    /// `["app.conf"]`
    Quoted(String),
    /// `[web]`, `[80/TCP]`, `[0]`
    Element(&'a str),
}

impl Step<'_> {
    fn name(&self) -> String {
        match self {
            Self::Field(name) | Self::Element(name) => (*name).to_owned(),
            Self::Quoted(name) => name.clone(),
        }
    }
}

fn go<'a>(place: &'a Value, shape: Shape, step: &Step) -> Option<(&'a Value, Shape)> {
    match (place, step) {
        (Value::Object(map), Step::Field(_) | Step::Quoted(_)) => {
            let name = step.name();
            Some((map.get(&name)?, shape.child(&name)))
        }
        (Value::Array(list), Step::Element(name)) => {
            let at = position(list, shape, name)?;
            Some((list.get(at)?, shape.element()))
        }
        _ => None,
    }
}

fn position(list: &[Value], shape: Shape, name: &str) -> Option<usize> {
    match shape.keys([list, list]) {
        Some(keys) => list.iter().position(|item| label(item, &keys) == name),
        None => name.parse().ok(),
    }
}

/// The map before and after the changes; `None` where they are of no map.
fn fields(map: &Map<String, Value>, changes: &[FieldChange]) -> Option<(Value, Value)> {
    let (mut old, mut new) = (map.clone(), map.clone());
    for change in changes {
        let name = match split(&change.path).1 {
            Step::Element(_) => return None,
            step => step.name(),
        };
        put(&mut old, &name, change.old.as_ref());
        put(&mut new, &name, change.new.as_ref());
    }
    Some((old.into(), new.into()))
}

fn put(map: &mut Map<String, Value>, name: &str, value: Option<&Value>) {
    match value {
        Some(value) => map.insert(name.to_owned(), value.clone()),
        None => map.shift_remove(name),
    };
}

/// The list before and after the changes; `None` where it has not what they lead to. An element that
/// came stands where one that went stood: a port with another number is a changed port for people.
fn elements(list: &[Value], shape: Shape, changes: &[FieldChange]) -> Option<(Value, Value)> {
    let mut came = BTreeMap::new();
    for change in changes {
        let Step::Element(name) = split(&change.path).1 else {
            return None;
        };
        if change.new.is_some() {
            let at = position(list, shape, name).filter(|at| *at < list.len())?;
            came.insert(at, change);
        }
    }
    let mut went = changes.iter().filter(|change| change.new.is_none());
    let (mut old, mut new) = (Vec::new(), Vec::new());
    for (at, item) in list.iter().enumerate() {
        let change = came.get(&at);
        let after = change.and_then(|it| it.new.as_ref()).unwrap_or(item);
        let before = match change {
            None => Some(item),
            Some(change) => {
                let stood = change.old.as_ref();
                stood.or_else(|| went.next()?.old.as_ref())
            }
        };
        old.extend(before.map(|before| in_order_of(before, after, shape.element())));
        new.push(after.clone());
    }
    old.extend(went.filter_map(|change| change.old.clone()));
    Some((old.into(), new.into()))
}

/// Where a path's last step begins, and that step.
fn split(path: &str) -> (&str, Step<'_>) {
    let mut rest = path;
    let mut last = ("", Step::Field(path));
    while let Some((step, next)) = first(rest) {
        last = (&path[..path.len() - rest.len()], step);
        rest = next;
    }
    last
}

fn steps(path: &str) -> Vec<Step<'_>> {
    let mut rest = path;
    std::iter::from_fn(|| {
        let (step, next) = first(rest)?;
        rest = next;
        Some(step)
    })
    .collect()
}

/// The first step of a path and what is after it; `None` at its end.
fn first(path: &str) -> Option<(Step<'_>, &str)> {
    if let Some(inner) = path.strip_prefix('[') {
        if inner.starts_with('"') {
            let mut values = serde_json::Deserializer::from_str(inner).into_iter::<String>();
            if let Some(Ok(name)) = values.next() {
                let rest = &inner[values.byte_offset()..];
                return Some((Step::Quoted(name), rest.strip_prefix(']').unwrap_or(rest)));
            }
        }
        // A label may have brackets of its own.
        let mut depth = 1_usize;
        let end = inner.char_indices().find(|(_, letter)| {
            match letter {
                '[' => depth += 1,
                ']' => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let end = end.map_or(inner.len(), |(at, _)| at);
        let rest = inner.get(end + 1..).unwrap_or_default();
        return Some((Step::Element(&inner[..end]), rest));
    }
    let path = path.strip_prefix('.').unwrap_or(path);
    if path.is_empty() {
        return None;
    }
    let end = path.find(['.', '[']).unwrap_or(path.len());
    Some((Step::Field(&path[..end]), &path[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &str, old: Value, new: Value) -> FieldChange {
        let side = |value: Value| (!value.is_null()).then_some(value);
        FieldChange {
            path: path.into(),
            old: side(old),
            new: side(new),
        }
    }

    #[test]
    fn paths_are_steps() {
        let check = |path: &str, parent: &str, name: &str| {
            let (before, step) = split(path);
            assert_eq!((before, step.name().as_str()), (parent, name), "{path}");
        };
        check("spec.replicas", "spec", "replicas");
        check("spec", "", "spec");
        check("data[\"a.b]\"]", "data", "a.b]");
        check("spec.ports[80/TCP]", "spec.ports", "80/TCP");
        check("a[x[0]].image", "a[x[0]]", "image");
        check("", "", "");
        check("a[b", "a", "b");
        assert_eq!(steps("spec.containers[web].image").len(), 4);
    }

    #[test]
    fn changes_stand_in_what_they_are_in() {
        let object: Object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "spec": {"paused": true, "replicas": 3, "template": {"spec": {"containers": [
                {"name": "log", "image": "log:1"},
                {"name": "web", "image": "app:2", "args": ["-v"]}]}}},
            "metadata": {"annotations": {"a.b/c": "new"}},
        })
        .into();
        let container = "spec.template.spec.containers[web]";
        let changes = [
            change(
                &format!("{container}.image"),
                "app:1".into(),
                "app:2".into(),
            ),
            change(&format!("{container}.args"), Value::Null, json!(["-v"])),
            change(
                "metadata.annotations[\"a.b/c\"]",
                "old".into(),
                "new".into(),
            ),
            change("spec.replicas", 2.into(), 3.into()),
            change(
                "spec.template.spec.containers[old]",
                json!({"name": "old"}),
                Value::Null,
            ),
        ];
        let told = parts(Some(&object), &changes);
        let places: Vec<&str> = told.iter().map(|part| part.path.as_str()).collect();
        let list = "spec.template.spec.containers";
        assert_eq!(places, [container, "metadata.annotations", "spec", list]);
        assert_eq!(told[0].old, "name: web\nimage: app:1\n");
        assert_eq!(told[0].new, "name: web\nimage: app:2\nargs:\n- -v\n");
        assert_eq!(
            (told[1].old.as_str(), told[1].new.as_str()),
            ("a.b/c: old\n", "a.b/c: new\n")
        );
        assert!(
            told[2]
                .old
                .starts_with("paused: true\nreplicas: 2\ntemplate:")
        );
        assert!(told[3].old.ends_with("- name: old\n") && !told[3].new.contains("old"));
    }

    #[test]
    fn a_port_with_another_number_stands_where_it_stood() {
        let at = |name: &str| format!("spec.template.spec.containers[web].ports[{name}]");
        let port =
            |number: i64| json!({"containerPort": number, "name": "http", "protocol": "TCP"});
        let changes = [
            change(&at("8080/TCP"), port(8080), Value::Null),
            change(&at("8081/TCP"), Value::Null, port(8081)),
        ];
        let check = |ports: Value| {
            let object: Object = json!({"apiVersion": "apps/v1", "kind": "Deployment",
                "spec": {"template": {"spec": {"containers": [{"name": "web", "ports": ports}]}}}})
            .into();
            let told = parts(Some(&object), &changes);
            assert_eq!(told.len(), 1);
            let text = |number: i64| {
                format!(
                    "- containerPort: 9000\n- containerPort: {number}\n  name: http\n  \
                     protocol: TCP\n"
                )
            };
            assert_eq!((&told[0].old, &told[0].new), (&text(8080), &text(8081)));
        };
        // As the server has it, and as a manifest leaves the protocol to the server.
        check(json!([{"containerPort": 9000}, port(8081)]));
        check(json!([{"containerPort": 9000}, {"name": "http", "containerPort": 8081}]));
    }

    #[test]
    fn changes_stand_alone_where_their_object_does_not_tell() {
        let changes = [
            change("spec.replicas", 2.into(), 3.into()),
            change("spec.ports (order)", json!(["a", "b"]), json!(["b", "a"])),
        ];
        let told = parts(None, &changes);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].old, "replicas: 2\nports (order):\n- a\n- b\n");
        let other: Object = json!({"kind": "Widget", "apiVersion": "a/v1", "spec": [1]}).into();
        assert_eq!(parts(Some(&other), &changes), told);
    }
}
