-- Plans of branches as they stood, for looking back.

-- When the same was first planned; null where that was the only time.
alter table changes add column since timestamptz;

-- Plans that another one took the place of, or whose branch is gone. What is old is swept.
create table past_changes (
    repository text not null,
    branch text not null,
    revision text not null,
    base text not null,
    pull text not null,
    planned_at timestamptz not null,
    verdict text not null,
    digest text not null,
    report jsonb not null,
    since timestamptz not null,
    ended_at timestamptz not null
);
create index past_changes_by_end on past_changes (ended_at);

-- Where the branches of hosted repositories were at a moment.
create index ref_updates_of_ref on ref_updates (repository, ref, at desc) where verdict = 'Accepted';
