//! A long plan for a terminal: what it does to very many objects is said once, so that what comes
//! before and after it stays on the screen.

use super::first::{application_of, moved_of};
use super::patch::{Mark, marks};

/// Objects in a row, to all of which the same happens, that are told one by one.
const SHOWN: usize = 20;

/// The lines of plans without those of objects beyond the first twenty to which the same happens.
/// `rest` says where all of them are, for what is of one application, or of none that is known.
pub fn folded(lines: Vec<String>, rest: impl Fn(&str) -> String) -> Vec<String> {
    let marked = marks(&lines);
    let mut told = Vec::with_capacity(lines.len().min(SHOWN));
    let mut run: Option<Run> = None;
    let mut application = String::new();
    for (line, (mark, at)) in lines.into_iter().zip(marked) {
        if let Some(run) = run.as_mut().filter(|run| run.goes_on(mark, at)) {
            run.take(line, (mark, at), &mut told);
            continue;
        }
        told.extend(run.take().and_then(|run| run.end(&application, &rest)));
        if let Some(name) = application_of(&line) {
            application = name;
        }
        run = verb(mark).map(|verb| Run::new(verb, mark, at));
        match &mut run {
            Some(run) => run.take(line, (mark, at), &mut told),
            None => told.push(line),
        }
    }
    told.extend(run.and_then(|run| run.end(&application, &rest)));
    told
}

/// Objects in a row to which the same happens.
struct Run {
    verb: &'static str,
    mark: Mark,
    indent: usize,
    objects: usize,
    /// What was left out: how many, of which kind and application; empty where they are of several.
    hidden: usize,
    kind: String,
    application: Option<String>,
}

impl Run {
    fn new(verb: &'static str, mark: Mark, indent: usize) -> Self {
        Self {
            verb,
            mark,
            indent,
            objects: 0,
            hidden: 0,
            kind: String::new(),
            application: None,
        }
    }

    /// Whether a line is of another such object, or of what changes in one.
    fn goes_on(&self, mark: Mark, at: usize) -> bool {
        at > self.indent || (mark == self.mark && at == self.indent)
    }

    fn take(&mut self, line: String, (mark, at): (Mark, usize), told: &mut Vec<String>) {
        let is_object = mark == self.mark && at == self.indent;
        self.objects += usize::from(is_object);
        if self.objects <= SHOWN {
            told.push(line);
        } else if is_object {
            self.hide(&line);
        }
    }

    fn hide(&mut self, line: &str) {
        let kind = line.split_whitespace().nth(2).unwrap_or_default();
        let application = moved_of(line);
        if self.hidden == 0 {
            kind.clone_into(&mut self.kind);
            self.application = application.map(ToOwned::to_owned);
        } else {
            if self.kind != kind {
                self.kind.clear();
            }
            if self.application.as_deref() != application {
                self.application = Some(String::new());
            }
        }
        self.hidden += 1;
    }

    /// `… and 979 more ConfigMaps to create`, and where they are.
    fn end(self, application: &str, rest: &impl Fn(&str) -> String) -> Option<String> {
        if self.hidden == 0 {
            return None;
        }
        let kind = match (self.kind.as_str(), self.hidden) {
            ("", 1) => "object".to_owned(),
            ("", _) => "objects".to_owned(),
            (kind, 1) => kind.to_owned(),
            (kind, _) => plural(kind),
        };
        let application = self.application.as_deref().unwrap_or(application);
        let (indent, hidden, verb) = (" ".repeat(self.indent), self.hidden, self.verb);
        Some(format!(
            "{indent}… and {hidden} more {kind} {verb}: {}",
            rest(application)
        ))
    }
}

/// What happens to an object; `None` for what happens to none.
fn verb(mark: Mark) -> Option<&'static str> {
    match mark {
        Mark::Create => Some("to create"),
        Mark::Change => Some("to change"),
        Mark::Delete => Some("to delete"),
        Mark::Asks => Some("to delete when asked"),
        Mark::Keep => Some("to keep"),
        _ => None,
    }
}

/// `Ingresses`, `NetworkPolicies`, `ConfigMaps`.
fn plural(kind: &str) -> String {
    let before = kind.strip_suffix('y');
    let stem = before.filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    match stem {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => format!("{kind}es"),
        None => format!("{kind}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(lines: &[String]) -> Vec<String> {
        folded(lines.to_vec(), |name| format!("kedge diff {name}"))
    }

    fn objects(sign: &str, kind: &str, count: usize) -> Vec<String> {
        let line = |at| format!("  {sign}  {kind} shop/m-{at:04}");
        (0..count).map(line).collect()
    }

    #[test]
    fn what_happens_to_very_many_is_told_once() {
        let heading = vec!["application many: 1000 to create".to_owned()];
        let unchanged = vec!["10 more applications are unchanged".to_owned()];
        let few = [
            &heading,
            &objects("+ create", "ConfigMap", SHOWN),
            &unchanged,
        ];
        let few = few.into_iter().flatten().cloned().collect::<Vec<_>>();
        assert_eq!(fold(&few), few);
        let all = [
            &heading,
            &objects("+ create", "ConfigMap", 999),
            &objects("~ change", "Ingress", 22),
            &unchanged,
        ];
        let all: Vec<String> = all.into_iter().flatten().cloned().collect();
        let told = fold(&all);
        assert_eq!(told.len(), 1 + SHOWN + 1 + SHOWN + 1 + 1);
        assert_eq!(told[SHOWN], all[SHOWN]);
        let more = "  … and 979 more ConfigMaps to create: kedge diff many";
        assert_eq!(told[SHOWN + 1], more);
        let more = "  … and 2 more Ingresses to change: kedge diff many";
        assert_eq!(told[SHOWN * 2 + 2], more);
        assert_eq!(told.last(), all.last());
    }

    #[test]
    fn what_changes_in_an_object_is_folded_with_it() {
        let mut lines = Vec::new();
        for line in objects("~ change", "NetworkPolicy", SHOWN + 2) {
            lines.push(line);
            lines.extend(["      @@ spec @@", "      -a: + b", "      +a: - b"].map(Into::into));
        }
        lines.push("  restarts 2 pods of Deployment shop/web".into());
        let told = fold(&lines);
        assert_eq!(told.len(), SHOWN * 4 + 2);
        let more = "  … and 2 more NetworkPolicies to change: kedge diff ";
        assert_eq!(told[SHOWN * 4], more);
        assert_eq!(told.last(), lines.last());
    }

    #[test]
    fn what_was_moved_to_the_front_is_still_whose_it_is() {
        let of = |sign: &str, name: &str, count: usize| -> Vec<String> {
            let lines = objects(sign, "ConfigMap", count).into_iter();
            lines
                .map(|line| format!("{line} (application {name})"))
                .collect()
        };
        let one = fold(&of("? delete", "many", 30));
        let more = "  … and 10 more ConfigMaps to delete when asked: kedge diff many";
        assert_eq!(one.last().unwrap(), more);
        let mut two = of("- delete", "many", 30);
        two.extend(of("- delete", "more", 1));
        two.push("  - delete  Namespace shop (application more)".into());
        let more = "  … and 12 more objects to delete: kedge diff ";
        assert_eq!(fold(&two).last().unwrap(), more);
    }
}
