-- As in the schema for objects: the two logs have the same columns.
alter table changes add column commit text collate "C" not null default '';
