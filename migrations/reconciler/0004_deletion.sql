-- What becomes of an application's objects when it goes. `prune` said that before, and is left for
-- the release before this one.
alter table applications add column deletion text not null default 'keepData';
update applications set deletion = 'orphan' where not prune;
alter table applications alter column prune set default true;
