-- What the pods of each application used, on average over steps of ten minutes; a day of it is kept.
create table used (
    application text collate "C" not null,
    -- When the step began.
    at timestamptz not null,
    -- Billionths of a core.
    cpu_nanos bigint not null,
    memory_bytes bigint not null,
    primary key (application, at)
);

create index used_by_time on used (at);
