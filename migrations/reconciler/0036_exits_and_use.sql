-- The ends of containers that went wrong while a rollout waited for their object, oldest first:
-- at (RFC 3339), pod, container, code.
alter table rollout_objects add column exits jsonb not null default '[]';

create or replace view object_changes as
select o.rollout, r.application, r.revision as commit, r.started_at, o.kind,
       case when o.api_group = '' then o.resource else o.resource || '.' || o.api_group end
           as resource,
       o.namespace, o.name, o.action, o.wave, o.file, o.line, o.changes as fields, o.applied_at,
       o.healthy_at, o.health, o.message, o.exits
  from rollout_objects o
  join rollouts r on r.id = o.rollout;

-- What the pods of each application used; docs/sql.md says what each column means.
create view application_use as
select application, at, cpu_nanos, memory_bytes from used;

select grant_reading();
