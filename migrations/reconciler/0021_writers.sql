-- Who changed or deleted it, where the cluster keeps a log of its writes: a person, or a service
-- account. The manager is what they did it with.
alter table drifts add column writer text not null default '';

create or replace view drift as
select at, application, kind,
       case when api_group = '' then resource else resource || '.' || api_group end as resource,
       namespace, name, what, actor as manager, changes as fields, writer
  from drifts;

select grant_reading();
