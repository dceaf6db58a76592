//! Puts an object into the order of another one, so that a comparison of their lines finds what is
//! different and not what only stands elsewhere.

use api::Object;
use serde_json::{Map, Value};

use super::fields::{Shape, label};

/// `old` with its fields, and the elements of lists whose elements are told apart by keys, in the
/// order of `new`. What only `old` has stays behind what it stood behind.
#[must_use]
pub fn aligned(old: &Object, new: &Object) -> Object {
    in_order_of(&old.body, &new.body, Shape::of(&new.gvk())).into()
}

pub(super) fn in_order_of(old: &Value, new: &Value, shape: Shape) -> Value {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => members(old, new, shape).into(),
        (Value::Array(old), Value::Array(new)) => elements(old, new, shape).into(),
        (old, _) => old.clone(),
    }
}

fn members(old: &Map<String, Value>, new: &Map<String, Value>, shape: Shape) -> Map<String, Value> {
    let (before, after): (Vec<&str>, Vec<&str>) = (names(old), names(new));
    let order = order(&before, &after);
    let one = |name: &str| {
        let value = match new.get(name) {
            Some(new) => in_order_of(&old[name], new, shape.child(name)),
            None => old[name].clone(),
        };
        (name.to_owned(), value)
    };
    order.into_iter().map(|at| one(before[at])).collect()
}

fn names(map: &Map<String, Value>) -> Vec<&str> {
    map.keys().map(String::as_str).collect()
}

fn elements(old: &[Value], new: &[Value], shape: Shape) -> Vec<Value> {
    let Some(keys) = shape.keys([old, new]) else {
        // Only their places tell them apart.
        let pairs = old.iter().enumerate().map(|(at, item)| match new.get(at) {
            Some(new) => in_order_of(item, new, shape.element()),
            None => item.clone(),
        });
        return pairs.collect();
    };
    let labels = |list: &[Value]| -> Vec<String> {
        let labels = list.iter().map(|item| label(item, &keys));
        labels.collect()
    };
    let (before, after) = (labels(old), labels(new));
    let order = order(&before, &after);
    let one = |at: usize| match after.iter().position(|it| *it == before[at]) {
        Some(beside) => in_order_of(&old[at], &new[beside], shape.element()),
        None => old[at].clone(),
    };
    order.into_iter().map(one).collect()
}

/// The places of `old` in the order of `new`; what `new` has not follows what it followed.
fn order<T: PartialEq>(old: &[T], new: &[T]) -> Vec<usize> {
    let is_kept = move |at: &usize| new.contains(&old[*at]);
    let place = |item: &T| old.iter().position(|it| it == item);
    let kept: Vec<usize> = new.iter().filter_map(place).collect();
    let follows = |at: usize| (at..old.len()).take_while(move |next| *next == at || !is_kept(next));
    let first = (0..old.len()).take_while(|at| !is_kept(at));
    first.chain(kept.into_iter().flat_map(follows)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diff::yaml;

    #[test]
    fn what_only_the_old_one_has_stays_behind_what_it_stood_behind() {
        let check = |old: &str, new: &str, expected: &str| {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            let (old, new) = (letters(old), letters(new));
            let ordered: String = order(&old, &new).into_iter().map(|at| old[at]).collect();
            assert_eq!(ordered, expected);
        };
        check("abc", "abc", "abc");
        check("abc", "cba", "cba");
        check("axbyc", "cba", "cbyax");
        check("xab", "ba", "xba");
        check("xy", "", "xy");
        check("", "ab", "");
    }

    #[test]
    fn an_object_in_another_order_is_the_same_text() {
        let old: Object = json!({
            "kind": "Deployment", "apiVersion": "apps/v1",
            "spec": {"template": {"spec": {"containers": [
                {"name": "log", "image": "log:1"},
                {"image": "web:1", "name": "web", "args": ["b", "a"]},
            ]}}, "replicas": 2},
        })
        .into();
        let new: Object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "spec": {"replicas": 2, "template": {"spec": {"containers": [
                {"name": "web", "image": "web:1", "args": ["b", "a"]},
                {"name": "log", "image": "log:1"},
            ]}}},
        })
        .into();
        assert_eq!(yaml(Some(&aligned(&old, &new))), yaml(Some(&new)));
        // Where only places tell elements apart, their order is what they are.
        let mut other = new.clone();
        other.body["spec"]["template"]["spec"]["containers"][0]["args"] = json!(["a", "b"]);
        assert_ne!(yaml(Some(&aligned(&old, &other))), yaml(Some(&other)));
    }
}
