-- What was asked for at the web address, other than reading: done or refused.
create table asked (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    -- Empty for one who is not known.
    person text not null,
    email text not null,
    address text not null,
    method text not null,
    path text not null,
    code integer not null
);

create index asked_by_time on asked (at);

-- As docs/sql.md says.
create view audit as
select id, at, person, email, address, method, path, code, code < 400 as allowed
  from asked;

select grant_reading();
