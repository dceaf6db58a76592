-- For people and programs that read with SQL; docs/sql.md says what each column means.

-- The log without the bodies: who changed what, when.
create or replace view history as
select revision, at, operation, resource, namespace, name, actor, commit,
       split_part(actor, '/', 1) as writer,
       case when strpos(actor, '/') > 0 then substr(actor, strpos(actor, '/') + 1) else '' end
           as manager,
       uid
  from changes;

-- Every version of every object, and from when to when it was the one.
create view object_versions as
select v.resource, v.namespace, v.name, v.uid, v.revision, v.since, v.until, v.writer, v.manager,
       v.commit, o.body
  from (select resource, namespace, name, uid, revision, operation, at as since,
               lead(at) over (partition by resource, namespace, name order by revision) as until,
               writer, manager, commit
          from history) v
  left join objects o using (resource, namespace, name, revision)
 where v.operation <> 'deleted';

-- A role to give to those who may read: views only, which show no Secret and no encrypted byte.
-- Whoever may not make roles gets the views alone; docs/sql.md says how to make it by hand.
do $$
begin
    create role kedge_readonly nologin;
exception
    -- Of another Kedge in the same server, perhaps at this very moment.
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then
        raise notice 'the role kedge_readonly was not made: this user may not make roles';
end $$;

-- For this schema's views, now and after each later migration that makes one.
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
