-- The commit of a repository that a write brought about; empty for none. The last column, which
-- the release before this one does not know and need not.
alter table changes add column commit text collate "C" not null default '';
create index changes_of_commit on changes (commit, revision) where commit <> '';

create or replace view history as
select revision, at, operation, resource, namespace, name, actor, commit from changes;
