//! The log of one of a pod's containers, for the card of the page and for programs: which container and
//! run, and what is wrong with what was asked for. Whatever that is, the rest of the page stays.

use axum::http::StatusCode;

use api::{Object, ObjectKey};
use engine::health;

use super::log_filter::Filter;
use super::log_tail::{self, Run, Tail};
use super::pod::{Asked, find};
use crate::web::app::App;
use crate::web::error::PageError;
use crate::web::json;
use crate::web::view::component::{Links, Tone, encoded};
use crate::web::view::log_card::{Card, Search};
use crate::web::view::nothing::Nothing;
use crate::web::view::pod::{self, Container};

/// The card, and what its page is answered with.
pub(super) struct Shown {
    pub(super) card: Card,
    pub(super) status: StatusCode,
}

/// One log, and whose.
struct Log {
    all: Vec<Container>,
    chosen: Option<(Container, Run)>,
    tail: Tail,
    /// What is wrong with what is asked for; then nothing is read.
    wrong: Vec<String>,
}

pub(super) async fn shown(app: &App, pod: &Object, asked: &Asked) -> Shown {
    let log = read(app, pod, asked).await;
    Shown {
        status: if log.wrong.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::BAD_REQUEST
        },
        card: card(pod, log, asked),
    }
}

/// The same lines, for programs.
pub(super) async fn data(
    app: &App,
    pod: &Object,
    asked: &Asked,
) -> Result<json::PodLogs, PageError> {
    let log = read(app, pod, asked).await;
    if let Some(wrong) = log.wrong.into_iter().next() {
        return Err(PageError::BadParameter(wrong));
    }
    let mut errors = vec![log.tail.error];
    if log.tail.late {
        errors.push("the node did not answer in time".into());
    }
    errors.retain(|error| !error.is_empty());
    let (container, run) = match log.chosen {
        Some((container, run)) => (container.name, run.as_str()),
        None => (String::new(), ""),
    };
    Ok(json::PodLogs {
        container,
        run,
        lines: json::Logs {
            items: log.tail.lines,
            omitted: log.tail.omitted,
            errors,
        },
    })
}

/// Whether the run before is asked for; runs have numbers, which only the pod tells the meaning of.
pub(super) async fn is_previous(
    app: &App,
    key: &ObjectKey,
    asked: &Asked,
) -> Result<bool, PageError> {
    if matches!(asked.run.as_str(), "" | "now" | "previous") {
        return Ok(asked.run == "previous");
    }
    let pod = find(app, &key.namespace, &key.name).await?;
    let all = pod::containers(&pod).containers;
    match choose(&all, asked) {
        (Some((_, run)), wrong) if wrong.is_empty() => Ok(run == Run::Previous),
        (_, wrong) => Err(PageError::BadParameter(wrong)),
    }
}

async fn read(app: &App, pod: &Object, asked: &Asked) -> Log {
    let all = pod::containers(pod).containers;
    let (chosen, astray) = choose(&all, asked);
    let (filter, unread) = match Filter::parse(&asked.grep, &asked.since) {
        Ok(filter) => (filter, String::new()),
        Err(error) => (Filter::default(), error.to_string()),
    };
    let wrong = [astray, unread].into_iter().filter(|it| !it.is_empty());
    let wrong: Vec<String> = wrong.collect();
    let tail = match chosen {
        _ if !wrong.is_empty() => Tail::default(),
        _ if health::is_unheard(pod) => {
            let node = pod.text("/spec/nodeName");
            Tail::none(format!(
                "node {node} does not report, so what its pods print cannot be read"
            ))
        }
        Some((container, run)) if container.started => {
            log_tail::tail(app, pod, &container.name, run, &filter).await
        }
        _ => Tail::none("the container has not started yet"),
    };
    Log {
        chosen: chosen.map(|(container, run)| (container.clone(), run)),
        all,
        tail,
        wrong,
    }
}

fn card(pod: &Object, log: Log, asked: &Asked) -> Card {
    let Log {
        all,
        chosen,
        tail,
        wrong,
    } = log;
    let (container, run) = match &chosen {
        Some((container, run)) => (container.name.clone(), *run),
        None => (String::new(), Run::Now),
    };
    let base = format!("/pods/{}/{}", encoded(pod.namespace()), encoded(pod.name()));
    let search = Search {
        kept: vec![("c", container.clone()), ("run", run.as_str().into())],
        choices: Vec::new(),
        grep: asked.grep.clone(),
        since: asked.since.clone(),
        address: base.clone(),
    };
    let log = format!("{base}/logs");
    // A run that is over goes on only where it could not be read in time; what nobody hears of does not.
    let is_over = run == Run::Previous && !tail.late;
    let is_unheard = health::is_unheard(pod);
    let is_over = is_over || is_unheard;
    let is_read = wrong.is_empty();
    Card {
        title: "Logs",
        label: format!("Log of container {container}"),
        switches: switches(&base, &all, chosen.as_ref()),
        stream: if is_over || !is_read {
            String::new()
        } else {
            search.stream(&log, &tail.read)
        },
        download: if is_read && !is_unheard {
            search.file(&log)
        } else {
            String::new()
        },
        note: match tail.error.as_str() {
            _ if !is_read => Nothing::default(),
            "" if tail.lines.is_empty() => search.nothing(&format!("container {container}")),
            error => Nothing::new(error),
        },
        late: tail.late,
        lines: tail.lines,
        omitted: tail.omitted,
        errors: wrong.into_iter().map(|it| format!("{it}.")).collect(),
        search,
    }
}

