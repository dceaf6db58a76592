//! Where flags come from: the command line, then `KEDGE_…` variables, then the file that
//! `--config` names, then what is built in. Done once for all commands, before anything is parsed.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::FalseyValueParser;
use clap::{Arg, ArgAction, Command};
use serde_yaml::Value;

#[cfg(test)]
mod tests;

/// The flag itself; see [`Arguments`].
const FLAG: &str = "config";

#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Arguments {
    /// Take flags from this YAML file: a key per flag, or per command with its flags below it
    #[arg(long, global = true, env = "KEDGE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// A configuration file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot read the configuration file {}; --config and KEDGE_CONFIG name it", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is not a YAML mapping from flags to values", path.display())]
    Parse {
        path: PathBuf,
        #[source]
        source: serde_yaml::Error,
    },
    #[error("{}: no command has a flag --{key}{}", path.display(), suggestion(nearest.as_deref()))]
    Unknown {
        path: PathBuf,
        key: String,
        nearest: Option<String>,
    },
    #[error("{}: {key}: {problem}", path.display())]
    Value {
        path: PathBuf,
        key: String,
        problem: String,
    },
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

/// Gives every flag its environment variable and the default that the configuration file sets.
///
/// # Errors
/// A file that is named and cannot be used.
pub(crate) fn prepared(
    command: Command,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Command, Error> {
    let command = with_environment(command);
    let Some(path) = named(&command, arguments) else {
        return Ok(command);
    };
    let text = std::fs::read_to_string(&path).map_err(|source| Error::Read {
        path: path.clone(),
        source,
    })?;
    with_defaults(command, &path, &text)
}

/// The file that `--config` or `KEDGE_CONFIG` names; other mistakes are for the real parse.
fn named(command: &Command, arguments: impl IntoIterator<Item = OsString>) -> Option<PathBuf> {
    // Who asks for help is shown the file's values too.
    let lenient = command
        .clone()
        .ignore_errors(true)
        .disable_help_flag(true)
        .mut_subcommands(helpless);
    let matches = lenient.try_get_matches_from(arguments).ok()?;
    matches.try_get_one::<PathBuf>(FLAG).ok()?.cloned()
}

fn helpless(command: Command) -> Command {
    command.disable_help_flag(true).mut_subcommands(helpless)
}

fn with_environment(command: Command) -> Command {
    command
        .mut_args(|arg| {
            let arg = if arg.is_global_set() {
                arg.help_heading("Options of every command")
            } else {
                arg
            };
            let Some(flag) = arg.get_long().filter(|_| arg.get_env().is_none()) else {
                return arg;
            };
            let variable = format!("KEDGE_{}", flag.replace('-', "_").to_uppercase());
            let arg = arg.env(variable);
            match arg.get_action() {
                ArgAction::SetTrue => arg.value_parser(FalseyValueParser::new()),
                _ => arg,
            }
        })
        .mut_subcommands(with_environment)
}

/// The command with the file's values as defaults.
fn with_defaults(command: Command, path: &Path, text: &str) -> Result<Command, Error> {
    let parse = |source| Error::Parse {
        path: path.to_owned(),
        source,
    };
    let mut shared = BTreeMap::new();
    let mut sections = BTreeMap::new();
    let file: BTreeMap<String, Value> = match serde_yaml::from_str(text).map_err(parse)? {
        Value::Null => BTreeMap::new(),
        value => serde_yaml::from_value(value).map_err(parse)?,
    };
    for (key, value) in file {
        if command.find_subcommand(&key).is_some() && value.is_mapping() {
            sections.insert(key, serde_yaml::from_value(value).map_err(parse)?);
        } else {
            shared.insert(key, value);
        }
    }
    let mut merge = Merge {
        path,
        known: flags(&command).collect(),
        error: None,
    };
    let command = merge.apply(command, &shared);
    let command = command.mut_subcommands(|inner| {
        let empty = BTreeMap::new();
        let section = sections.get(inner.get_name()).unwrap_or(&empty);
        let inner = merge.whole(inner, &shared);
        merge.known = flags(&inner).collect();
        merge.check(section);
        merge.whole(inner, section)
    });
    merge.known = flags(&command).collect();
    merge.check(&shared);
    merge.error.map_or(Ok(command), Err)
}

/// Of a command and of its verbs.
fn flags(command: &Command) -> Box<dyn Iterator<Item = String> + '_> {
    let own = command.get_arguments().filter_map(Arg::get_long);
    let own = own.filter(|flag| *flag != FLAG).map(str::to_owned);
    Box::new(own.chain(command.get_subcommands().flat_map(flags)))
}

