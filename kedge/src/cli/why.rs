//! `kedge why`

use clap::Args;

use engine::why::{Chain, Step, Tone};
use owo_colors::Style;
use serde::Deserialize;

use super::cluster;
use super::complete;
use super::output::Output;
use super::pending;
use super::server::{self, Server};
use super::shown;
use super::table::plain_line;
use super::tint;

pub(super) const EXAMPLE: &str = "\
From what is wrong to the line in Git that has to change, one fact after the other, each with who
says it. Nothing is guessed: where the facts end, it says what is missing. A name without a kind is
an application's. What makes pods is explained by the worst of them.

Example:
  kedge why web
  kedge why pod/web-7d9f6c8b54-x2x7k -n shop
  kedge why service/web -n shop -o json";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// The object, or the application
    #[arg(value_name = "KIND/NAME|APP", value_parser = subject, add = complete::objects_or_applications())]
    what: Subject,
    /// The object's namespace
    #[arg(short = 'n', long, value_name = "NAMESPACE", default_value = "default", value_parser = cluster::namespace, add = complete::namespaces_of_instance())]
    namespace: String,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

/// What is to be explained.
#[derive(Debug, Clone, PartialEq)]
enum Subject {
    Application(String),
    Object(cluster::Named),
}

fn subject(text: &str) -> Result<Subject, String> {
    match text.split_once('/') {
        None => Ok(Subject::Application(text.to_owned())),
        Some((kind, name)) if kind.eq_ignore_ascii_case("application") || kind == "app" => {
            Ok(Subject::Application(name.to_owned()))
        }
        Some(_) => cluster::named_object(text).map(Subject::Object),
    }
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let answer = match &arguments.what {
        Subject::Application(name) => server.read(&["apps", name, "why"], &[]).await?,
        Subject::Object(named) => {
            let namespace = if named.resource.is_namespaced() {
                arguments.namespace.as_str()
            } else {
                "-"
            };
            let kind = named.resource.collection().to_string();
            server
                .read(&["why", &kind, namespace, &named.name], &[])
                .await?
        }
    };
    arguments.output.show(&answer, |screen| {
        let chain: Chain = shown::read(&answer)?;
        screen.lines(lines(&chain))?;
        if let Some(actions) = answer.get("actions") {
            let actions: Vec<Action> = shown::read(actions)?;
            screen.lines(ways(&actions))?;
        }
        match answer.get("pending") {
            Some(pending) => pending::show(pending, screen),
            None => Ok(()),
        }
    })
}

/// What may be done about it, and the command that does it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Action {
    text: String,
    command: String,
}

fn ways(actions: &[Action]) -> Vec<String> {
    let way = |action: &Action| {
        let (text, command) = (plain_line(&action.text), plain_line(&action.command));
        format!("→ {text}: {}", tint::heading(&command))
    };
    actions.iter().map(way).collect()
}

/// Each fact with its source, what was read below it.
fn lines(chain: &Chain) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, fact) in chain.steps.iter().enumerate() {
        if at > 0 {
            lines.push(tint::faint("│"));
        }
        lines.extend(step(fact));
    }
    let mut end = |mark: &str, text: &str| {
        if !text.is_empty() {
            lines.push(tint::faint("│"));
            lines.push(format!("{} {}", mark, plain_line(text)));
        }
    };
    end(
        "?",
        &match chain.missing.as_str() {
            "" => String::new(),
            missing => format!("here the facts end: {missing}"),
        },
    );
    end("→", &chain.advice);
    lines
}

fn step(step: &Step) -> Vec<String> {
    let (mark, style) = match step.tone {
        Tone::Bad => ("✗", Style::new().red()),
        Tone::Warn => ("!", Style::new().yellow()),
        Tone::Run => ("…", Style::new().blue()),
        Tone::Ok => ("✓", Style::new().green()),
    };
    let heading = tint::heading(&plain_line(&step.heading));
    let source = match step.source.as_str() {
        "" => String::new(),
        source => tint::faint(&format!("  ({})", plain_line(source))),
    };
    let mut lines = vec![format!("{} {heading}{source}", style.style(mark))];
    let bar = tint::faint("│");
    lines.extend(
        step.text
            .lines()
            .map(|text| format!("{bar}   {}", plain_line(text))),
    );
    for line in step.excerpt.iter().flat_map(|it| &it.lines) {
        let number = match line.number {
            0 => String::new(),
            number => tint::faint(&format!("{number:>5}  ")),
        };
        let text = plain_line(&line.text);
        let text = if line.marked {
            style.style(text).to_string()
        } else {
            text
        };
        let mark = if line.marked {
            style.style(">").to_string()
        } else {
            " ".into()
        };
        lines.push(format!("{bar} {mark} {number}{text}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use engine::why::{Excerpt, Line};

    use super::*;

    #[test]
    fn a_name_alone_is_an_application() {
        assert_eq!(subject("web"), Ok(Subject::Application("web".into())));
        assert_eq!(subject("app/web"), Ok(Subject::Application("web".into())));
        assert!(
            matches!(subject("pod/web-1"), Ok(Subject::Object(named)) if named.name == "web-1")
        );
        assert!(subject("widget/web").is_err() && subject("pod/").is_err());
    }

    #[test]
    fn what_may_be_done_stands_with_its_command() {
        let action = Action {
            text: "Roll back 7f3c2ab".into(),
            command: "kedge rollback web-3".into(),
        };
        let told = ways(&[action]).join("\n");
        assert_eq!(
            anstream::adapter::strip_str(&told).to_string(),
            "→ Roll back 7f3c2ab: kedge rollback web-3"
        );
    }

    #[test]
    fn each_fact_stands_with_who_says_it() {
        let chain = Chain {
            subject: "Pod shop/web-1".into(),
            steps: vec![
                Step {
                    heading: "Pod shop/web-1 is degraded".into(),
                    source: "pod status".into(),
                    text: "Container web exited with code 1.".into(),
                    ..Step::default()
                },
                Step {
                    tone: Tone::Warn,
                    heading: "The line came with 7f3c2ab".into(),
                    source: "web.yaml:41".into(),
                    excerpt: Some(Excerpt {
                        lines: vec![Line {
                            number: 41,
                            text: "  key: payments-url".into(),
                            marked: true,
                        }],
                    }),
                    ..Step::default()
                },
            ],
            advice: "Ask for payments_url".into(),
            missing: "more".into(),
            ..Chain::default()
        };
        let told: Vec<String> = lines(&chain)
            .iter()
            .map(|line| anstream::adapter::strip_str(line).to_string())
            .collect();
        assert_eq!(
            told,
            [
                "✗ Pod shop/web-1 is degraded  (pod status)",
                "│   Container web exited with code 1.",
                "│",
                "! The line came with 7f3c2ab  (web.yaml:41)",
                "│ >    41    key: payments-url",
                "│",
                "? here the facts end: more",
                "│",
                "→ Ask for payments_url",
            ]
        );
    }
}
