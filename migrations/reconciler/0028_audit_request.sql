-- The name of the request: the same as in the answer's header x-request-id and in the log.
alter table asked add column request text not null default '';

-- As docs/sql.md says.
create or replace view audit as
select id, at, person, email, address, method, path, code, code < 400 as allowed, request
  from asked;
