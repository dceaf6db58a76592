//! CEL expressions over one object, as a rule may use them: they only read, and end soon.

use std::fmt;

use kube_cel::KubeCelExt;
use kube_cel::cel::common::ast::{EntryExpr, Expr, IdedExpr};
use kube_cel::cel::{Context, ExecutionError, Program, Value as CelValue};
use serde_json::Value;

/// Bytes an expression may have.
const LENGTH: usize = 512;
/// Loops (`all`, `exists`, `filter`, `map`) inside one another: each multiplies the work by the
/// length of a list.
const LOOPS: usize = 1;
/// Brackets, conditions and signs, wherever they stand: the parser calls itself for each that is
/// inside another one.
const NESTING: usize = 128;
/// Operations inside one another, once it is parsed: it is judged on any stack, where a level takes
/// some tens of kilobytes in a build that is not optimised.
const DEPTH: usize = 24;
/// Bytes of stack for the parser, most of them never touched: `NESTING` of its frames fit.
const STACK: usize = 64 << 20;
/// The fields of an object that are variables, there or not.
const FIELDS: [&str; 6] = ["apiVersion", "data", "kind", "metadata", "spec", "status"];

/// An expression that is true or false of an object.
pub struct Expression {
    program: Program,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("must have at most {LENGTH} bytes")]
    Length,
    #[error("may not have a loop (all, exists, filter, map) inside another one")]
    Loops,
    #[error("may not have operations so deep inside one another")]
    Nesting,
    #[error("must be a CEL expression, such as status.phase == 'Ready': {0}")]
    Parse(String),
}

/// Why an expression says nothing of an object. Never a value: it may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("there is no {0:?}")]
    Missing(String),
    #[error("it is neither true nor false")]
    NoBoolean,
    #[error("it does not fit the object's values")]
    Unfit,
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Expression")
    }
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is not well formed, and what might take long.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > LENGTH {
            return Err(Error::Length);
        }
        let program = compile(text)?;
        if loops(program.expression()) > LOOPS {
            return Err(Error::Loops);
        }
        Ok(Self { program })
    }

    /// Whether it is true of an object, whose fields are its variables.
    ///
    /// # Errors
    /// Where it is neither true nor false.
    pub fn holds(&self, object: &Value) -> Result<bool, Failure> {
        let mut context = Context::default().with_all();
        for field in FIELDS {
            let value = match &object[field] {
                Value::Null => &Value::Object(serde_json::Map::new()),
                value => value,
            };
            let added = context.add_variable(field, value);
            added.map_err(|_| Failure::Unfit)?;
        }
        match self.program.execute(&context) {
            Ok(CelValue::Bool(holds)) => Ok(holds),
            Ok(_) => Err(Failure::NoBoolean),
            Err(ExecutionError::NoSuchKey(name) | ExecutionError::UndeclaredReference(name)) => {
                Err(Failure::Missing(name.to_string()))
            }
            Err(_) => Err(Failure::Unfit),
        }
    }
}

/// Parses on a stack of its own: what somebody writes may end no process.
///
/// # Errors
/// What is not well formed, and what is too deep.
pub(crate) fn compile(text: &str) -> Result<Program, Error> {
    let opens = |it: &&u8| b"([{?!-".contains(it);
    if text.as_bytes().iter().filter(opens).count() > NESTING {
        return Err(Error::Nesting);
    }
    let parse = || {
        let program = Program::compile(text).map_err(|error| {
            let text = error.to_string();
            Error::Parse(text.split_whitespace().collect::<Vec<_>>().join(" "))
        })?;
        if depth(program.expression()) > DEPTH {
            return Err(Error::Nesting);
        }
        Ok(program)
    };
    std::thread::scope(|scope| {
        let parser = std::thread::Builder::new().stack_size(STACK);
        let parsing = parser.spawn_scoped(scope, parse);
        let parsing = parsing.map_err(|error| Error::Parse(error.to_string()))?;
        // Whatever broke down in it is wrong with the text.
        let broken = |_| Error::Parse("it cannot be read".into());
        parsing.join().map_err(broken)?
    })
}

/// How many operations are inside one another.
fn depth(expression: &IdedExpr) -> usize {
    let most = |parts: &mut dyn Iterator<Item = &IdedExpr>| parts.map(depth).max().unwrap_or(0);
    1 + match &expression.expr {
        Expr::Call(call) => most(&mut call.target.iter().map(|it| &**it).chain(&call.args)),
        Expr::Comprehension(all) => {
            let parts = [&all.accu_init, &all.loop_cond, &all.loop_step, &all.result];
            most(&mut parts.into_iter().chain([&all.iter_range]))
        }
        Expr::List(list) => most(&mut list.elements.iter()),
        Expr::Map(map) => most(&mut map.entries.iter().flat_map(|it| parts(&it.expr))),
        Expr::Struct(of) => most(&mut of.entries.iter().flat_map(|it| parts(&it.expr))),
        Expr::Select(select) => depth(&select.operand),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => 0,
    }
}

