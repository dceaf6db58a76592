-- What a sync by hand asks for beyond the commit: objects, prune.
alter table requests add column options jsonb not null default '{}';
alter table rollouts add column options jsonb not null default '{}';

-- Applications that somebody suspended; those whose manifest says so are not in it.
create table suspensions (
    application text primary key,
    actor text not null,
    reason text not null,
    since timestamptz not null
);
