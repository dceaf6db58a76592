use proptest::prelude::*;

use super::layout::{cut, cut_front};
use super::*;

/// As many as a table has, and as long.
const NAMES: [&str; 12] = [
    "NAME",
    "SYNC",
    "HEALTH",
    "COMMIT",
    "AGE",
    "TOOK",
    "AUTHOR",
    "TRIGGER",
    "NAMESPACE",
    "REVISION",
    "APPLICATIONS",
    "WHAT IS IN THE WAY",
];

#[test]
fn columns_line_up() {
    let mut table = Table::new(&["NAME", "HEALTH", "MESSAGE"]);
    table.row(["web", "Healthy", ""].map(Cell::from));
    table.row(["größer-web", "", "two\nlines \u{1b}[31m"].map(Cell::from));
    assert_eq!(
        table.lines(),
        [
            "NAME         HEALTH    MESSAGE",
            "web          Healthy",
            "größer-web             two lines  [31m",
        ]
    );
    assert_eq!(Table::new(&["NAME"]).lines(), ["NAME"]);
}

#[test]
fn a_table_fits_the_terminal_and_is_whole_in_a_pipe() {
    let mut table = Table::new(&["NAME", "MESSAGE"]);
    table.row(["web", "container web in pod web-1 cannot pull its image"].map(Cell::from));
    let whole = table.lines_within(None);
    assert!(whole[1].ends_with("its image"));
    let fitting = table.lines_within(Some(30));
    assert_eq!(fitting[1], "web   container web in pod we…");
    assert!(fitting.iter().all(|line| width(line) <= 30));
}

#[test]
fn what_matters_least_gives_way_first() {
    let mut table = Table::new(&["NAME", "AUTHOR", "PHASE", "MESSAGE"]).yielding(&["AUTHOR"]);
    let author = "somebody.with.a.name@example.org";
    let cells = ["serving-12", author, "Succeeded", "ready"];
    table.row(cells.map(Cell::from));
    // First what is widest, down to what can be read.
    let fitting = table.lines_within(Some(60));
    assert_eq!(
        fitting[1],
        "serving-12   somebody.with.a.name@exa…   Succeeded   ready"
    );
    let fitting = table.lines_within(Some(44));
    assert_eq!(fitting[0], "NAME       AUTHOR          PHASE     MESSAGE");
    assert_eq!(fitting[1], "serving-12 somebody.with.… Succeeded ready");
}

#[test]
fn what_has_nothing_in_it_goes_first() {
    let mut table = Table::new(&["NAME", "URL", "AGE", "APPLICATIONS", "MIRRORS"]);
    let url = "http://127.0.0.1:33559/git/cluster.git";
    table.row(["cluster", url, "5m", "", ""].map(Cell::from));
    let fitting = table.lines_within(Some(60));
    assert_eq!(fitting[0].split_whitespace().count(), 3);
    assert!(fitting[1].contains(url), "{fitting:?}");
    // Nothing to see is no reason to leave a column out where there is room.
    assert_eq!(table.lines()[0].split_whitespace().count(), 5);
}

#[test]
fn what_is_told_goes_on_below_where_it_wraps() {
    let mut table = Table::new(&["TIME", "STEP"]).wrapping();
    let red = Style::new().red();
    let step = "container ui in pod ui-1 cannot pull image kedge.local/movies:9.9";
    table.row([Cell::from("13:44:31"), Cell::styled(step, red)]);
    table.row(["13:44:32", ""].map(Cell::from));
    let lines = table.lines_within(Some(36));
    let plain: Vec<String> = lines
        .iter()
        .map(|line| anstream::adapter::strip_str(line).to_string())
        .collect();
    assert_eq!(
        plain,
        [
            "TIME       STEP",
            "13:44:31   container ui in pod ui-1",
            "           cannot pull image",
            "           kedge.local/movies:9.9",
            "13:44:32",
        ]
    );
    assert!(lines[2].contains("\u{1b}[31mcannot"), "{lines:?}");
    assert_eq!(table.lines()[1].lines().count(), 1, "in a pipe it is one");
    let long = table_of("kedge.local/movies/and/more/of/that:9.9");
    assert!(long.iter().all(|line| width(line) <= 36), "{long:?}");
    assert_eq!(long.len(), 3);
}

