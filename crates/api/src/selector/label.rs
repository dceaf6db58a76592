//! Label selectors, as a query string and as the `metav1.LabelSelector` object.

use std::fmt;

use serde_json::Value;

use super::Error;
use crate::Object;

/// One condition on one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    In {
        key: String,
        values: Vec<String>,
    },
    /// Also true where the label is absent.
    NotIn {
        key: String,
        values: Vec<String>,
    },
    Exists {
        key: String,
    },
    Absent {
        key: String,
    },
}

/// All requirements must hold. The default selects everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSelector {
    pub requirements: Vec<Requirement>,
    /// `true` for a null selector object: it selects nothing, unlike an empty one.
    pub nothing: bool,
}

impl LabelSelector {
    /// `app=web,tier in (a, b),!canary,release`
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut requirements = Vec::new();
        for part in split_outside_parentheses(text) {
            let part = part.trim();
            if !part.is_empty() {
                requirements.push(requirement(part).map_err(|why| Error {
                    text: text.to_owned(),
                    why,
                })?);
            }
        }
        Ok(Self {
            requirements,
            nothing: false,
        })
    }

    /// From `{"matchLabels": …, "matchExpressions": …}`. A missing or null selector selects nothing.
    pub fn from_object(selector: Option<&Value>) -> Self {
        let Some(selector) = selector.filter(|value| !value.is_null()) else {
            return Self {
                requirements: Vec::new(),
                nothing: true,
            };
        };
        let mut requirements = Self::from_map(selector.get("matchLabels")).requirements;
        for expression in selector["matchExpressions"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let key = expression["key"].as_str().unwrap_or_default().to_owned();
            let values = || {
                expression["values"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(ToOwned::to_owned)
                    .collect()
            };
            requirements.push(match expression["operator"].as_str() {
                Some("In") => Requirement::In {
                    key,
                    values: values(),
                },
                Some("NotIn") => Requirement::NotIn {
                    key,
                    values: values(),
                },
                Some("DoesNotExist") => Requirement::Absent { key },
                _ => Requirement::Exists { key },
            });
        }
        Self {
            requirements,
            nothing: false,
        }
    }

    /// From a plain map, as Services have it. A missing map selects everything; callers decide
    /// whether that is meant.
    pub fn from_map(labels: Option<&Value>) -> Self {
        let requirements = labels
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(key, value)| Requirement::In {
                key: key.clone(),
                values: vec![value.as_str().unwrap_or_default().to_owned()],
            })
            .collect();
        Self {
            requirements,
            nothing: false,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty() && !self.nothing
    }

    pub fn matches(&self, object: &Object) -> bool {
        self.matches_with(|key| object.label(key))
    }

    /// Matches whatever `label` answers for a key.
    pub fn matches_with<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        !self.nothing
            && self
                .requirements
                .iter()
                .all(|requirement| match requirement {
                    Requirement::In { key, values } => {
                        label(key).is_some_and(|value| values.iter().any(|v| v == value))
                    }
                    Requirement::NotIn { key, values } => {
                        !label(key).is_some_and(|value| values.iter().any(|v| v == value))
                    }
                    Requirement::Exists { key } => label(key).is_some(),
                    Requirement::Absent { key } => label(key).is_none(),
                })
    }
}

/// The query-string form.
impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            match requirement {
                Requirement::In { key, values } if values.len() == 1 => {
                    write!(f, "{key}={}", values[0])?;
                }
                Requirement::In { key, values } => write!(f, "{key} in ({})", values.join(","))?,
                Requirement::NotIn { key, values } if values.len() == 1 => {
                    write!(f, "{key}!={}", values[0])?;
                }
                Requirement::NotIn { key, values } => {
                    write!(f, "{key} notin ({})", values.join(","))?;
                }
                Requirement::Exists { key } => f.write_str(key)?,
                Requirement::Absent { key } => write!(f, "!{key}")?,
            }
        }
        Ok(())
    }
}

fn split_outside_parentheses(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    text.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
}

fn requirement(part: &str) -> Result<Requirement, String> {
    if let Some(key) = part.strip_prefix('!') {
        return Ok(Requirement::Absent {
            key: label_key(key)?,
        });
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Ok(Requirement::NotIn {
            key: label_key(key)?,
            values: vec![value.trim().to_owned()],
        });
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Ok(Requirement::In {
            key: label_key(key)?,
            values: vec![value.trim().to_owned()],
        });
    }
    if let Some((head, list)) = part.split_once('(') {
        let list = list.strip_suffix(')').ok_or("a list must end with ')'")?;
        let values: Vec<String> = list
            .split(',')
            .map(|value| value.trim().to_owned())
            .collect();
        let (key, operator) = head
            .trim()
            .rsplit_once(char::is_whitespace)
            .ok_or("expected 'in' or 'notin' before '('")?;
        return match operator {
            "in" => Ok(Requirement::In {
                key: label_key(key)?,
                values,
            }),
            "notin" => Ok(Requirement::NotIn {
                key: label_key(key)?,
                values,
            }),
            other => Err(format!("found '{other}', expected 'in' or 'notin'")),
        };
    }
    Ok(Requirement::Exists {
        key: label_key(part)?,
    })
}

fn label_key(key: &str) -> Result<String, String> {
    let key = key.trim();
    let name = key.rsplit('/').next().unwrap_or_default();
    let valid = !name.is_empty()
        && name.len() <= 63
        && key.len() <= 317
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    if valid {
        Ok(key.to_owned())
    } else {
        Err(format!("{key:?} is not a label key"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(selector: &str, labels: &Value, expected: bool) {
        let object = Object::from(json!({"metadata": {"labels": labels}}));
        assert_eq!(
            LabelSelector::parse(selector).unwrap().matches(&object),
            expected,
            "{selector} on {labels}"
        );
    }

    #[test]
    fn query_strings_select() {
        let web = json!({"app": "web", "tier": "front"});
        check("", &web, true);
        check("app=web", &web, true);
        check("app==web,tier!=back", &web, true);
        check("app!=web", &web, false);
        check("other!=x", &web, true);
        check("tier in (front, back), app", &web, true);
        check("tier notin (front)", &web, false);
        check("!canary", &web, true);
        check("!app", &web, false);
        check("canary", &web, false);
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        for text in ["a in (b", "a like (b)", "=x", "a b=c"] {
            assert!(LabelSelector::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn null_selects_nothing_and_empty_everything() {
        let object = Object::from(json!({"metadata": {"labels": {"a": "b"}}}));
        assert!(!LabelSelector::from_object(None).matches(&object));
        assert!(LabelSelector::from_object(Some(&json!({}))).matches(&object));
        let selector =
            json!({"matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "c"]}]});
        let selector = LabelSelector::from_object(Some(&selector));
        assert!(selector.matches(&object));
        assert_eq!(selector.to_string(), "a in (b,c)");
    }
}
