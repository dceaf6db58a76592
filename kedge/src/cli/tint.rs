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

/// Facts one below the other; what is empty is left out.
pub(super) fn facts(facts: &[(&str, String)]) -> Vec<String> {
    let facts = facts.iter().filter(|(_, value)| !value.is_empty());
    let width = facts.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
    facts
        .map(|(name, value)| {
            let value = style(value).style(super::table::plain(value));
            format!(
                "{}{}   {value}",
                heading(name),
                " ".repeat(width - name.len())
            )
        })
        .collect()
}

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
