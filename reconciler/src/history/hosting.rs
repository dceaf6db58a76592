//! Statements on hosted Git: tokens, and who pushed what.

use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{Connection, FromRow, Row};

use super::error::failed;
use super::pool::LIMIT;
use super::row::{optional_time, time, word};
use super::time::Time;
use super::{Error, History, Reader, Verdict};
use crate::githost::Token;
use crate::githost::hosted::Mirror;
use crate::githost::rule::Rule;

/// One ref that somebody pushes to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefUpdate {
    pub at: Timestamp,
    pub push: String,
    pub repository: String,
    /// `refs/heads/main`
    pub name: String,
    /// Empty where the ref is new.
    pub old: String,
    /// Empty where the ref is deleted.
    pub new: String,
    pub pusher: String,
    /// The token's name; empty for the admin's.
    pub token: String,
    pub verdict: Verdict,
    pub reason: String,
}

impl FromRow<'_, PgRow> for Token {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            user: row.try_get("user_name")?,
            role: word(row, "role")?,
            digest: row.try_get("digest")?,
            created_by: row.try_get("created_by")?,
            created_at: time(row, "created_at")?,
            expires_at: optional_time(row, "expires_at")?,
            revoked_at: optional_time(row, "revoked_at")?,
            used_at: optional_time(row, "used_at")?,
        })
    }
}

impl FromRow<'_, PgRow> for RefUpdate {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            at: time(row, "at")?,
            push: row.try_get("push")?,
            repository: row.try_get("repository")?,
            name: row.try_get("ref")?,
            old: row.try_get("old_revision")?,
            new: row.try_get("new_revision")?,
            pusher: row.try_get("pusher")?,
            token: row.try_get("token")?,
            verdict: word(row, "verdict")?,
            reason: row.try_get("reason")?,
        })
    }
}

impl Reader {
    /// Revoked ones too.
    pub async fn tokens(&self) -> Result<Vec<Token>, Error> {
        sqlx::query_as("select * from tokens order by created_at")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list the tokens"))
    }

    /// Newest first.
    pub async fn ref_updates(&self, limit: u16) -> Result<Vec<RefUpdate>, Error> {
        sqlx::query_as("select * from ref_updates order by seq desc limit $1")
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list what was pushed"))
    }
}

impl FromRow<'_, PgRow> for Mirror {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            repository: row.try_get("repository")?,
            direction: word(row, "direction")?,
            url: row.try_get("url")?,
            created_by: row.try_get("created_by")?,
            created_at: time(row, "created_at")?,
            synced_at: optional_time(row, "synced_at")?,
            error: row.try_get("error")?,
            failures: row.try_get("failures")?,
        })
    }
}

impl Reader {
    pub(crate) async fn mirrors(&self) -> Result<Vec<Mirror>, Error> {
        sqlx::query_as("select * from mirrors order by repository, direction, url")
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list the mirrors"))
    }

    /// With the repository of each.
    pub(crate) async fn rules(&self) -> Result<Vec<(String, Rule)>, Error> {
        let rows: Vec<(String, String, bool, bool, Vec<String>)> = sqlx::query_as(
            "select repository, pattern, allow_force, allow_deletion, pushers from branch_rules
              order by repository, pattern",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list the rules"))?;
        let rule = |(repository, pattern, allow_force, allow_deletion, pushers)| {
            let rule = Rule {
                pattern,
                allow_force,
                allow_deletion,
                pushers,
            };
            (repository, rule)
        };
        Ok(rows.into_iter().map(rule).collect())
    }

    /// Name, who made it, and when.
    pub(crate) async fn repositories(&self) -> Result<Vec<(String, String, Timestamp)>, Error> {
        let rows: Vec<(String, String, Time)> =
            sqlx::query_as("select name, created_by, created_at from repositories order by name")
                .fetch_all(&self.pool)
                .await
                .map_err(failed("list the repositories"))?;
        let rows = rows.into_iter();
        Ok(rows.map(|(name, by, at)| (name, by, at.into())).collect())
    }
}