fn parts(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}

/// How many loops are inside one another.
pub(crate) fn loops(expression: &IdedExpr) -> usize {
    let most = |parts: &mut dyn Iterator<Item = &IdedExpr>| parts.map(loops).max().unwrap_or(0);
    match &expression.expr {
        Expr::Call(call) => most(&mut call.target.iter().map(|it| &**it).chain(&call.args)),
        Expr::Comprehension(all) => {
            let parts = [&all.accu_init, &all.loop_cond, &all.loop_step, &all.result];
            (1 + most(&mut parts.into_iter())).max(loops(&all.iter_range))
        }
        Expr::List(list) => most(&mut list.elements.iter()),
        Expr::Map(map) => entries(map.entries.iter().map(|it| &it.expr)),
        Expr::Struct(of) => entries(of.entries.iter().map(|it| &it.expr)),
        Expr::Select(select) => loops(&select.operand),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => 0,
    }
}

fn entries<'a>(entries: impl Iterator<Item = &'a EntryExpr>) -> usize {
    let of = |entry: &EntryExpr| match entry {
        EntryExpr::StructField(field) => loops(&field.value),
        EntryExpr::MapEntry(entry) => loops(&entry.key).max(loops(&entry.value)),
    };
    entries.map(of).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_expression_holds_or_says_why_it_says_nothing() {
        let object = json!({
            "apiVersion": "example.org/v1", "kind": "Cluster",
            "metadata": {"name": "db", "generation": 2},
            "spec": {"size": 3},
            "status": {"phase": "Ready", "observedGeneration": 2,
                       "conditions": [{"type": "Ready", "status": "True"}]},
        });
        let check = |text: &str, expected: Result<bool, Failure>| {
            let expression = Expression::parse(text).unwrap();
            assert_eq!(expression.holds(&object), expected, "{text}");
        };
        check("status.phase == 'Ready'", Ok(true));
        check("status.phase in ['Failed', 'Broken']", Ok(false));
        check("metadata.generation == status.observedGeneration", Ok(true));
        check("spec.size > 3", Ok(false));
        check("has(status.ready) && status.ready", Ok(false));
        check(
            "status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')",
            Ok(true),
        );
        check("status.gone == 1", Err(Failure::Missing("gone".into())));
        check("replicas > 1", Err(Failure::Missing("replicas".into())));
        check("data.x == 'y'", Err(Failure::Missing("x".into())));
        check("spec.size", Err(Failure::NoBoolean));
        check("status.phase > 3", Err(Failure::Unfit));
    }

    #[test]
    fn what_is_not_well_formed_or_might_take_long_is_refused() {
        let check = |text: &str, expected: &str| {
            let error = Expression::parse(text).unwrap_err();
            assert!(error.to_string().contains(expected), "{text}: {error}");
        };
        check("status.phase ==", "must be a CEL expression");
        check("", "must be a CEL expression");
        check(
            &format!("spec.size > {}", "1".repeat(600)),
            "at most 512 bytes",
        );
        let nested = "spec.a.all(x, spec.b.exists(y, x == y))";
        check(nested, "inside another one");
        assert!(Expression::parse("spec.a.filter(x, x > 1).all(x, x < 9)").is_ok());
    }

    /// As deep as it gets: this thread has the stack that all threads have.
    #[test]
    fn no_expression_ends_the_process() {
        let object = json!({"spec": {"size": 3}});
        let around = |open: &str, close: &str, levels: usize| {
            let (open, close) = (open.repeat(levels), close.repeat(levels));
            format!("{open}spec.size{close} == 3")
        };
        let mut refused = 0;
        for text in [
            around("(", ")", 64),
            around("(", ")", 200),
            around("[", "]", 120),
            "(".repeat(128),
            format!("{}true", "!".repeat(128)),
            format!("{}1 == 1", "-".repeat(128)),
            format!("{}true{}", "true?".repeat(45), ":false".repeat(45)),
            format!("{}1 > 0", "1+".repeat(20)),
            format!("{}true{}", "true?".repeat(20), ":false".repeat(20)),
            around("[", "]", 20),
            format!("{}true", "!".repeat(20)),
            format!("spec{}", ".a".repeat(20)),
            format!("{}1 > 0", "1+".repeat(60)),
            format!("{}1 > 0", "1+".repeat(250)),
            format!("spec{}", ".a".repeat(250)),
        ] {
            match Expression::parse(&text) {
                Ok(expression) => drop(expression.holds(&object)),
                Err(Error::Nesting) => refused += 1,
                Err(_) => {}
            }
        }
        assert!(refused > 2, "{refused}");
        // Brackets are nothing once they are read.
        let deep = Expression::parse(&around("(", ")", 64)).unwrap();
        assert!(deep.holds(&object).is_ok());
    }
}
