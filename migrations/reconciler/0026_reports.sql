-- The cluster's Events, for longer than the API server keeps them (an hour after it saw one last).
-- One row for one Event, however often it was seen; what is old is swept.
create table reports (
    uid text collate "C" primary key,
    namespace text not null,
    type text not null,
    reason text not null,
    message text not null,
    component text not null,
    count bigint not null,
    -- What it is about.
    about_version text not null,
    about_kind text not null,
    about_namespace text not null,
    about_name text not null,
    first_at timestamptz not null,
    last_at timestamptz not null
);

create index reports_by_time on reports (last_at desc, uid desc);
create index reports_by_kind on reports (lower(about_kind), last_at desc);
create index reports_by_reason on reports (lower(reason), last_at desc);

-- As docs/sql.md says.
create view reported as
select last_at as at, first_at, type, reason, about_kind as kind, about_namespace as namespace,
       about_name as name, message, count, component
  from reports;

select grant_reading();
