-- What forges said last, and when repositories were read, for their pages: both outlive a restart.

-- The last message about each address of a repository; the oldest of many go.
create table webhook_messages (
    address text collate "C" primary key,
    at timestamptz not null,
    forge text not null,
    outcome text not null
);

-- The last message that was refused. One row: whoever does not know the secret can make no more.
create table webhook_refusal (
    only_one boolean primary key default true check (only_one),
    at timestamptz not null,
    why text not null,
    count bigint not null
);

-- When each repository elsewhere was fetched last.
create table fetches (
    repository text collate "C" primary key,
    at timestamptz not null
);