/// The containers and the runs that somebody may choose, where there are several.
fn switches(
    base: &str,
    all: &[Container],
    chosen: Option<&(Container, Run)>,
) -> Vec<(&'static str, Links)> {
    let address = |name: &str, run: Run| format!("{base}?c={}&run={}", encoded(name), run.as_str());
    let Some((container, run)) = chosen else {
        return Vec::new();
    };
    let mut switches = Vec::new();
    if all.len() > 1 {
        let one = |one: &Container| {
            let is_it = one.name == container.name;
            (one.name.clone(), address(&one.name, Run::Any), is_it)
        };
        switches.push(("Container", all.iter().map(one).collect()));
    }
    if container.restarts > 0 {
        let one = |(label, which): (&str, Run)| {
            let address = address(&container.name, which);
            (label.to_owned(), address, *run == which)
        };
        let runs = [("now", Run::Now), ("run before", Run::Previous)];
        switches.push(("Run", runs.into_iter().map(one).collect()));
    }
    switches
}

/// The container that is asked for, or the one that tells most: a broken one, else the first that is no
/// init container. Then what is wrong with what is asked for; empty where nothing is.
fn choose<'a>(all: &'a [Container], asked: &Asked) -> (Option<(&'a Container, Run)>, String) {
    let named = all.iter().find(|one| one.name == asked.c);
    let mut wrong = String::new();
    if named.is_none() && !asked.c.is_empty() {
        let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        wrong = format!("c is one of {}, not {}", names.join(", "), asked.c);
    }
    let broken = || all.iter().find(|one| one.tone == Tone::Bad && one.started);
    let chosen = named
        .or_else(broken)
        .or_else(|| all.iter().find(|one| !one.state.starts_with("init")))
        .or_else(|| all.first());
    let Some(container) = chosen else {
        return (None, wrong);
    };
    match run(container, &asked.run) {
        Ok(run) => (Some((container, run)), wrong),
        Err(other) => {
            let wrong = if wrong.is_empty() { other } else { wrong };
            (Some((container, Run::Any)), wrong)
        }
    }
}

/// The run that is asked for, by its word or its number from 1 on. The one that failed, not the empty
/// current one, if nobody asks.
fn run(container: &Container, asked: &str) -> Result<Run, String> {
    let newest = container.restarts + 1;
    match asked {
        "" if container.failed_before => Ok(Run::Previous),
        "" | "now" => Ok(Run::Now),
        "previous" => Ok(Run::Previous),
        text => match text.parse::<i64>() {
            Ok(number) if number == newest => Ok(Run::Now),
            Ok(number) if number == newest - 1 && number > 0 => Ok(Run::Previous),
            Ok(number) => Err(not_kept(container, number)),
            Err(_) => Err(format!(
                "run is now, previous or the number of a run, not {text}"
            )),
        },
    }
}

fn not_kept(container: &Container, number: i64) -> String {
    let (name, newest) = (&container.name, container.restarts + 1);
    if container.restarts == 0 {
        format!("run is {number}, but container {name} is in its first run")
    } else {
        format!(
            "run is {number}, but container {name} is in run {newest}: the node keeps the log of that \
             one and of the one before"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_is_not_kept_is_no_other_one() {
        let pod = serde_json::json!({"spec": {"containers": [{"name": "api"}]},
            "status": {"containerStatuses": [{"name": "api", "restartCount": 4,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"exitCode": 1}}}]}});
        let mut all = pod::containers(&pod.into()).containers;
        let told = |one: &Container, asked: &str| run(one, asked);
        assert_eq!(told(&all[0], ""), Ok(Run::Previous));
        assert_eq!(told(&all[0], "now"), Ok(Run::Now));
        assert_eq!(told(&all[0], "5"), Ok(Run::Now));
        assert_eq!(told(&all[0], "4"), Ok(Run::Previous));
        assert_eq!(
            told(&all[0], "3").unwrap_err(),
            "run is 3, but container api is in run 5: the node keeps the log of that one and of the \
             one before"
        );
        assert_eq!(
            told(&all[0], "foo").unwrap_err(),
            "run is now, previous or the number of a run, not foo"
        );
        all[0].restarts = 0;
        assert_eq!(
            told(&all[0], "2").unwrap_err(),
            "run is 2, but container api is in its first run"
        );
        let asked = Asked {
            c: "apo".into(),
            ..Asked::default()
        };
        assert_eq!(choose(&all, &asked).1, "c is one of api, not apo");
    }
}
