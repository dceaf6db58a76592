//! Statements on the cluster's Events.

use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::Row;
use sqlx::postgres::PgRow;

use api::{Object, Uid};

use super::error::failed;
use super::row::time;
use super::time::Time;
use super::{Error, History, Reader};

/// What is kept of an Event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub uid: Uid,
    /// Of the Event itself.
    pub namespace: String,
    /// `Normal` or `Warning`.
    pub kind: String,
    pub reason: String,
    pub message: String,
    /// Who says it.
    pub component: String,
    pub count: i64,
    /// The `apiVersion` of what it is about.
    pub about_version: String,
    pub about_kind: String,
    pub about_namespace: String,
    pub about_name: String,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

impl Report {
    pub(crate) fn is_warning(&self) -> bool {
        self.kind == "Warning"
    }
}

/// Which of the kept Events to read, newest first.
#[derive(Debug, Clone, Default)]
pub struct ReportQuery {
    /// In any case; empty for all.
    pub kind: String,
    /// In any case; empty for all.
    pub reason: String,
    /// `Normal` or `Warning`, in any case; empty for both.
    pub severity: String,
    /// Only those that were last seen by then.
    pub until: Option<Timestamp>,
    /// Only those after this one in the list: when it was last seen, and which it is.
    pub before: Option<(Timestamp, Uid)>,
    pub limit: u16,
}

/// Which of the kept Events to read by what they are about, newest first.
#[derive(Debug, Clone, Default)]
pub struct ReportsAbout {
    /// Kind, namespace and name of each.
    pub subjects: Vec<(String, String, String)>,
    /// Only those that were last seen by then.
    pub until: Option<Timestamp>,
    pub limit: u16,
}

/// Some of the kept Events, and what the newest are about.
#[derive(Debug, Clone, Default)]
pub struct Reports {
    pub items: Vec<Object>,
    /// Of the newest ten thousand, as many as the two other choices leave, most frequent first.
    pub kinds: Vec<(String, i64)>,
    pub reasons: Vec<(String, i64)>,
    pub severities: Vec<(String, i64)>,
}

impl History {
    /// Writes what is newer than what is kept.
    pub(crate) async fn keep_reports(&self, reports: &[Report]) -> Result<(), Error> {
        sqlx::query(
            "insert into reports
             select k.uid, k.namespace, k.type, k.reason, k.message, k.component, k.count,
                    k.about_version, k.about_kind, k.about_namespace, k.about_name,
                    timestamptz 'epoch' + k.first * interval '1 microsecond',
                    timestamptz 'epoch' + k.last * interval '1 microsecond'
               from jsonb_to_recordset($1)
                    as k(uid text, namespace text, type text, reason text, message text,
                         component text, count bigint, about_version text, about_kind text,
                         about_namespace text, about_name text, first bigint, last bigint)
             on conflict (uid) do update
                set message = excluded.message, count = excluded.count, last_at = excluded.last_at
              where excluded.last_at > reports.last_at or excluded.count > reports.count",
        )
        .bind(reports.iter().map(row).collect::<Value>())
        .execute(&self.reader.pool)
        .await
        .map(drop)
        .map_err(failed("keep the cluster's events"))
    }

    /// Deletes at most `part` of those that were last seen before `until`, or that are older than
    /// the newest `most`; answers how many it were.
    pub(crate) async fn sweep_reports(
        &self,
        until: Timestamp,
        most: i64,
        part: i64,
    ) -> Result<u64, Error> {
        sqlx::query(
            "delete from reports where uid in (
                select uid from reports
                 where last_at < greatest($1, (select last_at from reports
                                               order by last_at desc, uid desc offset $2 limit 1))
                 order by last_at limit $3)",
        )
        .bind(Time(until))
        .bind(most)
        .bind(part)
        .execute(&self.reader.pool)
        .await
        .map(|done| done.rows_affected())
        .map_err(failed("sweep old events"))
    }
}

fn row(report: &Report) -> Value {
    json!({
        "uid": report.uid.0, "namespace": report.namespace, "type": report.kind,
        "reason": report.reason, "message": report.message, "component": report.component,
        "count": report.count, "about_version": report.about_version,
        "about_kind": report.about_kind, "about_namespace": report.about_namespace,
        "about_name": report.about_name, "first": report.first_at.as_microsecond(),
        "last": report.last_at.as_microsecond(),
    })
}

impl Reader {
    /// When an Event was last seen.
    pub(crate) async fn newest_report(&self) -> Result<Option<Timestamp>, Error> {
        let newest = sqlx::query("select last_at from reports order by last_at desc limit 1")
            .fetch_optional(&self.pool)
            .await
            .map_err(failed("find the newest event"))?;
        newest
            .map(|row| time(&row, "last_at"))
            .transpose()
            .map_err(failed("read the newest event"))
    }

