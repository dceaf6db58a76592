//! How much of a plan a pusher is told: so much that the verdict below it is still on the screen. All
//! of it is on record.

use engine::plan::folded;
use engine::rollout::CommitId;

use crate::forge::{Change, Verdict};
use crate::githost::Accept;

/// Lines of a plan, or of a refusal.
const MOST: usize = 100;

/// What came of the check of a commit.
pub(super) fn report(accept: Accept, report: &str, commit: &CommitId) -> String {
    let lines = report.lines().map(ToOwned::to_owned).collect();
    let told = match accept {
        Accept::Yes => shortened(
            lines,
            &format!("the page /commits/{} has all of it", commit.short()),
        ),
        Accept::No => cut(lines, "mend these, and push again"),
    };
    told.join("\n")
}

/// What merging a branch would do.
pub(super) fn branch(change: &Change) -> Vec<String> {
    match change.verdict {
        Verdict::Passed => {
            let rest = format!("kedge plan {} -o json has all of it", change.branch);
            shortened(change.lines(), &rest)
        }
        _ => cut(
            change.lines(),
            &format!("kedge plan {} has all of it", change.branch),
        ),
    }
}

fn shortened(lines: Vec<String>, rest: &str) -> Vec<String> {
    cut(folded(lines, |_| rest.to_owned()), rest)
}

fn cut(mut lines: Vec<String>, rest: &str) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST);
    if more > 0 {
        lines.truncate(MOST);
        lines.push(format!("… and {more} lines more: {rest}"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pusher_is_told_as_much_as_leaves_the_verdict_on_the_screen() {
        let commit = CommitId("0123456789abcdef".into());
        let told = |accept, lines: &[String]| report(accept, &lines.join("\n"), &commit);
        let problems = vec!["a".to_owned(); MOST + 7];
        assert_eq!(told(Accept::No, &problems[7..]), problems[7..].join("\n"));
        let refused = told(Accept::No, &problems);
        assert!(
            refused.ends_with("a\n… and 7 lines more: mend these, and push again"),
            "{refused}"
        );
        let mut plan = vec!["application many: 999 to create".to_owned()];
        plan.extend((0..999).map(|at| format!("  + create  ConfigMap shop/m-{at}")));
        plan.push("10 more applications are unchanged".into());
        let told = told(Accept::Yes, &plan);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines.len(), 23);
        assert_eq!(
            lines[21..],
            [
                "  … and 979 more ConfigMaps to create: the page /commits/0123456 has all of it",
                "10 more applications are unchanged",
            ]
        );
    }
}