#[test]
fn what_is_told_stands_below_where_there_is_no_room_beside() {
    let mut table = Table::new(&["KIND", "NAME", "HEALTH", "AGE", "MESSAGE"])
        .yielding(&["AGE"])
        .wrapping();
    let why = "container b-cmd in pod b-cmd-76f656bffc-xscbn cannot start";
    let pod = Cell::name("shop/b-cmd-76f656bffc-xscbn");
    table.row([
        "- - Pod".into(),
        pod,
        "Degraded".into(),
        "12m".into(),
        why.into(),
    ]);
    table.row(["Service", "shop/b-cmd", "Healthy", "12m", ""].map(Cell::from));
    assert_eq!(
        table.lines_within(Some(60)),
        [
            "KIND      NAME                          HEALTH     AGE",
            "- - Pod   shop/b-cmd-76f656bffc-xscbn   Degraded   12m",
            "    container b-cmd in pod b-cmd-76f656bffc-xscbn cannot",
            "    start",
            "Service   shop/b-cmd                    Healthy    12m",
        ]
    );
    assert_eq!(
        table.lines_within(Some(72))[1..],
        [
            "- - Pod shop/b-cmd-…656bffc-xscbn Degraded 12m container b-cmd in pod",
            "                                               b-cmd-76f656bffc-xscbn",
            "                                               cannot start",
            "Service shop/b-cmd                Healthy  12m",
        ]
    );
}

fn table_of(step: &str) -> Vec<String> {
    let mut table = Table::new(&["TIME", "STEP"]).wrapping();
    table.row(["13:44:31", step].map(Cell::from));
    table.lines_within(Some(36))
}

#[test]
fn rows_are_stacked_where_columns_are_too_many() {
    let names = ["NAME", "B", "C", "D", "E", "LONGER"];
    let mut table = Table::new(&names);
    table.row(["a", "", "c", "", "", "f"].map(|it| Cell::from(it.repeat(40))));
    table.row(["x", "", "", "", "", "y"].map(Cell::from));
    assert_eq!(
        table.lines_within(Some(30)),
        [
            format!("NAME     {}…", "a".repeat(20)),
            format!("C        {}…", "c".repeat(20)),
            format!("LONGER   {}…", "f".repeat(20)),
            String::new(),
            "NAME     x".into(),
            "LONGER   y".into(),
        ]
    );
}

#[test]
fn width_is_what_a_terminal_shows() {
    let mut table = Table::new(&["NAME", "MESSAGE"]);
    table.row(["日本", "🚀 up"].map(Cell::from));
    table.row(["e\u{301}", "x"].map(Cell::from));
    let expected = ["NAME   MESSAGE", "日本   🚀 up", "e\u{301}      x"];
    assert_eq!(table.lines(), expected);
    assert_eq!(cut("日本語", 4), "日…");
    assert_eq!(cut_front("日本語", 4), "…語");
    assert_eq!(cut_front("spec.replicas", 9), "…replicas");
    assert_eq!(cut_front("spec", 4), "spec");
    assert_eq!(cut("日本語", 5), "日本…");
    assert_eq!(cut("日本語", 6), "日本語");
}

proptest! {
    #[test]
    fn a_table_fits_every_terminal(
        most in 40_usize..200,
        columns in 1_usize..12,
        wraps in proptest::bool::ANY,
        yielding in proptest::sample::subsequence(NAMES.to_vec(), 0..6),
        cells in proptest::collection::vec("\\PC{0,60}|[a-z ]{0,200}", 12..36),
    ) {
        let header = &NAMES[..columns];
        let mut table = Table::new(header).yielding(&yielding);
        if wraps {
            table = table.wrapping();
        }
        for row in cells.chunks_exact(columns) {
            table.row(row.iter().enumerate().map(|(at, it)| match at % 2 {
                0 => Cell::from(it.as_str()),
                _ => Cell::path(it.as_str()),
            }));
        }
        for line in table.lines_within(Some(most)) {
            prop_assert!(width(&line) <= most, "{} in {most}: {line:?}", width(&line));
        }
        // In a pipe nothing is cut, however much there is.
        let whole = table.lines();
        for (row, line) in cells.chunks_exact(columns).zip(&whole[1..]) {
            prop_assert!(row.iter().all(|it| line.contains(&plain(it))), "{line:?}");
        }
    }
}

#[test]
fn colours_take_no_room() {
    let mut table = Table::new(&["A", "B"]);
    let red = Cell::styled("bad", Style::new().red());
    table.row([red, "x".into()]);
    assert_eq!(table.lines()[1], "\u{1b}[31mbad\u{1b}[0m   x");
}
