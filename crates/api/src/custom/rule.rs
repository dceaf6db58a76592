//! `x-kubernetes-validations`: rules in CEL about a value, and about what it was before.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use kube_cel::KubeCelExt;
use kube_cel::cel::objects::{Key, Map as CelMap};
use kube_cel::cel::{Context, Program, Value as CelValue};
use serde_json::Value;

use super::schema::{Additional, Schema, Type};
use super::validate::child;
use crate::Cause;
use crate::expression::{self, loops};
use crate::schema::ListKind;

/// Bytes a rule may have.
const LENGTH: usize = 4096;
/// Loops inside one another.
const LOOPS: usize = 3;
/// How often the inside of all loops together may run: values to the power of the loops.
const STEPS: usize = 4_000_000;
/// Words of CEL, which names of fields are escaped from.
const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// One rule.
#[derive(Clone)]
pub(super) struct Rule {
    text: String,
    program: Arc<Program>,
    loops: usize,
    message: String,
    message_program: Option<Arc<Program>>,
    reason: String,
    field_path: String,
    /// Whether it speaks of what was before.
    is_transition: bool,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Rule {
    /// # Errors
    /// What is not well formed, what might take long, and what is not understood here.
    pub(super) fn read(value: &Value, field: &str) -> Result<Self, Cause> {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let rule = text("rule");
        if rule.trim().is_empty() {
            return Err(Cause::required(
                format!("{field}.rule"),
                "rule is not specified",
            ));
        }
        let at = format!("{field}.rule");
        let (program, loops) = compile(&rule, &at)?;
        let expression = text("messageExpression");
        let message_program = match expression.trim() {
            "" => None,
            text => Some(compile(text, &format!("{field}.messageExpression"))?.0),
        };
        let is_transition = program.references().has_variable("oldSelf");
        if value["optionalOldSelf"] == true {
            // The optional types of CEL.
            let why = "is not supported by this server";
            return Err(Cause::forbidden(format!("{field}.optionalOldSelf"), why));
        }
        Ok(Self {
            text: rule,
            program,
            loops,
            message: text("message"),
            message_program,
            reason: text("reason"),
            field_path: text("fieldPath"),
            is_transition,
        })
    }

    fn check(
        &self,
        value: &Value,
        old: Option<&Value>,
        schema: &Schema,
        field: &str,
    ) -> Option<Cause> {
        if self.is_transition && old.is_none() {
            return None;
        }
        let runs = count(value).saturating_pow(u32::try_from(self.loops).unwrap_or(u32::MAX));
        if runs > STEPS {
            let rule = "is too large for a rule with loops of its kind";
            return Some(Cause::invalid(field, &Value::Null, rule));
        }
        let mut context = Context::default().with_all();
        context.add_variable_from_value("self", cel(value, Some(schema)));
        if let Some(old) = old {
            context.add_variable_from_value("oldSelf", cel(old, Some(schema)));
        }
        let why = match self.program.execute(&context) {
            Ok(CelValue::Bool(true)) => return None,
            Ok(CelValue::Bool(false)) => self.message(&context),
            Ok(_) => format!("rule is neither true nor false: {}", self.text),
            Err(error) => format!("{} evaluating rule: {}", error, self.text),
        };
        let at = format!("{field}{}", self.field_path);
        let at = at.trim_start_matches('.').to_owned();
        Some(match self.reason.as_str() {
            "FieldValueRequired" => Cause::required(at, &why),
            "FieldValueForbidden" => Cause::forbidden(at, &why),
            "FieldValueDuplicate" => Cause::duplicate(at, value),
            _ => Cause {
                reason: "FieldValueInvalid".into(),
                message: format!("Invalid value: {}: {why}", shown(value)),
                field: at,
            },
        })
    }

    fn message(&self, context: &Context<'_>) -> String {
        if let Some(program) = &self.message_program
            && let Ok(CelValue::String(text)) = program.execute(context)
            && !text.trim().is_empty()
        {
            return text.trim().to_owned();
        }
        match self.message.trim() {
            "" => format!("failed rule: {}", self.text),
            message => message.to_owned(),
        }
    }
}

/// Objects and lists are not shown: they may be long.
fn shown(value: &Value) -> String {
    match value {
        Value::Object(_) => "\"object\"".into(),
        Value::Array(_) => "\"array\"".into(),
        value => value.to_string(),
    }
}

/// What the parser said, or what is wrong with the text as a whole.
fn said(error: &expression::Error) -> String {
    match error {
        expression::Error::Parse(text) => text.clone(),
        other => other.to_string(),
    }
}

fn compile(text: &str, field: &str) -> Result<(Arc<Program>, usize), Cause> {
    let invalid = |rule: String| Cause::invalid(field, &Value::String(text.to_owned()), &rule);
    if text.len() > LENGTH {
        return Err(invalid(format!("must have at most {LENGTH} bytes")));
    }
    let program = expression::compile(text)
        .map_err(|error| invalid(format!("compilation failed: {}", said(&error))))?;
    let loops = loops(program.expression());
    if loops > LOOPS {
        return Err(invalid(format!(
            "may have at most {LOOPS} loops (all, exists, filter, map) inside one another"
        )));
    }
    Ok((Arc::new(program), loops))
}

/// Holds all rules of a schema against a value.
pub(super) fn check(
    schema: &Schema,
    value: &Value,
    old: Option<&Value>,
    field: &str,
    causes: &mut Vec<Cause>,
) {
    if value.is_null() {
        return;
    }
    for rule in &schema.rules {
        causes.extend(rule.check(value, old, schema, field));
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if let Some(inner) = schema.child(key) {
                    let old = old.and_then(|old| old.get(key));
                    check(inner, value, old, &child(field, key), causes);
                }
            }
        }
        Value::Array(items) => {
            let Some(inner) = &schema.items else { return };
            for (at, item) in items.iter().enumerate() {
                let old = old.and_then(|old| twin(schema, item, old));
                check(inner, item, old, &format!("{field}[{at}]"), causes);
            }
        }
        _ => {}
    }
}

