//! Which state has which colour; the same four as the web pages.

use owo_colors::Style;

use super::table::Cell;

/// A state's word in its colour. Good news is not coloured, so that the rest stands out.
pub(super) fn state(word: &str) -> Cell {
    Cell::styled(word, style(word))
}

pub(super) fn style(word: &str) -> Style {
    let style = Style::new();
    match word {
        "Degraded" | "Failed" | "Refused" | "delete" => style.red(),
        "OutOfSync" | "Missing" | "Suspended" | "Superseded" | "Held" | "Rolled back"
        | "change" => style.yellow(),
        "Progressing" | "Pending" | "Applying" | "Verifying" => style.blue(),
        "create" => style.green(),
        _ => style,
    }
}

/// A heading.
pub(super) fn heading(text: &str) -> String {
    Style::new().bold().style(text).to_string()
}

/// What makes an answer less than it seems.
pub(super) fn notice(text: &str) -> String {
    Style::new().yellow().style(text).to_string()
}

/// Where a hunk of a diff is.
pub(super) fn hunk(text: &str) -> String {
    Style::new().cyan().style(text).to_string()
}

/// A line of a patch.
pub(super) fn patch(line: &str) -> String {
    let style = match line.chars().next() {
        Some('-') => Style::new().red(),
        Some('+') => Style::new().green(),
        Some('@') => Style::new().cyan(),
        _ => Style::new(),
    };
    style.style(line).to_string()
}

/// What is beside the matter.
pub(super) fn faint(text: &str) -> String {
    Style::new().dimmed().style(text).to_string()
}

/// A problem as it is told on a terminal; its sentence stands out.
pub(super) fn problem(problem: &engine::Problem) -> String {
    let text = problem.to_string();
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let style = Style::new();
    let label = style.red().bold().style("error");
    format!("{label}: {}\n{rest}\n", style.bold().style(first))
}

/// Facts one below the other, within so many columns where there is such a limit; what is empty is left
/// out.
pub(super) fn facts(facts: &[(&str, String)], most: Option<usize>) -> Vec<String> {
    let facts = facts.iter().filter(|(_, value)| !value.is_empty());
    let width = facts.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (name, value) in facts {
        let text = super::table::plain(value);
        let texts = match most {
            Some(most) => super::table::wrapped(&text, most.saturating_sub(width + GAP)),
            None => vec![text],
        };
        let names = std::iter::once(*name).chain(std::iter::repeat(""));
        lines.extend(texts.iter().zip(names).map(|(text, name)| {
            let blanks = " ".repeat(width - name.len() + GAP);
            format!("{}{blanks}{}", heading(name), style(value).style(text))
        }));
    }
    lines
}

/// Between the name of a fact and what it is.
const GAP: usize = 3;

/// A line of a plan: deletions red, creations green, changes yellow.
pub(super) fn change(line: &str) -> String {
    let style = match line.chars().next() {
        Some('-' | '?') => Style::new().red(),
        Some('+') => Style::new().green(),
        Some('~') => Style::new().yellow(),
        _ => Style::new(),
    };
    style.style(line).to_string()
}

#[test]
fn facts_fit_a_terminal_in_whole_words() {
    let told = [
        ("Health", "Degraded".to_owned()),
        ("", "pod web-1 cannot start".to_owned()),
    ];
    let plain = |most: Option<usize>| -> Vec<String> {
        let lines = facts(&told, most).into_iter();
        lines
            .map(|line| anstream::adapter::strip_str(&line).to_string())
            .collect()
    };
    let whole = ["Health   Degraded", "         pod web-1 cannot start"];
    assert_eq!(plain(None), whole);
    let narrow = [
        "Health   Degraded",
        "         pod web-1",
        "         cannot start",
    ];
    assert_eq!(plain(Some(24)), narrow);
}
