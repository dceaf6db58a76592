//! `kedge token create`, `list` and `revoke`

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Deserialize;

use client::Env;

use super::age::between;
use super::complete;
use super::output::Output;
use super::server::{self, Server};
use super::shown::{self, Items};
use super::table::{Cell, Table, plain_line};

pub(super) const EXAMPLE: &str = "\
A token signs in to Git (as the password, with any user name, or as a bearer token), to the JSON
API and to this command (--token). What is pushed with it is recorded with its user. Only the admin
token makes and revokes tokens.

Example:
  kedge token create laptop --user ann --expires 30d
  kedge token create ci --read-only
  kedge token list
  kedge token revoke laptop";

#[derive(Args)]
#[group(skip)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make a token and print it, this once
    Create(Create),
    /// List the tokens that are not revoked
    List(List),
    /// Have a token open nothing any more
    Revoke(Revoke),
}

#[derive(Args)]
#[group(skip)]
struct Create {
    /// What the token is called
    #[arg(value_name = "NAME")]
    name: String,
    /// Whose it is [default: the same as its name]
    #[arg(
        long,
        value_name = "USER",
        default_value = "",
        hide_default_value = true
    )]
    user: String,
    /// It clones and looks; it pushes nothing
    #[arg(long)]
    read_only: bool,
    /// When it ends: 90m, 12h, 30d, 2w [default: when it is revoked]
    #[arg(
        long,
        value_name = "TIME",
        default_value = "",
        hide_default_value = true
    )]
    expires: String,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
#[group(skip)]
struct List {
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
#[group(skip)]
struct Revoke {
    /// What the token is called
    #[arg(value_name = "NAME", add = complete::tokens())]
    name: String,
    #[command(flatten)]
    server: server::Arguments,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Token {
    name: String,
    user: String,
    role: String,
    created_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    used_at: Option<Timestamp>,
    secret: String,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.verb {
        Verb::Create(arguments) => create(arguments).await,
        Verb::List(arguments) => list(arguments).await,
        Verb::Revoke(arguments) => revoke(arguments).await,
    }
}

async fn create(arguments: &Create) -> anyhow::Result<()> {
    let role = if arguments.read_only {
        "reader"
    } else {
        "writer"
    };
    let form = [
        ("name", arguments.name.as_str()),
        ("user", &arguments.user),
        ("role", role),
        ("expires", &arguments.expires),
    ];
    let server = Server::open(&arguments.server)?;
    let answer = server.send(&["tokens"], &form).await?;
    arguments.output.show(&answer, |screen| {
        let token: Token = shown::read(&answer)?;
        screen.lines([
            plain_line(&token.secret),
            format!(
                "It is shown this once. {} is the password of any user name for Git.",
                plain_line(&token.name)
            ),
        ])
    })
}

async fn list(arguments: &List) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let answer = server.read(&["tokens"], &[]).await?;
    arguments.output.show(&answer, |screen| {
        let tokens: Items<Token> = shown::read(&answer)?;
        if tokens.items.is_empty() {
            return screen.lines(["There is no token yet: kedge token create NAME"]);
        }
        screen.table(&table(&tokens.items, Env::system().now()))
    })
}

async fn revoke(arguments: &Revoke) -> anyhow::Result<()> {
    let server = Server::open(&arguments.server)?;
    let path = ["tokens", &arguments.name, "revoke"];
    let answer = server.send(&path, &[]).await?;
    arguments.output.show(&answer, |screen| {
        let token: Token = shown::read(&answer)?;
        let name = plain_line(&token.name);
        screen.lines([format!("{name} opens nothing any more")])
    })
}

fn table(tokens: &[Token], now: Timestamp) -> Table {
    let mut table = Table::new(&["NAME", "USER", "ROLE", "AGE", "USED", "ENDS"]);
    for token in tokens {
        let since = |at: Option<Timestamp>| at.map_or_else(String::new, |at| between(at, now));
        let ends = match token.expires_at {
            None => "never".to_owned(),
            Some(at) if at <= now => "ended".to_owned(),
            Some(at) => format!("in {}", between(now, at)),
        };
        let used = match token.used_at {
            None => "never".to_owned(),
            Some(at) => format!("{} ago", between(at, now)),
        };
        table.row([
            Cell::from(token.name.as_str()),
            token.user.as_str().into(),
            token.role.as_str().into(),
            since(token.created_at).into(),
            used.into(),
            ends.into(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_are_listed_with_their_ends() {
        let answer = json!({"items": [
            {"name": "ci", "user": "ci", "role": "reader", "createdAt": "2026-03-01T12:00:00Z"},
            {"name": "laptop", "user": "ann", "role": "writer",
             "createdAt": "2026-03-01T13:00:00Z", "usedAt": "2026-03-01T13:59:00Z",
             "expiresAt": "2026-03-03T14:00:00Z"},
        ]});
        let tokens: Items<Token> = shown::read(&answer).unwrap();
        let now = "2026-03-01T14:00:00Z".parse().unwrap();
        assert_eq!(
            table(&tokens.items, now).lines(),
            [
                "NAME     USER   ROLE     AGE    USED      ENDS",
                "ci       ci     reader   120m   never     never",
                "laptop   ann    writer   60m    60s ago   in 2d",
            ]
        );
    }
}
