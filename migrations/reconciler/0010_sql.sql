-- For people and programs that read with SQL; docs/sql.md says what each column means.

-- One row for each rollout. Seconds are counted from the push, or where there was none from the
-- start, as the metrics of the same names are.
create view outcomes as
select r.id as rollout, r.application, r.revision as commit, r.previous,
       r.author_name as author, r.author_email, split_part(r.commit_message, E'\n', 1) as subject,
       r.trigger, r.push, p.pusher, r.rollback_of, r.phase, r.message, r.changed,
       c.committed_at, p.received_at as pushed_at, r.started_at, r.began_at, a.applied_at,
       r.finished_at, r.undone_at,
       greatest(extract(epoch from a.applied_at - coalesce(p.received_at, r.started_at)), 0)
           ::double precision as commit_to_applied_seconds,
       greatest(extract(epoch from r.finished_at - coalesce(p.received_at, r.started_at)), 0)
           ::double precision as commit_to_converged_seconds
  from rollouts r
  left join pushes p on p.id = r.push
  left join commits c on c.id = r.revision
  left join lateral (
        select max(finished_at) as applied_at from applies where rollout = r.id and error = '') a
    on true;

-- What each rollout did to each object, and where the commit asks for it.
create view object_changes as
select o.rollout, r.application, r.revision as commit, r.started_at, o.kind,
       case when o.api_group = '' then o.resource else o.resource || '.' || o.api_group end
           as resource,
       o.namespace, o.name, o.action, o.wave, o.file, o.line, o.changes as fields, o.applied_at,
       o.healthy_at, o.health, o.message
  from rollout_objects o
  join rollouts r on r.id = o.rollout;

-- What others changed of what Git asks for, before it was put back.
create view drift as
select at, application, kind,
       case when api_group = '' then resource else resource || '.' || api_group end as resource,
       namespace, name, what, actor as manager, changes as fields
  from drifts;

-- A delivery (what DORA calls a deployment) is a rollout that changed something and came to a verdict of its own. It failed
-- where the verdict says so, or where a later rollout undid it. It is restored once its own
-- rollout was undone, or the next one of the application succeeded.
create view deliveries as
select o.rollout, o.application, o.commit, o.finished_at,
       o.phase = 'Failed' or undoing.rollout is not null as failed,
       case when o.phase = 'Succeeded'
            then greatest(extract(epoch from o.finished_at - o.committed_at), 0)::double precision
       end as lead_seconds,
       case when o.phase = 'Failed' or undoing.rollout is not null
            then greatest(extract(epoch from least(o.undone_at, better.finished_at)
                                             - o.finished_at), 0)::double precision
       end as restore_seconds
  from outcomes o
  left join lateral (
        select u.id as rollout from rollouts u
         where u.application = o.application and u.rollback_of in (o.rollout, o.commit) limit 1)
    undoing on true
  left join lateral (
        select min(n.finished_at) as finished_at from rollouts n
         where n.application = o.application and n.phase = 'Succeeded'
           and n.finished_at > o.finished_at)
    better on true
 where o.changed is distinct from false and o.phase in ('Succeeded', 'Failed');

-- The four figures of DORA, for each application and week (that begins on Monday, UTC).
create view dora as
select application, date_trunc('week', finished_at at time zone 'UTC')::date as week,
       count(*) as deployments,
       percentile_cont(0.5) within group (order by lead_seconds) as lead_seconds_median,
       count(*) filter (where failed) as failures,
       (count(*) filter (where failed))::double precision / count(*) as failure_rate,
       percentile_cont(0.5) within group (order by restore_seconds) as restore_seconds_median
  from deliveries
 group by application, week;

-- As in the orchestrator's schema, whose comments say why.
do $$
begin
    create role kedge_readonly nologin;
exception
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then
        raise notice 'the role kedge_readonly was not made: this user may not make roles';
end $$;

create function grant_reading() returns void language plpgsql as $$
declare
    of_schema text := current_schema();
    view_name text;
begin
    if not exists (select from pg_roles where rolname = 'kedge_readonly') then
        return;
    end if;
    execute format('grant usage on schema %I to kedge_readonly', of_schema);
    for view_name in select viewname from pg_views where schemaname = of_schema loop
        execute format('grant select on %I.%I to kedge_readonly', of_schema, view_name);
    end loop;
end $$;
select grant_reading();