/// Takes values over; the first problem wins.
struct Merge<'a> {
    path: &'a Path,
    known: BTreeSet<String>,
    error: Option<Error>,
}

impl Merge<'_> {
    /// For a command and its verbs.
    fn whole(&mut self, command: Command, values: &BTreeMap<String, Value>) -> Command {
        let command = self.apply(command, values);
        command.mut_subcommands(|verb| self.whole(verb, values))
    }

    fn apply(&mut self, command: Command, values: &BTreeMap<String, Value>) -> Command {
        command.mut_args(|arg| {
            let flag = arg.get_long().filter(|flag| *flag != FLAG);
            let Some((key, value)) = flag.and_then(|flag| values.get_key_value(flag)) else {
                return arg;
            };
            match defaults(&arg, value) {
                Ok(defaults) => {
                    let secret = arg.is_hide_env_values_set();
                    arg.default_values(defaults).hide_default_value(secret)
                }
                Err(problem) => {
                    self.error.get_or_insert(Error::Value {
                        path: self.path.to_owned(),
                        key: key.clone(),
                        problem,
                    });
                    arg
                }
            }
        })
    }

    /// Whether every key is a flag that there is.
    fn check(&mut self, values: &BTreeMap<String, Value>) {
        let Some(key) = values.keys().find(|key| !self.known.contains(*key)) else {
            return;
        };
        let known = self.known.iter().map(String::as_str);
        self.error.get_or_insert(Error::Unknown {
            path: self.path.to_owned(),
            key: key.clone(),
            nearest: api::codec::strict::nearest(key, known).map(str::to_owned),
        });
    }
}

/// The values as the flag would be given them on the command line, each tried.
fn defaults(arg: &Arg, value: &Value) -> Result<Vec<String>, String> {
    let values = match value {
        Value::Sequence(values) if matches!(arg.get_action(), ArgAction::Append) => values.clone(),
        value => vec![value.clone()],
    };
    let texts: Vec<String> = values.iter().map(text).collect::<Result<_, _>>()?;
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        return match value {
            Value::Bool(_) => Ok(texts),
            _ => Err("is true or false".into()),
        };
    }
    let flag = arg.get_long().unwrap_or_default();
    for text in &texts {
        let alone = Command::new(FLAG).no_binary_name(true).arg(alone(arg));
        alone
            .try_get_matches_from([format!("--{flag}={text}")])
            .map_err(|error| {
                let text = error.to_string();
                let first = text.lines().next().unwrap_or_default();
                first.trim_start_matches("error: ").to_owned()
            })?;
    }
    Ok(texts)
}

/// What reads one value of a flag. Which other flags it goes with is no matter here.
fn alone(arg: &Arg) -> Arg {
    let reader = Arg::new(arg.get_id().clone())
        .long(arg.get_long().unwrap_or_default().to_owned())
        .action(arg.get_action().clone())
        .value_parser(arg.get_value_parser().clone())
        .value_delimiter(arg.get_value_delimiter())
        .value_names(arg.get_value_names().unwrap_or_default().to_vec());
    match arg.get_num_args() {
        Some(count) => reader.num_args(count),
        None => reader,
    }
}

fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        _ => Err("is a text, a number, true or false, or a list where the flag may repeat".into()),
    }
}
