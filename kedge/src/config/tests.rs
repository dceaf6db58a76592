use clap::{Args, FromArgMatches, Parser, Subcommand};

use super::*;

#[derive(Parser)]
#[command(name = "kedge")]
struct Sample {
    #[command(flatten)]
    _config: super::Arguments,
    /// How much
    #[arg(long, global = true, default_value = "info")]
    log: String,
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Up(Up),
    Down {
        #[arg(long, default_value = ".kedge")]
        data_dir: String,
    },
    Node {
        #[command(subcommand)]
        verb: Inner,
    },
}

#[derive(Subcommand)]
enum Inner {
    Join {
        #[arg(long, default_value = ".kedge")]
        data_dir: String,
        #[arg(long, default_value_t = 1)]
        port: u16,
    },
}

#[derive(Args)]
struct Up {
    #[arg(long, default_value = ".kedge")]
    data_dir: String,
    #[arg(long, env = "KEDGE_TEST_CONFIG_NODES", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=9))]
    nodes: u8,
    #[arg(long)]
    listen: Vec<String>,
    #[arg(long)]
    wait: bool,
    #[arg(long, requires = "nodes")]
    first: Option<String>,
}

/// What `up` is told, in one line.
fn told(file: &str, line: &str) -> Result<String, String> {
    use clap::CommandFactory;
    let command = with_environment(Sample::command());
    let command =
        with_defaults(command, Path::new("k.yaml"), file).map_err(|error| error.to_string())?;
    let words = std::iter::once("kedge").chain(line.split_whitespace());
    let matches = command
        .try_get_matches_from(words)
        .map_err(|error| error.to_string())?;
    let sample = Sample::from_arg_matches(&matches).map_err(|error| error.to_string())?;
    Ok(match sample.command {
        Verb::Up(up) => format!(
            "{} up {} {} {:?} {}{}",
            sample.log,
            up.data_dir,
            up.nodes,
            up.listen,
            up.wait,
            up.first.unwrap_or_default()
        ),
        Verb::Down { data_dir } => format!("{} down {data_dir}", sample.log),
        Verb::Node {
            verb: Inner::Join { data_dir, port },
        } => format!("{} join {data_dir} {port}", sample.log),
    })
}

#[test]
fn a_verb_of_a_command_has_its_flags_from_the_file_too() {
    let check = |file: &str, expected: &str| {
        assert_eq!(told(file, "node join").as_deref(), Ok(expected), "{file:?}");
    };
    check("", "info join .kedge 1");
    check("data-dir: /d\nport: 2", "info join /d 2");
    check(
        "data-dir: /d\nnode: {data-dir: /n, port: 3}",
        "info join /n 3",
    );
    let refused = told("node: {prot: 3}", "node join").unwrap_err();
    assert!(refused.contains("did you mean port"), "{refused}");
}

#[test]
fn the_nearest_to_the_user_wins() {
    let check = |file: &str, line: &str, expected: &str| {
        assert_eq!(
            told(file, line).as_deref(),
            Ok(expected),
            "{file:?} {line:?}"
        );
    };
    check("", "up", "info up .kedge 1 [] false");
    check("# nothing\n", "up", "info up .kedge 1 [] false");
    check("data-dir: /d\nlog: debug", "up", "debug up /d 1 [] false");
    check("data-dir: /d\nlog: debug", "down", "debug down /d");
    check("data-dir: /d", "up --data-dir /e", "info up /e 1 [] false");
    check(
        "data-dir: /d\nup: {data-dir: /u}",
        "up",
        "info up /u 1 [] false",
    );
    check("data-dir: /d\nup: {data-dir: /u}", "down", "info down /d");
    check(
        "up: {nodes: 3, wait: true}",
        "up",
        "info up .kedge 3 [] true",
    );
    check("wait: false", "up", "info up .kedge 1 [] false");
    // A flag that wants another one beside it.
    check("first: node", "up", "info up .kedge 1 [] falsenode");
    check(
        "listen: [a, b]",
        "up",
        "info up .kedge 1 [\"a\", \"b\"] false",
    );
    check(
        "listen: [a, b]",
        "up --listen c",
        "info up .kedge 1 [\"c\"] false",
    );
}

#[test]
fn says_what_is_wrong_with_the_file() {
    let check = |file: &str, expected: &str| {
        let error = told(file, "up").unwrap_err();
        assert!(error.contains(expected), "{file:?}: {error}");
    };
    check(
        "node: 3",
        "no command has a flag --node; did you mean nodes?",
    );
    check("down: {nodes: 3}", "no command has a flag --nodes");
    check(
        "nodes: many",
        "k.yaml: nodes: invalid value 'many' for '--nodes <NODES>'",
    );
    check("nodes: 10", "k.yaml: nodes: invalid value '10'");
    check("wait: perhaps", "k.yaml: wait: is true or false");
    check("data-dir: {a: b}", "k.yaml: data-dir: is a text");
    check("config: other.yaml", "no command has a flag --config");
    check("- a", "k.yaml is not a YAML mapping");
}

#[test]
fn finds_the_file_wherever_it_is_named() {
    use clap::CommandFactory;
    let check = |line: &str, expected: Option<&str>| {
        let words = line.split_whitespace().map(OsString::from);
        let found = named(&with_environment(Sample::command()), words);
        assert_eq!(found.as_deref(), expected.map(Path::new), "{line}");
    };
    check("kedge --config a.yaml up", Some("a.yaml"));
    check("kedge up --config=a.yaml --nodes 2", Some("a.yaml"));
    check("kedge up", None);
    check("kedge --help", None);
    check("kedge", None);
}

#[test]
fn every_flag_is_a_variable() {
    use clap::CommandFactory;
    let command = with_environment(Sample::command());
    let up = command.find_subcommand("up").unwrap();
    let variables: Vec<_> = up
        .get_arguments()
        .filter_map(|arg| arg.get_env()?.to_str())
        .collect();
    assert_eq!(
        variables,
        [
            "KEDGE_DATA_DIR",
            "KEDGE_TEST_CONFIG_NODES",
            "KEDGE_LISTEN",
            "KEDGE_WAIT",
            "KEDGE_FIRST",
        ]
    );
}

#[test]
fn the_file_is_found_where_help_is_asked_for() {
    use clap::CommandFactory;
    let check = |line: &str, expected: Option<&str>| {
        let command = with_environment(Sample::command());
        let found = named(&command, line.split(' ').map(OsString::from));
        assert_eq!(found, expected.map(PathBuf::from), "{line}");
    };
    check("kedge --config k.yaml up --help", Some("k.yaml"));
    check("kedge up --config k.yaml -h", Some("k.yaml"));
    check("kedge node join --config k.yaml --help", Some("k.yaml"));
    check("kedge up --config k.yaml --no-such", Some("k.yaml"));
}
