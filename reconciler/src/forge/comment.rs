//! A plan as a comment on a pull request, in Markdown. Pure.

use std::fmt::Write;

use engine::plan::{Mark, marks};

use super::{Change, Touched, Verdict};

/// The forges take 65,536 characters.
const MOST: usize = 60_000;
/// Lines of one Application's plan.
const LINES: usize = 400;

/// By this a comment of ours is found again. It is not seen on the page.
pub(super) fn marker(change: &Change) -> String {
    format!("<!-- kedge plan of {} -->", change.repository)
}

/// The whole comment.
pub(super) fn comment(change: &Change) -> String {
    let mut text = format!("{}\n", marker(change));
    let (revision, base) = (change.revision.short(), change.base.short());
    let heading = match change.verdict {
        Verdict::Passed => "Kedge: the plan",
        Verdict::Refused => "Kedge would refuse this",
        Verdict::Unknown => "Kedge could not make the plan",
    };
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "### {heading}\n\nCommit `{revision}` onto `{base}`: {}\n",
        plain(&change.summary())
    );
    if change.verdict != Verdict::Passed {
        text.push_str(&fenced("", &change.report.problems));
        return closed(text, change);
    }
    text.push_str(&deletions(change));
    for it in &change.report.applications {
        text.push_str(&section(it));
    }
    let more = change.report.unchanged;
    for line in change.report.demand.lines() {
        let _ = write!(text, "\n- {}\n", plain(&line));
    }
    if more > 0 {
        let _ = write!(text, "\n{more} more unchanged.\n");
    }
    closed(text, change)
}

/// What is deleted, whosever it is, and what waits to be: seen without unfolding anything.
fn deletions(change: &Change) -> String {
    let lines = change.lines();
    let first = lines
        .iter()
        .take_while(|line| !line.starts_with("application "));
    let first: Vec<String> = first.cloned().collect();
    if !first
        .iter()
        .zip(marks(&first))
        .any(|(_, (mark, _))| is_deletion(mark))
    {
        return String::new();
    }
    fenced("diff", &diff(&first))
}

fn is_deletion(mark: Mark) -> bool {
    matches!(mark, Mark::Delete | Mark::Asks)
}

/// As a difference, of which there is no more than anybody reads there.
fn diff(lines: &[String]) -> String {
    let shown = lines.iter().zip(marks(lines)).take(LINES);
    let shown: Vec<String> = shown.map(|(line, mark)| marked(line, mark)).collect();
    let mut text = shown.join("\n");
    if lines.len() > LINES {
        let _ = write!(text, "\n… and {} lines more", lines.len() - LINES);
    }
    text
}

fn section(it: &Touched) -> String {
    let counts = if it.removed {
        "is removed".to_owned()
    } else {
        it.counts.to_string()
    };
    let reach = it
        .radius
        .lines()
        .into_iter()
        .map(|line| format!("- {}\n", plain(&line)));
    let reach: String = reach.collect();
    let told = it.lines.iter().zip(marks(&it.lines));
    let told = told.filter(|(_, (mark, _))| !is_deletion(*mark));
    let told: Vec<String> = told.map(|(line, _)| line.clone()).collect();
    let plan = if told.is_empty() {
        String::new()
    } else {
        fenced("diff", &diff(&told))
    };
    format!(
        "\n<details><summary><b>{}</b>: {}</summary>\n{}\n</details>\n\n{reach}",
        plain(&it.name),
        plain(&counts),
        plan,
    )
}

/// As a line of a difference: what is added, taken away and changed has a colour.
fn marked(line: &str, (mark, at): (Mark, usize)) -> String {
    let text = &line[at..];
    match mark {
        Mark::Change => text.replacen('~', "!", 1),
        Mark::Asks => text.replacen('?', "-", 1),
        Mark::Keep | Mark::Other => format!(" {line}"),
        _ => text.to_owned(),
    }
}

