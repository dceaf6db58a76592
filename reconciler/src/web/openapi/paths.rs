//! Every address, and the shape of its answer, out of `paths.txt`: method, address, what it is, and
//! what it answers; `at` where a moment of the past is taken, `created` where the status is 201; then the
//! other statuses it may have, each with its shape where that is no failure's; below it the fields of its
//! query, or of its form; with `?` those of the query where there is a form.

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
pub(in crate::web) struct Operation {
    pub(in crate::web) method: &'static str,
    pub(in crate::web) path: &'static str,
    pub(super) summary: &'static str,
    /// Name and meaning.
    pub(in crate::web) query: Vec<(&'static str, &'static str)>,
    /// The same of what a `POST` sends.
    pub(in crate::web) form: Vec<(&'static str, &'static str)>,
    pub(super) answer: Answer,
    /// Whether it is answered with 201.
    pub(super) is_made: bool,
    /// Other statuses, and the shape of their answer; empty for that of a failure.
    pub(super) others: Vec<(&'static str, &'static str)>,
    /// Whether `at` is taken.
    pub(in crate::web) has_past: bool,
}

/// All of them, in the order of the table.
pub(in crate::web) fn operations() -> Vec<Operation> {
    let mut all: Vec<Operation> = Vec::new();
    for line in TABLE.lines() {
        match line.strip_prefix("  ") {
            Some(field) => {
                let field = field.split_once(": ").expect("a field has a meaning");
                let last = all.last_mut().expect("a field is of an address");
                last.takes(field);
            }
            None => all.push(operation(line)),
        }
    }
    all
}

impl Operation {
    fn takes(&mut self, (name, meaning): (&'static str, &'static str)) {
        match name.strip_prefix('?') {
            Some(name) => self.query.push((name, meaning)),
            None if self.method == "post" => self.form.push((name, meaning)),
            None => self.query.push((name, meaning)),
        }
    }
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
        form: Vec::new(),
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