impl History {
    /// Answers whether the name was free.
    pub(crate) async fn add_repository(
        &self,
        name: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, Error> {
        sqlx::query(
            "insert into repositories (name, created_by, created_at) values ($1, $2, $3)
             on conflict do nothing",
        )
        .bind(name)
        .bind(by)
        .bind(Time(at))
        .execute(&self.reader.pool)
        .await
        .map(|done| done.rows_affected() == 1)
        .map_err(failed("record a repository"))
    }

    pub(crate) async fn put_rule(&self, repository: &str, rule: &Rule) -> Result<(), Error> {
        sqlx::query(
            "insert into branch_rules (repository, pattern, allow_force, allow_deletion, pushers)
             values ($1, $2, $3, $4, $5) on conflict (repository, pattern) do update
                set allow_force = $3, allow_deletion = $4, pushers = $5",
        )
        .bind(repository)
        .bind(&rule.pattern)
        .bind(rule.allow_force)
        .bind(rule.allow_deletion)
        .bind(&rule.pushers)
        .execute(&self.reader.pool)
        .await
        .map(drop)
        .map_err(failed("record a rule"))
    }

    /// Answers whether there was one.
    pub(crate) async fn remove_rule(&self, repository: &str, pattern: &str) -> Result<bool, Error> {
        sqlx::query("delete from branch_rules where repository = $1 and pattern = $2")
            .bind(repository)
            .bind(pattern)
            .execute(&self.reader.pool)
            .await
            .map(|done| done.rows_affected() == 1)
            .map_err(failed("remove a rule"))
    }

    pub(crate) async fn add_mirror(&self, mirror: &Mirror) -> Result<(), Error> {
        sqlx::query(
            "insert into mirrors (repository, direction, url, created_by, created_at)
             values ($1, $2, $3, $4, $5)",
        )
        .bind(&mirror.repository)
        .bind(mirror.direction.as_str())
        .bind(&mirror.url)
        .bind(&mirror.created_by)
        .bind(Time(mirror.created_at))
        .execute(&self.reader.pool)
        .await
        .map(drop)
        .map_err(failed("record a mirror"))
    }

    pub(crate) async fn note_mirror(&self, mirror: &Mirror) -> Result<(), Error> {
        sqlx::query(
            "update mirrors set synced_at = $4, error = $5, failures = $6
              where repository = $1 and direction = $2 and url = $3",
        )
        .bind(&mirror.repository)
        .bind(mirror.direction.as_str())
        .bind(&mirror.url)
        .bind(mirror.synced_at.map(Time))
        .bind(&mirror.error)
        .bind(mirror.failures)
        .execute(&self.reader.pool)
        .await
        .map(drop)
        .map_err(failed("record how a mirror is"))
    }

    pub(crate) async fn remove_mirror(&self, repository: &str, url: &str) -> Result<(), Error> {
        sqlx::query("delete from mirrors where repository = $1 and url = $2")
            .bind(repository)
            .bind(url)
            .execute(&self.reader.pool)
            .await
            .map(drop)
            .map_err(failed("remove a mirror"))
    }

    /// With its rules, mirrors and plans.
    pub(crate) async fn remove_repository(&self, name: &str, at: Timestamp) -> Result<(), Error> {
        self.end_changes(name, None, at).await?;
        sqlx::query(
            "with rules as (delete from branch_rules where repository = $1),
                  copies as (delete from mirrors where repository = $1)
             delete from repositories where name = $1",
        )
        .bind(name)
        .execute(&self.reader.pool)
        .await
        .map(drop)
        .map_err(failed("remove a repository"))
    }

    /// Answers whether the name was free.
    pub(crate) async fn add_token(&self, token: &Token) -> Result<bool, Error> {
        sqlx::query(
            "insert into tokens (id, name, user_name, role, digest, created_by, created_at,
                                 expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
        )
        .bind(&token.id)
        .bind(&token.name)
        .bind(&token.user)
        .bind(token.role.as_str())
        .bind(&token.digest)
        .bind(&token.created_by)
        .bind(Time(token.created_at))
        .bind(token.expires_at.map(Time))
        .execute(&self.reader.pool)
        .await
        .map(|done| done.rows_affected() == 1)
        .map_err(failed("record a token"))
    }

    pub(crate) async fn revoke_token(&self, id: &str, at: Timestamp) -> Result<(), Error> {
        sqlx::query("update tokens set revoked_at = $2 where id = $1")
            .bind(id)
            .bind(Time(at))
            .execute(&self.reader.pool)
            .await
            .map(drop)
            .map_err(failed("revoke a token"))
    }

    pub(crate) async fn token_used(&self, id: &str, at: Timestamp) -> Result<(), Error> {
        sqlx::query("update tokens set used_at = greatest(used_at, $2) where id = $1")
            .bind(id)
            .bind(Time(at))
            .execute(&self.reader.pool)
            .await
            .map(drop)
            .map_err(failed("record that a token was used"))
    }

    /// Records what somebody is about to push, or may not.
    pub(crate) async fn pushing(&self, updates: &[RefUpdate]) -> Result<(), Error> {
        let _waiting = client::Waiting::begin();
        let late = |_| Err(Error::Late { patience: LIMIT });
        let recording = self.record_refs(updates);
        let recorded = tokio::time::timeout(LIMIT, recording).await;
        recorded.unwrap_or_else(late)
    }

    async fn record_refs(&self, updates: &[RefUpdate]) -> Result<(), Error> {
        let begin = failed("begin a transaction");
        let mut lent = self.reader.pool.lend().await.map_err(&begin)?;
        let mut transaction = lent.begin().await.map_err(begin)?;
        for update in updates {
            sqlx::query(
                "insert into ref_updates (at, push, repository, ref, old_revision, new_revision,
                                          pusher, token, verdict, reason)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            )
            .bind(Time(update.at))
            .bind(&update.push)
            .bind(&update.repository)
            .bind(&update.name)
            .bind(&update.old)
            .bind(&update.new)
            .bind(&update.pusher)
            .bind(&update.token)
            .bind(update.verdict.as_str())
            .bind(&update.reason)
            .execute(&mut *transaction)
            .await
            .map_err(failed("record what is pushed"))?;
        }
        transaction.commit().await.map_err(failed("commit"))?;
        lent.give_back();
        Ok(())
    }

    /// The refs of a push have moved. Git moves each by itself: those it names are the ones.
    pub(crate) async fn pushed(&self, push: &str, refs: &[String]) -> Result<(), Error> {
        sqlx::query(
            "update ref_updates set verdict = 'Accepted'
              where push = $1 and ref = any($2) and verdict = 'Checking'",
        )
        .bind(push)
        .bind(refs)
        .execute(&self.reader.pool)
        .await
        .map(drop)
        .map_err(failed("record what was pushed"))
    }
}