    /// The cluster's Events, as far as they are kept.
    pub async fn reports(&self, query: &ReportQuery) -> Result<Reports, Error> {
        let rows = sqlx::query(
            "select * from reports
              where ($1 = '' or lower(about_kind) = lower($1))
                and ($2 = '' or lower(reason) = lower($2))
                and ($3::timestamptz is null or last_at <= $3)
                and ($4::timestamptz is null or (last_at, uid) < ($4, $5))
                and ($7 = '' or lower(type) = lower($7))
              order by last_at desc, uid desc limit $6",
        )
        .bind(&query.kind)
        .bind(&query.reason)
        .bind(query.until.map(Time))
        .bind(query.before.as_ref().map(|(at, _)| Time(*at)))
        .bind(query.before.as_ref().map(|(_, uid)| uid.0.as_str()))
        .bind(i64::from(query.limit))
        .bind(&query.severity)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list the cluster's events"))?;
        let items = rows.iter().map(event).collect::<Result<_, _>>();
        let mut there = Reports {
            items: items.map_err(failed("read the cluster's events"))?,
            ..Reports::default()
        };
        for (what, name, count) in self.counted(query).await? {
            match what.as_str() {
                "kind" => there.kinds.push((name, count)),
                "reason" => there.reasons.push((name, count)),
                _ => there.severities.push((name, count)),
            }
        }
        Ok(there)
    }

    /// The cluster's Events about some objects, as far as they are kept.
    pub async fn reports_about(&self, about: &ReportsAbout) -> Result<Vec<Object>, Error> {
        let part = |pick: fn(&(String, String, String)) -> &String| -> Vec<&str> {
            about.subjects.iter().map(|it| pick(it).as_str()).collect()
        };
        let rows = sqlx::query(
            "select r.* from reports r
               join unnest($1::text[], $2::text[], $3::text[]) as s(kind, namespace, name)
                 on r.about_name = s.name and r.about_namespace = s.namespace
                and r.about_kind = s.kind
              where $4::timestamptz is null or r.last_at <= $4
              order by r.last_at desc, r.uid desc limit $5",
        )
        .bind(part(|it| &it.0))
        .bind(part(|it| &it.1))
        .bind(part(|it| &it.2))
        .bind(about.until.map(Time))
        .bind(i64::from(about.limit))
        .fetch_all(&self.pool)
        .await
        .map_err(failed("list the events about objects"))?;
        let items = rows.iter().map(event).collect::<Result<_, _>>();
        items.map_err(failed("read the events about objects"))
    }

    /// How many there are of each kind, reason and severity: of what the two others leave.
    async fn counted(&self, query: &ReportQuery) -> Result<Vec<(String, String, i64)>, Error> {
        sqlx::query_as(
            "with newest as materialized (
                 select about_kind, reason, type,
                        $2 = '' or lower(about_kind) = lower($2) as of_kind,
                        $3 = '' or lower(reason) = lower($3) as of_reason,
                        $4 = '' or lower(type) = lower($4) as of_type
                   from reports
                  where $1::timestamptz is null or last_at <= $1
                  order by last_at desc limit 10000)
             select 'kind', about_kind, count(*) from newest
              where of_reason and of_type group by about_kind
             union all
             select 'reason', reason, count(*) from newest
              where of_kind and of_type group by reason
             union all
             select 'type', type, count(*) from newest
              where of_kind and of_reason group by type
              order by 3 desc, 2 limit 300",
        )
        .bind(query.until.map(Time))
        .bind(&query.kind)
        .bind(&query.reason)
        .bind(&query.severity)
        .fetch_all(&self.pool)
        .await
        .map_err(failed("count the cluster's events"))
    }
}

/// As the API server would say it.
fn event(row: &PgRow) -> Result<Object, sqlx::Error> {
    let text = |column: &str| row.try_get::<String, _>(column);
    let (first, last) = (time(row, "first_at")?, time(row, "last_at")?);
    Ok(json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"uid": text("uid")?, "namespace": text("namespace")?},
        "type": text("type")?, "reason": text("reason")?, "message": text("message")?,
        "count": row.try_get::<i64, _>("count")?,
        "firstTimestamp": first.to_string(), "lastTimestamp": last.to_string(),
        "source": {"component": text("component")?},
        "involvedObject": {
            "apiVersion": text("about_version")?, "kind": text("about_kind")?,
            "namespace": text("about_namespace")?, "name": text("about_name")?,
        },
    })
    .into())
}
