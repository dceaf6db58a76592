-- Hosted Git: who may, what is there, what was pushed, and what was said about it before.

-- Tokens of people and programs; never a token itself, only its digest.
create table tokens (
    -- The part of the token that is no secret.
    id text primary key,
    name text not null,
    user_name text not null,
    role text not null check (role in ('reader', 'writer')),
    -- SHA-256 of the whole token, in hex.
    digest text not null,
    created_by text not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    used_at timestamptz
);
create unique index token_names on tokens (name) where revoked_at is null;

-- Every ref that somebody pushed to, or tried to.
create table ref_updates (
    seq bigint generated always as identity primary key,
    at timestamptz not null,
    -- The id of the push; in pushes too where the cluster follows the ref.
    push text not null,
    repository text not null,
    ref text not null,
    -- Empty where the ref is new, or is deleted.
    old_revision text not null,
    new_revision text not null,
    pusher text not null,
    -- The token's name; empty for the admin's.
    token text not null,
    verdict text not null check (verdict in ('Checking', 'Refused', 'Accepted')),
    reason text not null default ''
);
create index ref_updates_of_push on ref_updates (push);
create index ref_updates_by_time on ref_updates (at);

-- Hosted repositories besides the cluster's own.
create table repositories (
    name text primary key,
    created_by text not null,
    created_at timestamptz not null
);

-- What may be done to the branches and tags whose names fit.
create table branch_rules (
    repository text not null,
    pattern text not null,
    allow_force boolean not null,
    allow_deletion boolean not null,
    -- Users; empty: everybody who may write.
    pushers text[] not null,
    primary key (repository, pattern)
);

-- Copies of hosted repositories elsewhere, and of repositories elsewhere here.
create table mirrors (
    repository text not null,
    -- to or from
    direction text not null check (direction in ('to', 'from')),
    url text not null,
    created_by text not null,
    created_at timestamptz not null,
    -- When both were the same last.
    synced_at timestamptz,
    error text not null default '',
    failures integer not null default 0,
    primary key (repository, direction, url)
);

-- What a branch or pull request would do, as of its newest commit.
create table changes (
    repository text not null,
    branch text not null,
    revision text not null,
    -- The commit it was compared with.
    base text not null,
    -- The number of the pull request; empty for a branch.
    pull text not null default '',
    planned_at timestamptz not null,
    verdict text not null check (verdict in ('Passed', 'Refused', 'Unknown')),
    -- Of the plan: equal where the same would be done.
    digest text not null,
    report jsonb not null,
    primary key (repository, branch)
);

-- Who pushed what, with which token.
create view git_pushes as
select at, push, repository, ref, old_revision, new_revision, pusher, token, verdict, reason
  from ref_updates;

select grant_reading();