/// The same item as it was before: only keyed lists can tell.
fn twin<'a>(schema: &Schema, item: &Value, old: &'a Value) -> Option<&'a Value> {
    if schema.list != ListKind::Map {
        return None;
    }
    let is_twin = |other: &&Value| {
        schema
            .list_keys
            .iter()
            .all(|key| other.get(key) == item.get(key))
    };
    old.as_array()?.iter().find(is_twin)
}

/// How many values a value has in it.
fn count(value: &Value) -> usize {
    match value {
        Value::Object(map) => 1 + map.values().map(count).sum::<usize>(),
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// A value as CEL sees it: times and durations by their format, names of fields escaped.
fn cel(value: &Value, schema: Option<&Schema>) -> CelValue {
    match value {
        Value::Null => CelValue::Null,
        Value::Bool(it) => CelValue::Bool(*it),
        Value::Number(number) => {
            let is_double = schema.is_some_and(|it| it.ty == Type::Number);
            match number.as_i64().filter(|_| !is_double) {
                Some(whole) => CelValue::Int(whole),
                None => CelValue::Float(number.as_f64().unwrap_or_default()),
            }
        }
        Value::String(text) => string(text, schema.map_or("", |it| &it.limits.format)),
        Value::Array(items) => {
            let inner = schema.and_then(|it| it.items.as_deref());
            CelValue::List(Arc::new(items.iter().map(|it| cel(it, inner)).collect()))
        }
        Value::Object(map) => {
            let is_map = schema.is_some_and(|it| !matches!(it.additional, Additional::None));
            let entries = map.iter().map(|(key, value)| {
                let inner = schema.and_then(|it| it.child(key));
                let name = if is_map { key.clone() } else { escaped(key) };
                (Key::String(Arc::new(name)), cel(value, inner))
            });
            CelValue::Map(CelMap {
                map: Arc::new(entries.collect::<HashMap<_, _>>()),
            })
        }
    }
}

fn string(text: &str, format: &str) -> CelValue {
    let made = match format {
        "date-time" => evaluated("timestamp(text)", text),
        "duration" => evaluated("duration(text)", text),
        _ => None,
    };
    made.unwrap_or_else(|| CelValue::String(Arc::new(text.to_owned())))
}

/// What CEL itself makes of a text.
fn evaluated(program: &str, text: &str) -> Option<CelValue> {
    let mut context = Context::default();
    context.add_variable_from_value("text", CelValue::String(Arc::new(text.to_owned())));
    Program::compile(program).ok()?.execute(&context).ok()
}

/// A duration as Go writes it: `1h30m`, `1.5s`.
pub(super) fn duration(text: &str) -> Option<()> {
    evaluated("duration(text)", text).map(|_| ())
}

/// A field's name as rules write it.
fn escaped(name: &str) -> String {
    if RESERVED.contains(&name) {
        return format!("__{name}__");
    }
    name.replace("__", "__underscores__")
        .replace('.', "__dot__")
        .replace('-', "__dash__")
        .replace('/', "__slash__")
}
