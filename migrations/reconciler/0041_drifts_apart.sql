-- What drifts again is a drift of its own; where that happens very often, one row counts how often and adds
-- up how long. Null: not known, as of the rows that were joined before.
alter table drifts
    add column again_at timestamptz,
    add column lasted_ms bigint;
update drifts set lasted_ms = extract(epoch from ended_at - at) * 1000 where times = 1 and ended_at is not null;

create or replace view drift as
select at, application, kind,
       case when api_group = '' then resource else resource || '.' || api_group end as resource,
       namespace, name, what, actor as manager, changes as fields, writer,
       written_at, last_at, times, ended_at, nullif(ending, '') as ending, lasted_ms
  from drifts;

select grant_reading();
