-- A drift is recorded when it is seen, whether or not it may be put back. One row for what the same
-- hand does to the same object again within an hour; of one application the newest thousand stay.
alter table drifts
    -- When the manager wrote, as the object's managedFields say.
    add column written_at timestamptz,
    -- When it was seen last, and how often it came.
    add column last_at timestamptz,
    add column times integer not null default 1,
    -- When it was seen to be gone, and how it went: corrected, rollout, gone. Null: not yet.
    add column ended_at timestamptz,
    add column ending text not null default '';

-- Before, what was recorded was put back in the same pass.
update drifts set last_at = at, ended_at = at, ending = 'corrected';
alter table drifts alter column last_at set not null, alter column last_at set default now();

create index drifts_by_time on drifts (at);
create index drifts_not_over on drifts (application) where ended_at is null;

create or replace view drift as
select at, application, kind,
       case when api_group = '' then resource else resource || '.' || api_group end as resource,
       namespace, name, what, actor as manager, changes as fields, writer,
       written_at, last_at, times, ended_at, nullif(ending, '') as ending
  from drifts;

select grant_reading();
