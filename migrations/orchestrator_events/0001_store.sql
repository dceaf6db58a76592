-- The store. Written once for objects and once, in a schema of its own, for events; the two
-- copies of this file are the same (a test compares them).

-- The newest committed revision. Every writing transaction locks this one row until it commits,
-- so that revisions become visible in their order. A sequence could not promise that.
create table cluster_revision (
    only_row boolean primary key default true check (only_row),
    value bigint not null,
    -- The last revision that has a partition of `changes` to go to.
    partitioned_until bigint not null,
    -- The server that made the value; on another one a new epoch begins.
    identity text not null
) with (fillfactor = 20);
insert into cluster_revision (value, partitioned_until, identity) values (0, 0, '');

-- What exists. `body` is for people with psql and for views: null for Secrets and for what jsonb
-- cannot hold. The exact bytes are in `changes`, at the same revision.
create table objects (
    resource text collate "C" not null,
    namespace text collate "C" not null,
    name text collate "C" not null,
    uid text collate "C" not null,
    revision bigint not null,
    body jsonb,
    primary key (resource, namespace, name)
) with (fillfactor = 80);

-- What happened. `body` is compressed JSON, for Secrets encrypted; for a deletion it is the last
-- state. Compaction drops partitions; the oldest one holds what it carried forward.
create table changes (
    revision bigint not null primary key,
    at timestamptz not null,
    resource text collate "C" not null,
    namespace text collate "C" not null,
    name text collate "C" not null,
    uid text collate "C" not null,
    operation text collate "C" not null check (operation in ('created', 'replaced', 'deleted')),
    actor text not null,
    body bytea not null
) partition by range (revision);
alter table changes alter column body set storage external;
create index changes_of_object on changes (resource, namespace, name, revision);
create index changes_at on changes using brin (at);

-- The partitions of `changes`: revisions from `first` to `last`.
create table change_partitions (
    name text primary key,
    first bigint not null,
    last bigint not null
);

-- The first revision the log still answers for. Not in `cluster_revision`: compaction must never
-- wait for a writer while writers wait for it.
create table change_log (
    only_row boolean primary key default true check (only_row),
    oldest bigint not null
);
insert into change_log (oldest) values (1);

-- Names that one object of the cluster may hold: cluster IPs, node ports.
create table allocations (
    pool text collate "C" not null,
    value text collate "C" not null,
    resource text collate "C" not null,
    namespace text collate "C" not null,
    name text collate "C" not null,
    primary key (pool, value)
);
create index allocations_of_object on allocations (resource, namespace, name);
