//! The database of an instance, as the role sees it that may read the views and nothing else; and
//! all of it, as nobody should.

use std::process::Command;

use crate::instance::{Instance, finish};

/// What a query answers: a line for each row, columns with `|` between.
///
/// # Errors
/// What `psql` says.
pub fn read(instance: &Instance, query: &str) -> anyhow::Result<String> {
    psql(instance, &["-c", "set role kedge_readonly", "-c", query])
}

/// The same, as the database's own user: tables too.
///
/// # Errors
/// What `psql` says.
pub fn read_all(instance: &Instance, query: &str) -> anyhow::Result<String> {
    psql(instance, &["-c", query])
}

fn psql(instance: &Instance, arguments: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new("psql");
    command
        .args(["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1"])
        .args(["-U", "kedge"])
        .args(arguments)
        .arg("-h")
        .arg(instance.data().join("postgres"))
        .arg("kedge");
    let output = finish(&mut command)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Everything in the database, in the words of `pg_dump`.
///
/// # Errors
/// What `pg_dump` says.
pub fn dump(instance: &Instance) -> anyhow::Result<String> {
    let mut command = Command::new("pg_dump");
    command
        .args(["--inserts", "-U", "kedge", "-h"])
        .arg(instance.data().join("postgres"))
        .arg("kedge");
    let output = finish(&mut command)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
