//! Every address, and the shape of its answer, out of `paths.txt`: method, address, what it is, and
//! what it answers; `at` where a moment of the past is taken, `created` where the status is 201; then the
//! other statuses it may have, each with its shape where that is no failure's; below it the fields of its
//! query or form.

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
    /// Whether it is answered with 201.
    pub(super) is_made: bool,
    /// Other statuses, and the shape of their answer; empty for that of a failure.
    pub(super) others: Vec<(&'static str, &'static str)>,
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
    let three = [parts.next(), parts.next(), parts.next()];
    let [address, summary, answer] = three.map(|it| it.expect("an address has three parts"));
    let (method, path) = address.split_once(' ').expect("a method and an address");
    let has_past = answer.ends_with(" at");
    let is_made = answer.ends_with(" created");
    let answer = answer.trim_end_matches(" at").trim_end_matches(" created");
    let others = parts.next().unwrap_or_default().split_whitespace();
    let others = others.map(|word| word.split_once(':').unwrap_or((word, "")));
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
        is_made,
        others: others.collect(),
        has_past,
    }
}
