//! Every address, and the shape of its answer, out of `paths.txt`: method, address, what it is, and
//! what it answers; `at` where a moment of the past is taken; below it the fields of its query or form.

const TABLE: &str = include_str!("paths.txt");

/// What an address answers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    /// JSON of this shape.
    Shape(&'static str),
    /// Something else, by its media type.
    Text(&'static str),
    /// A redirect.
    Elsewhere,
}

/// One address with one method.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    /// Of a `GET` its query, of a `POST` its form: name and meaning.
    pub(super) query: Vec<(&'static str, &'static str)>,
    pub(super) answer: Answer,
    /// Whether `at` is taken.
    pub(super) has_past: bool,
}

/// All of them, in the order of the table.
pub(super) fn operations() -> Vec<Operation> {
    let mut all: Vec<Operation> = Vec::new();
    for line in TABLE.lines() {
        match line.strip_prefix("  ") {
            Some(field) => {
                let field = field.split_once(": ").expect("a field has a meaning");
                let last = all.last_mut().expect("a field is of an address");
                last.query.push(field);
            }
            None => all.push(operation(line)),
        }
    }
    all
}

fn operation(line: &'static str) -> Operation {
    let mut parts = line.split(" | ");
    let mut part = || parts.next().expect("an address has three parts");
    let (method, path) = part().split_once(' ').expect("a method and an address");
    let (summary, answer) = (part(), part());
    let has_past = answer.ends_with(" at");
    let answer = answer.trim_end_matches(" at");
    Operation {
        method,
        path,
        summary,
        query: Vec::new(),
        answer: match answer.strip_prefix("text ") {
            Some(kind) => Answer::Text(kind),
            None if answer == "elsewhere" => Answer::Elsewhere,
            None => Answer::Shape(answer),
        },
        has_past,
    }
}
