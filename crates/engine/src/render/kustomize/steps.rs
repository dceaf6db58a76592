//! Paths of replacements and variables: `spec.containers.[name=web].env.0`, with `\.` and `[a.b]`
//! for names that have dots.

use serde_json::{Map, Value};

use super::fields::text;

/// The parts of a path.
pub(super) fn steps(path: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = path.chars().peekable();
    while let Some(c) = chars.next() {
        let last = parts.last_mut().expect("there is always one");
        match c {
            '\\' if chars.peek() == Some(&'.') => last.extend(chars.next()),
            '.' => parts.push(String::new()),
            c => last.push(c),
        }
    }
    let mut steps = Vec::new();
    let mut parts = parts.into_iter();
    while let Some(mut part) = parts.next() {
        if part.starts_with('[') && !part.ends_with(']') {
            for more in parts.by_ref() {
                part.push('.');
                part.push_str(&more);
                if more.ends_with(']') {
                    break;
                }
            }
            if !part.contains('=') {
                part.retain(|c| !matches!(c, '[' | ']'));
            }
        }
        steps.push(part);
    }
    steps.retain(|step| !step.is_empty());
    steps
}

/// `[name=web]` as its two halves.
fn condition(step: &str) -> Option<(&str, &str)> {
    step.strip_prefix('[')?.strip_suffix(']')?.split_once('=')
}

/// `[0]` and `[a]` are `0` and `a`.
fn key(step: &str) -> &str {
    step.strip_prefix('[')
        .and_then(|step| step.strip_suffix(']'))
        .unwrap_or(step)
}

fn fits(item: &Value, (key, wanted): (&str, &str)) -> bool {
    let value = if key.is_empty() {
        Some(item)
    } else {
        item.get(key)
    };
    value.and_then(text).is_some_and(|text| text == wanted)
}

/// The value at a path.
pub(super) fn find<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    steps(path).iter().try_fold(value, |at, step| match at {
        Value::Object(map) => map.get(key(step)),
        Value::Array(items) if step == "-" => items.last(),
        Value::Array(items) => match condition(step) {
            Some(condition) => items.iter().find(|item| fits(item, condition)),
            None => items.get(key(step).parse::<usize>().ok()?),
        },
        _ => None,
    })
}

/// What to do with what is not there.
#[derive(Clone, Copy)]
pub(super) enum Create<'a> {
    No,
    /// Something of the same form as this.
    Like(&'a Value),
}

impl Create<'_> {
    /// A new value that the rest of the path leads into.
    fn make(self, rest: &[String]) -> Option<Value> {
        let Self::Like(value) = self else {
            return None;
        };
        Some(match (rest.first(), value) {
            (Some(step), _) if condition(step).is_some() || step.parse::<usize>().is_ok() => {
                Value::Array(Vec::new())
            }
            (Some(_), _) | (None, Value::Object(_)) => Value::Object(Map::new()),
            (None, Value::Array(_)) => Value::Array(Vec::new()),
            (None, _) => Value::Null,
        })
    }
}

/// Calls `apply` on every value the path leads to.
///
/// # Errors
/// An index that is too large, and what `apply` says.
pub(super) fn walk(
    value: &mut Value,
    steps: &[String],
    create: Create,
    apply: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    let Some((step, rest)) = steps.split_first() else {
        return apply(value);
    };
    match value {
        Value::Object(_) if step == "*" => Err("* is for lists, and this is a map".into()),
        Value::Array(items) if step == "*" => items
            .iter_mut()
            .try_for_each(|inner| walk(inner, rest, create, apply)),
        Value::Array(items) => walk_list(items, (step, rest), create, apply),
        Value::Object(map) => {
            let key = key(step);
            if map.get(key).is_none_or(Value::is_null)
                && let Some(made) = create.make(rest)
            {
                map.insert(key.to_owned(), made);
            }
            match map.get_mut(key) {
                Some(inner) => walk(inner, rest, create, apply),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

fn walk_list(
    items: &mut Vec<Value>,
    (step, rest): (&str, &[String]),
    create: Create,
    apply: &mut dyn FnMut(&mut Value) -> Result<(), String>,
) -> Result<(), String> {
    if let Some(condition) = condition(step) {
        if !items.iter().any(|item| fits(item, condition))
            && let Some(_) = create.make(rest)
        {
            let (key, wanted) = condition;
            items.push(match key {
                "" => wanted.into(),
                key => Value::Object([(key.to_owned(), wanted.into())].into_iter().collect()),
            });
        }
        let mut fitting = items.iter_mut().filter(|item| fits(item, condition));
        return fitting.try_for_each(|item| walk(item, rest, create, apply));
    }
    let Ok(index) = key(step).parse::<usize>() else {
        return Err(format!("{step:?} is neither an index nor [KEY=VALUE]"));
    };
    if index == items.len()
        && let Some(made) = create.make(rest)
    {
        items.push(made);
    }
    let count = items.len();
    match items.get_mut(index) {
        Some(item) => walk(item, rest, create, apply),
        None => Err(format!("there is no element {index} among {count}")),
    }
}
