//! Which instance is meant, as every command is told it: by its data directory.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::Args;

const VARIABLE: &str = "KEDGE_DATA_DIR";
const FLAG: &str = "--data-dir";
const USUAL: &str = ".kedge";

#[derive(Args, Clone)]
#[group(skip)]
pub(crate) struct DataDir {
    /// The instance's data directory: its state, its keys, where it can be reached
    #[arg(id = "data_dir", long = "data-dir", env = VARIABLE, default_value = USUAL, value_name = "DIR")]
    pub(crate) path: PathBuf,
}

impl DataDir {
    /// What a line that is still being written names, or the environment.
    pub(crate) fn unfinished() -> Self {
        let words: Vec<_> = std::env::args_os().collect();
        let path = named(&words).or_else(|| std::env::var_os(VARIABLE).map(PathBuf::from));
        Self {
            path: path.unwrap_or_else(|| PathBuf::from(USUAL)),
        }
    }
}

/// The value of the flag, in either way of writing it.
fn named<T: AsRef<OsStr>>(words: &[T]) -> Option<PathBuf> {
    let together = words.iter().find_map(|word| {
        let value = word.as_ref().to_str()?.strip_prefix(FLAG)?;
        value.strip_prefix('=').map(PathBuf::from)
    });
    together.or_else(|| {
        let pair = words.windows(2).find(|pair| pair[0].as_ref() == FLAG)?;
        Some(PathBuf::from(pair[1].as_ref()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_line_names_its_directory() {
        let check = |line: &str, expected: Option<&str>| {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(named(&words), expected.map(PathBuf::from), "{line}");
        };
        check("kedge app --data-dir /srv/k we", Some("/srv/k"));
        check("kedge app --data-dir=/srv/k we", Some("/srv/k"));
        check("kedge app we --data-dir", None);
        check("kedge app we", None);
    }
}
