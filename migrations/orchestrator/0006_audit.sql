-- Every write that was asked for over the API, and what came of it; docs/sql.md says of each column
-- what it means. Old rows are deleted a few thousand at a time: they come in order and are never
-- changed, so this leaves whole pages behind.
create table requests (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    writer text not null,
    impersonator text not null,
    address text not null,
    agent text not null,
    verb text not null,
    resource text not null,
    namespace text not null,
    name text not null,
    subresource text not null,
    manager text not null,
    commit text not null,
    dry_run boolean not null,
    code integer not null,
    reason text not null
);
create index requests_by_time on requests using brin (at);

create view audit as
select id, at, writer, impersonator, address, agent, verb, resource, namespace, name, subresource,
       manager, commit, dry_run, code, code < 400 as allowed, reason
  from requests;
select grant_reading();
