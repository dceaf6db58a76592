//! A pod without a node, as `kedge why` shows it.

use client::Placement;
use serde::Deserialize;
use serde_json::Value;

use super::output::Screen;
use super::shown;
use super::table::{Cell, Table, plain_line};
use super::tint;

/// What the scheduler says, and the patches that would mend it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pending {
    #[serde(flatten)]
    placement: Placement,
    drafts: Vec<String>,
}

/// Each node against each filter, then the changes.
pub(super) fn show(answer: &Value, screen: &mut Screen) -> anyhow::Result<()> {
    let pending: Pending = shown::read(answer)?;
    let placement = &pending.placement;
    if !placement.obstacle.is_empty() {
        let text = plain_line(&placement.obstacle);
        return screen.lines([String::new(), format!("No matter of nodes: {text}")]);
    }
    screen.lines([String::new(), tint::heading("Nodes")])?;
    screen.table(&matrix(placement))?;
    screen.lines([
        String::new(),
        tint::heading("Smallest change that makes it fit"),
    ])?;
    screen.lines(fixes(&pending))
}

/// Columns in which every node says yes say nothing.
fn matrix(placement: &Placement) -> Table {
    let mut table = Table::new(&["NODE", "WHAT IS IN THE WAY"]);
    for node in &placement.nodes {
        let bad = node.filters.iter().filter(|cell| !cell.fits);
        let told: Vec<String> = bad
            .map(|cell| format!("{}: {}", cell.filter, cell.text))
            .collect();
        let cell = if told.is_empty() {
            Cell::from("nothing")
        } else {
            Cell::styled(told.join(", "), tint::style("Failed"))
        };
        table.row([Cell::from(node.node.as_str()), cell]);
    }
    table
}

fn fixes(pending: &Pending) -> Vec<String> {
    let placement = &pending.placement;
    if placement.fixes.is_empty() {
        return vec![format!(
            "none of the {} single changes that were tried is enough",
            placement.tried
        )];
    }
    let drafts = pending
        .drafts
        .iter()
        .map(String::as_str)
        .chain(std::iter::repeat(""));
    let mut lines = Vec::new();
    for (number, (fix, draft)) in (1..).zip(placement.fixes.iter().zip(drafts)) {
        let change = tint::heading(&plain_line(&fix.change));
        let fits = tint::faint(&format!("  (fits on {})", fix.fits_on.join(", ")));
        lines.push(format!("{number}. {change}{fits}"));
        lines.push(format!("   {}", plain_line(&fix.effect)));
        let by_hand = [fix.command.as_str(), draft, fix.snippet.as_str()];
        let by_hand = by_hand
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or_default();
        lines.extend(by_hand.lines().map(|line| {
            let line = plain_line(line);
            format!(
                "     {}",
                if draft.is_empty() {
                    line
                } else {
                    tint::patch(&line)
                }
            )
        }));
    }
    lines.push(tint::faint(&format!(
        "{} changes were run through the scheduler's filters",
        placement.tried
    )));
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(lines: &[String]) -> Vec<String> {
        let plain = |line: &String| anstream::adapter::strip_str(line).to_string();
        lines.iter().map(plain).collect()
    }

    #[test]
    fn each_fix_comes_with_what_to_do_by_hand() {
        let pending: Pending = shown::read(&json!({
            "message": "0/1 nodes are available: 1 Insufficient cpu.", "tried": 7,
            "nodes": [{"node": "a", "filters": [
                {"filter": "cpu 8", "fits": false, "text": "2 free"},
                {"filter": "taints", "fits": true, "text": "tolerated"}]}],
            "fixes": [
                {"change": "Uncordon b", "effect": "It takes new pods again.", "fitsOn": ["b"], "command": "kubectl uncordon b"},
                {"change": "Request 2", "effect": "Less.", "fitsOn": ["a"], "field": {"path": "spec", "from": "8", "to": "2"}}],
            "drafts": ["", "--- a/web.yaml\n-  cpu: 8\n+  cpu: 2\n"],
        }))
        .unwrap();
        assert_eq!(
            plain(&fixes(&pending)),
            [
                "1. Uncordon b  (fits on b)",
                "   It takes new pods again.",
                "     kubectl uncordon b",
                "2. Request 2  (fits on a)",
                "   Less.",
                "     --- a/web.yaml",
                "     -  cpu: 8",
                "     +  cpu: 2",
                "7 changes were run through the scheduler's filters",
            ]
        );
        let rows = plain(&matrix(&pending.placement).lines());
        assert_eq!(rows, ["NODE   WHAT IS IN THE WAY", "a      cpu 8: 2 free"]);
    }
}