/// Within a fence that is longer than any in the text.
fn fenced(language: &str, text: &str) -> String {
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("\n{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

/// Names and messages of others make no links, mentions or tags.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        match c {
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '&' => plain.push_str("&amp;"),
            '@' => plain.push_str("@\u{200b}"),
            '*' | '_' | '`' | '[' | ']' | '#' | '|' | '\\' | '!' => {
                plain.push('\\');
                plain.push(c);
            }
            '\n' | '\r' => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain
}

fn closed(mut text: String, change: &Change) -> String {
    if text.len() > MOST {
        let mut end = MOST;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str("\n\n… and more: the comment would be too long\n");
    }
    let digest = match change.short_digest() {
        "" => String::new(),
        digest => format!("Plan `{digest}`. "),
    };
    let _ = write!(
        text,
        "\n<sub>{digest}It is of the moment it was made: `kedge plan {}` makes it again.</sub>\n",
        change.branch
    );
    text
}

#[cfg(test)]
mod tests {
    use engine::plan::Counts;
    use engine::radius::{Radius, Restart};
    use engine::rollout::CommitId;

    use super::super::Report;
    use super::*;

    fn change(verdict: Verdict, report: Report) -> Change {
        Change {
            repository: "cluster".into(),
            branch: "pull/7".into(),
            revision: CommitId("1".repeat(40)),
            base: CommitId("2".repeat(40)),
            pull: "7".into(),
            planned_at: jiff::Timestamp::UNIX_EPOCH,
            verdict,
            digest: "abcdef0123456789".into(),
            report,
        }
    }

    #[test]
    fn a_plan_is_folded_and_its_reach_is_not() {
        let report = Report {
            applications: vec![Touched {
                name: "web".into(),
                removed: false,
                counts: Counts {
                    change: 1,
                    delete: 1,
                    ..Counts::default()
                },
                lines: vec![
                    "- delete  ConfigMap shop/old".into(),
                    "~ change  Deployment shop/web".into(),
                    "    @@ spec @@".into(),
                    "    -replicas: 1".into(),
                    "    +replicas: 2".into(),
                    "     selector: {}".into(),
                ],
                edits: Vec::new(),
                radius: Radius {
                    restarts: vec![Restart {
                        workload: "Deployment shop/web".into(),
                        pods: 2,
                        added: 0,
                        away: 0,
                        gone: false,
                    }],
                    ..Radius::default()
                },
            }],
            unchanged: 3,
            ..Report::default()
        };
        let text = comment(&change(Verdict::Passed, report));
        let expected = "<!-- kedge plan of cluster -->\n\
            ### Kedge: the plan\n\n\
            Commit `1111111` onto `2222222`: 1 application: 1 to change, 1 to delete, 2 pods to restart\n\n\
            ```diff\n \
            1 object is deleted\n\
            - delete  ConfigMap shop/old (application web)\n\
            ```\n\n\
            <details><summary><b>web</b>: 1 to delete, 1 to change</summary>\n\n\
            ```diff\n\
            ! change  Deployment shop/web\n\
            @@ spec @@\n\
            -replicas: 1\n\
            +replicas: 2\n \
            selector: {}\n\
            ```\n\n\
            </details>\n\n\
            - restarts 2 pods of Deployment shop/web, none missing meanwhile\n\n\
            3 more unchanged.\n\n\
            <sub>Plan `abcdef012345`. It is of the moment it was made: `kedge plan pull/7` makes it again.</sub>\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_others_wrote_stays_text() {
        let problems = "web.yaml:1: ```\n</details> @ann".to_owned();
        let report = Report {
            problems,
            ..Report::default()
        };
        let text = comment(&change(Verdict::Refused, report));
        assert!(
            text.contains("would be refused: web.yaml:1: \\`\\`\\`\n"),
            "{text}"
        );
        assert!(
            text.contains("\n````\nweb.yaml:1: ```\n</details> @ann\n````\n"),
            "{text}"
        );
        assert_eq!(plain("<b> @ann a_b"), "&lt;b&gt; @\u{200b}ann a\\_b");
    }

    #[test]
    fn a_comment_is_no_longer_than_a_forge_takes() {
        let report = Report {
            problems: "ü".repeat(100_000),
            ..Report::default()
        };
        let text = comment(&change(Verdict::Refused, report));
        assert!(text.len() < 65_000 && text.contains("would be too long"));
        assert!(text.contains("`kedge plan pull/7`"));
    }
}
