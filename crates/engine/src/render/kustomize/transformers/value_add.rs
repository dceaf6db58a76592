//! The plugin `ValueAddTransformer`: one value into one field of some objects.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::fields::{is_scalar, split, text};
use super::super::resource::Resources;
use super::super::selector::Selector;
use super::super::site::Site;
use super::labels::fault;
use crate::Problem;

/// Its configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(in super::super) struct ValueAdd {
    value: String,
    target_file_path: String,
    targets: Vec<Target>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Target {
    selector: Option<Selector>,
    not_selector: Option<Selector>,
    field_path: String,
    file_path_position: i64,
}

impl ValueAdd {
    pub(in super::super) fn run(
        &self,
        site: &Site,
        resources: &mut Resources,
    ) -> Result<(), Problem> {
        if !self.target_file_path.is_empty() {
            let text = "targetFilePath is not supported";
            return Err(site
                .field("targetFilePath")
                .problem(text)
                .hint("write targets here"));
        }
        for (index, target) in self.targets.iter().enumerate() {
            let site = site.field("targets").item(index);
            let selector = target.selector.clone().unwrap_or_default();
            let matcher = selector.matcher().map_err(|why| site.problem(why))?;
            let not = match &target.not_selector {
                Some(not) => Some(not.matcher().map_err(|why| site.problem(why))?),
                None => None,
            };
            let chosen = resources.iter_mut().filter(|resource| {
                matcher.matches(resource) && !not.as_ref().is_some_and(|it| it.matches(resource))
            });
            for resource in chosen {
                let steps = split(&target.field_path);
                self.put(&mut resource.object.body, &steps, target.file_path_position)
                    .map_err(|why| fault(&site, resource, &why))?;
            }
        }
        Ok(())
    }

    fn put(&self, value: &mut Value, steps: &[String], position: i64) -> Result<(), String> {
        let Some((step, rest)) = steps.split_first() else {
            let old = match &*value {
                Value::Null => String::new(),
                value if is_scalar(value) => text(value).unwrap_or_default(),
                _ => return Err("the field is no text".into()),
            };
            *value = match usize::try_from(position) {
                Ok(position) if position > 0 => inserted(&old, position - 1, &self.value).into(),
                _ => self.value.as_str().into(),
            };
            return Ok(());
        };
        match value {
            Value::Object(map) => {
                let made = if rest.is_empty() {
                    Value::Null
                } else {
                    Value::Object(Map::new())
                };
                self.put(map.entry(step.clone()).or_insert(made), rest, position)
            }
            Value::Array(items) => {
                let condition = step.trim_start_matches('[').trim_end_matches(']');
                let item = match condition.split_once(['=', ':']) {
                    Some((key, wanted)) => items.iter_mut().find(|item| item[key] == wanted),
                    None => condition
                        .parse()
                        .ok()
                        .and_then(|at: usize| items.get_mut(at)),
                };
                let item = item.ok_or_else(|| format!("there is no {step}"))?;
                self.put(item, rest, position)
            }
            _ => Err(format!("there is no {step}")),
        }
    }
}

/// The path with one more part; a leading slash stays in front.
fn inserted(path: &str, position: usize, part: &str) -> String {
    let (root, path) = match path.strip_prefix('/') {
        Some(path) => ("/", path),
        None => ("", path),
    };
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    parts.insert(position.min(parts.len()), part);
    format!("{root}{}", parts.join("/"))
}
