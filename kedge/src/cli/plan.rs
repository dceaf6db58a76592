//! `kedge plan`

use clap::Args;
use engine::plan::{self, Edit};
use serde::Deserialize;
use serde_json::Value;

use super::complete;
use super::output::{Output, Screen};
use super::patch;
use super::server::{self, Server};
use super::shown::{self, Items, short};
use super::table::{Cell, Table, plain_line};
use super::tint;

pub(super) const EXAMPLE: &str = "\
The branch is merged in thought, checked as a push would be, and planned: what changes in which
application, which pods start again, what is missing meanwhile, and who else uses what changes. A
pull request of a followed repository is pull/NUMBER. The exit code says whether the plan could be
made, not what it found.

Example:
  kedge plan
  kedge plan my-branch
  kedge plan pull/7
  kedge plan my-branch --repo shop";

/// Where what is folded is.
const ALL: &str = "-o json has all of it";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// The branch, or pull/NUMBER [default: list the plans there are]
    #[arg(value_name = "BRANCH", add = complete::branches())]
    branch: Option<String>,
    /// The repository it is in, if it is not the one that the cluster follows
    #[arg(
        long,
        value_name = "NAME",
        default_value = "cluster",
        env = "KEDGE_PLAN_REPO",
        add = complete::repositories()
    )]
    repo: String,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Change {
    branch: String,
    revision: String,
    base: String,
    verdict: String,
    digest: String,
    report: Report,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Report {
    subject: String,
    applications: Vec<Touched>,
    unchanged: usize,
    demand: engine::radius::Demand,
    problems: String,
    untold: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Touched {
    name: String,
    removed: bool,
    counts: engine::plan::Counts,
    lines: Vec<String>,
    edits: Vec<Edit>,
    radius: engine::radius::Radius,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let query = [("repository", arguments.repo.as_str())];
    let mut path = vec!["changes"];
    path.extend(arguments.branch.iter().flat_map(|name| name.split('/')));
    let answer = server.read(&path, &query).await?;
    arguments.output.show(&answer, |screen| {
        if arguments.branch.is_some() {
            let change: Change = shown::read(&answer)?;
            return screen.lines(lines(&change));
        }
        list(screen, &answer)
    })
}

fn list(screen: &mut Screen, answer: &Value) -> anyhow::Result<()> {
    let all: Items<Change> = shown::read(answer)?;
    if all.items.is_empty() {
        return screen.lines(["No branch was planned yet: push one, or kedge plan BRANCH"]);
    }
    let mut table = Table::new(&["BRANCH", "VERDICT", "COMMIT", "PLAN", "SUBJECT"]);
    for change in &all.items {
        table.row([
            Cell::from(change.branch.as_str()),
            change.verdict.as_str().into(),
            short(&change.revision).into(),
            short(&change.digest).into(),
            change.report.subject.as_str().into(),
        ]);
    }
    screen.table(&table)
}

fn lines(change: &Change) -> Vec<String> {
    let title = format!(
        "{} at {} onto {}: {}",
        change.branch,
        short(&change.revision),
        short(&change.base),
        change.report.subject
    );
    let mut lines = vec![tint::heading(&plain_line(&title))];
    let inner = |line: &str| format!("  {}", tint::change(&plain_line(line)));
    if change.verdict != "Passed" {
        lines.extend(change.report.problems.lines().map(inner));
        return lines;
    }
    let all = &change.report.applications;
    let told = all.iter().flat_map(of_application).collect();
    let told = plan::folded(plan::deletions_first(told), |_| ALL.into());
    let edits: Vec<Edit> = all.iter().flat_map(|it| it.edits.clone()).collect();
    lines.extend(patch::woven(&told, &edits));
    let demand = change.report.demand.lines();
    lines.extend(demand.iter().map(|line| plain_line(line)));
    lines.extend(
        match (change.report.applications.len(), change.report.unchanged) {
            (0, _) => Some("Nothing changes in the cluster.".to_owned()),
            (_, 0) => None,
            (_, more) => Some(format!("{more} more unchanged")),
        },
    );
    lines.push(format!("Plan {}", short(&change.digest)));
    if !change.report.untold.is_empty() {
        let text = format!("The forge was not told: {}", change.report.untold);
        lines.push(plain_line(&text));
    }
    lines
}

/// Its heading, and what is below it.
fn of_application(it: &Touched) -> Vec<String> {
    let name = &it.name;
    let heading = if it.removed {
        format!("application {name} is removed")
    } else {
        format!("application {name}: {}", it.counts)
    };
    let told = it.lines.iter().cloned().chain(it.radius.lines());
    let told = told.map(|line| format!("  {line}"));
    std::iter::once(heading).chain(told).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_says_how_far_it_reaches() {
        let answer = json!({
            "branch": "try", "revision": "0123456789abcdef", "base": "fedcba9876543210",
            "verdict": "Passed", "digest": "abcdefabcdefabcdef",
            "report": {"subject": "Two of web", "unchanged": 2, "applications": [{
                "name": "web", "removed": false,
                "counts": {"create": 0, "change": 1, "delete": 0, "unchanged": 1},
                "lines": ["~ change  Deployment shop/web"],
                "radius": {"uses": [], "restarts": [
                    {"workload": "Deployment shop/web", "pods": 2, "away": 0, "gone": false}]},
            }]},
        });
        let change: Change = shown::read(&answer).unwrap();
        let plain = |change: &Change| -> Vec<String> {
            let lines = lines(change);
            let plain = lines
                .iter()
                .map(|line| anstream::adapter::strip_str(line).to_string());
            plain.collect()
        };
        assert_eq!(
            plain(&change),
            [
                "try at 0123456789ab onto fedcba987654: Two of web",
                "application web: 1 to change, 1 unchanged",
                "  ~ change  Deployment shop/web",
                "  restarts 2 pods of Deployment shop/web, none missing meanwhile",
                "2 more unchanged",
                "Plan abcdefabcdef",
            ]
        );
        // What is deleted comes first, whosever it is.
        let mut answer = answer;
        let shop = json!({"name": "shop", "removed": false, "radius": {"uses": [], "restarts": []},
            "counts": {"create": 0, "change": 0, "delete": 1, "unchanged": 0},
            "lines": ["- delete  Service shop/api"]});
        let all = answer["report"]["applications"].as_array_mut().unwrap();
        all.push(shop);
        let change: Change = shown::read(&answer).unwrap();
        assert_eq!(
            plain(&change)[1..4],
            [
                "1 object is deleted",
                "  - delete  Service shop/api (application shop)",
                "application web: 1 to change, 1 unchanged",
            ]
        );
        let refused = json!({"branch": "try", "verdict": "Refused",
            "report": {"problems": "web.yaml:1: no"}});
        let refused: Change = shown::read(&refused).unwrap();
        assert_eq!(plain(&refused)[1], "  web.yaml:1: no");
    }
}
