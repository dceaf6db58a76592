-- Whether the commit before asked for the same objects: then there is nothing to go back to.
alter table rollouts add column same_as_previous boolean not null default false;
