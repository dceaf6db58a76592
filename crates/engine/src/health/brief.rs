//! The one sentence about an object, taken apart for a heading: what fails, in few words, and what more
//! is said of it.

/// What is wrong, in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A pod fits on no node.
    NoRoom,
    /// A node says nothing any more.
    Silent,
    Other,
}

/// A sentence about health, as `Deployment shop/web: container api in pod web-1 exited with code 1: no URL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    pub fault: Fault,
    /// `container api exits with code 1`
    pub what: String,
    /// What it says itself, or what else is known; may be empty.
    pub more: String,
    /// Namespace and name of the pod; empty where it names none.
    pub pod: (String, String),
}

/// How the object that a sentence is about is called: `Deployment shop/web`.
fn subject(message: &str) -> Option<(&str, &str)> {
    let (title, rest) = message.split_once(": ")?;
    let (kind, name) = title.split_once(' ')?;
    let is_kind = kind.starts_with(|first: char| first.is_ascii_uppercase());
    (is_kind && !name.contains(' ')).then_some((title, rest))
}

/// Takes a sentence apart; `None` where it is empty.
pub fn brief(message: &str) -> Option<Brief> {
    if message.is_empty() {
        return None;
    }
    let (title, rest) = subject(message).unwrap_or(("", message));
    let namespace = title
        .split_once(' ')
        .and_then(|(_, name)| name.split_once('/'))
        .map_or("", |(namespace, _)| namespace);
    let end = [": ", "; "].iter().filter_map(|it| rest.find(it)).min();
    let (clause, more) = end.map_or((rest, ""), |end| (&rest[..end], &rest[end + 2..]));
    let (clause, pod) = without_pod(clause);
    let said = |fault, what: String| Brief {
        fault,
        what,
        more: more.to_owned(),
        pod: (namespace.to_owned(), pod.to_owned()),
    };
    Some(if clause == "cannot be scheduled" {
        said(Fault::NoRoom, "a pod fits on no node".into())
    } else if super::silent_node(message).is_some() {
        let clause = clause
            .trim_start_matches("is on ")
            .replacen(", which does", " does", 1);
        said(Fault::Silent, clause)
    } else if clause.starts_with("container ") || clause.starts_with("init container ") {
        // What was restarted does it again and again.
        let (clause, again) = match clause.split_once(", restarted ") {
            Some((clause, times)) => (clause.to_owned(), format!("Restarted {times}")),
            None => (clause, String::new()),
        };
        let what = clause.replacen(" exited with ", " exits with ", 1);
        Brief {
            more: if more.is_empty() {
                again
            } else {
                more.to_owned()
            },
            ..said(Fault::Other, what)
        }
    } else if title.is_empty() {
        said(Fault::Other, clause)
    } else {
        let (kind, name) = title.split_once(' ').unwrap_or_default();
        let name = name.rsplit('/').next().unwrap_or(name);
        said(Fault::Other, format!("{clause} ({kind} {name})"))
    })
}

/// The clause without its pod, and the pod's name: `container api in pod web-1 exits`, `pod web-1 waits`.
fn without_pod(clause: &str) -> (String, &str) {
    if let Some(rest) = clause.strip_prefix("pod ")
        && let Some((pod, rest)) = rest.split_once(' ')
    {
        return (rest.to_owned(), pod);
    }
    if let Some((before, after)) = clause.split_once(" in pod ") {
        let (pod, rest) = after.split_once(' ').unwrap_or((after, ""));
        return (format!("{before} {rest}").trim_end().to_owned(), pod);
    }
    (clause.to_owned(), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, fault: Fault, what: &str, more: &str, pod: &str) {
        let found = brief(message).unwrap();
        let told = (found.fault, found.what.as_str(), found.more.as_str());
        assert_eq!(told, (fault, what, more), "{message}");
        assert_eq!(found.pod.1, pod, "{message}");
    }

    #[test]
    fn what_a_container_does_is_told_without_its_pod() {
        let other = |message: &str, what: &str, more: &str| {
            let message = format!("Deployment shop/web: {message}");
            check(&message, Fault::Other, what, more, "web-1");
        };
        other(
            "container api in pod web-1 exited with code 1: no URL is set, restarted 3 times",
            "container api exits with code 1",
            "no URL is set, restarted 3 times",
        );
        other(
            "init container seed in pod web-1 exited with code 2, restarted 3 times",
            "init container seed exits with code 2",
            "Restarted 3 times",
        );
        other(
            "container api in pod web-1 cannot pull image shop/web:2: not found; it was given 15 s",
            "container api cannot pull image shop/web:2",
            "not found; it was given 15 s",
        );
    }

    #[test]
    fn what_else_is_wrong_is_told_in_few_words() {
        check(
            "Deployment shop/web: pod web-1 cannot be scheduled: 0/1 nodes are available: 1 of cpu",
            Fault::NoRoom,
            "a pod fits on no node",
            "0/1 nodes are available: 1 of cpu",
            "web-1",
        );
        check(
            "Deployment shop/web: pod web-1 is on node north-b, which does not report",
            Fault::Silent,
            "node north-b does not report",
            "",
            "web-1",
        );
        check(
            "Deployment shop/web: 0 of 2 pods are ready; it was given 15 s",
            Fault::Other,
            "0 of 2 pods are ready (Deployment web)",
            "it was given 15 s",
            "",
        );
        let elsewhere = "application ui failed at commit b473562";
        check(elsewhere, Fault::Other, elsewhere, "", "");
        assert_eq!(brief(""), None);
        let pending = brief("Deployment shop/web: pod web-1 cannot be scheduled");
        assert_eq!(pending.unwrap().pod.0, "shop");
    }
}
