//! What others changed, and statements on it: seen, seen again, gone.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;

use api::ObjectKey;
use engine::diff::FieldChange;

use super::error::failed;
use super::keys;
use super::time::Time;
use super::{Error, Reader};

/// Drifts of one application that are kept.
const KEPT: i64 = 1_000;
/// Where nobody says how many.
const PAGE: i64 = 50;

/// So many times within an hour the same hand's drift of an object is told by itself; more of it is one.
const APART: i64 = 10;

/// A change that others made to an application's object, from when it was seen until it was gone. Where
/// the same hand comes again and again, several.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// When it was seen first.
    pub at: Timestamp,
    /// When it was seen last.
    pub last_at: Timestamp,
    /// How often it came; `changes` is of the last time.
    pub times: i32,
    /// For how long it was there in all, in milliseconds. `None` while it is, and where it came several
    /// times and nobody added that up.
    pub lasted_ms: Option<i64>,
    pub application: String,
    pub key: ObjectKey,
    pub kind: String,
    /// `changed`, `deleted` or `left over`.
    pub what: String,
    /// The field manager that did it; empty where it is not known.
    pub actor: String,
    /// The person or service account, where the cluster knows.
    pub writer: String,
    /// When that was, as the object says.
    pub written_at: Option<Timestamp>,
    pub changes: Vec<FieldChange>,
    /// When it was seen to be gone; `None` while it is there.
    pub ended_at: Option<Timestamp>,
    pub ending: Option<Ending>,
}

/// How a drift went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// Kedge put it back.
    Corrected,
    /// A rollout wrote the object.
    Rollout,
    /// Others put it back, or Git no longer asks for it.
    Gone,
}

impl Ending {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Corrected => "corrected",
            Self::Rollout => "rollout",
            Self::Gone => "gone",
        }
    }
}

impl Drift {
    /// ` by ann with kubectl-edit`; nothing where nobody is known.
    pub fn by(&self) -> String {
        match (self.writer.as_str(), self.actor.as_str()) {
            ("", "") => String::new(),
            ("", one) | (one, "") => format!(" by {one}"),
            (writer, manager) => format!(" by {writer} with {manager}"),
        }
    }
}

/// Which drifts to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct DriftQuery {
    pub application: Option<String>,
    /// Only those first seen before this moment.
    pub before: Option<Timestamp>,
    /// Only those first seen at this moment or later.
    pub since: Option<Timestamp>,
    /// Only those that were there still at this moment.
    pub open_at: Option<Timestamp>,
    /// At most this many; 50 where it is 0.
    pub limit: u16,
}

/// One that is there still goes on. What comes again is another one, until it came very often.
pub(super) async fn seen(connection: &mut PgConnection, drift: &Drift) -> Result<(), Error> {
    sqlx::query(
        "with mine as (
            select id, ended_at, what = $8 and actor = $9 and writer = $11
                                 and last_at > $1 - interval '1 hour' as is_again
              from drifts
             where application = $2 and api_group = $3 and resource = $4 and namespace = $5
               and name = $6),
         known as (
            select id from mine
             where ended_at is null
                or (is_again and $14 <= (select count(*) from mine where is_again))
             order by ended_at is null desc, id desc limit 1),
         again as (
            update drifts d
               set what = $8, actor = $9, changes = $10, writer = $11, written_at = $12,
                   last_at = $1, times = d.times + (d.ended_at is not null)::integer,
                   again_at = case when d.ended_at is null then d.again_at else $1 end,
                   ended_at = null, ending = ''
              from known where d.id = known.id
            returning d.id),
         old as (
            delete from drifts where id in (
                select id from drifts where application = $2 order by id desc offset $13))
         insert into drifts (at, application, api_group, resource, namespace, name, kind, what,
                             actor, changes, writer, written_at, last_at)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $1
          where not exists (select from again)",
    )
    .bind(Time(drift.at))
    .bind(&drift.application)
    .bind(&drift.key.collection.group)
    .bind(&drift.key.collection.resource)
    .bind(&drift.key.namespace)
    .bind(&drift.key.name)
    .bind(&drift.kind)
    .bind(&drift.what)
    .bind(&drift.actor)
    .bind(json!(drift.changes))
    .bind(&drift.writer)
    .bind(drift.written_at.map(Time))
    .bind(KEPT)
    .bind(APART)
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record a drift"))
}

pub(super) async fn ended(
    connection: &mut PgConnection,
    application: &str,
    keys: &[ObjectKey],
    ending: Ending,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "update drifts d
            set ended_at = $3, ending = $4,
                lasted_ms = case when d.times = 1 or d.lasted_ms is not null then
                    coalesce(d.lasted_ms, 0)
                        + extract(epoch from $3 - coalesce(d.again_at, d.at))::float8 * 1000 end
           from jsonb_to_recordset($1)
                as k(api_group text, resource text, namespace text, name text)
          where d.application = $2 and d.ended_at is null
            and (d.api_group, d.resource, d.namespace, d.name)
                = (k.api_group, k.resource, k.namespace, k.name)",
    )
    .bind(keys::rows(keys))
    .bind(application)
    .bind(Time(at))
    .bind(ending.as_str())
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed("record the end of a drift"))
}

impl Reader {
    pub async fn drifts(&self, query: &DriftQuery) -> Result<Vec<Drift>, Error> {
        let limit = match query.limit {
            0 => PAGE,
            limit => i64::from(limit),
        };
        sqlx::query_as(
            "select * from drifts
              where ($1::text is null or application = $1)
                and ($2::timestamptz is null or at < $2)
                and ($3::timestamptz is null or at >= $3)
                and ($4::timestamptz is null or ended_at is null or ended_at > $4)
              order by at desc, id desc limit $5",
        )
        .bind(&query.application)
        .bind(query.before.map(Time))
        .bind(query.since.map(Time))
        .bind(query.open_at.map(Time))
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list drifts"))
    }

    /// Those of an application that are there as far as is known.
    pub async fn open_drifts(&self, application: &str) -> Result<Vec<Drift>, Error> {
        sqlx::query_as("select * from drifts where application = $1 and ended_at is null")
            .bind(application)
            .fetch_all(&self.pool)
            .await
            .map_err(failed("list what drifted"))
    }
}
