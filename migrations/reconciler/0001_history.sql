-- What Git said, what was done about it, and what came of it. Nothing here is ever deleted but
-- the inventory's entries and handled requests.

create table sources (
    repository text primary key,
    branch text not null,
    -- The newest commit that passed its checks: what the cluster is brought to.
    revision text not null default '',
    fetched_at timestamptz,
    -- Why the repository cannot be read, or its newest commit is not followed.
    error text not null default ''
);

create table commits (
    id text primary key,
    parents text[] not null,
    author_name text not null,
    author_email text not null,
    authored_at timestamptz not null,
    committed_at timestamptz not null,
    message text not null,
    seen_at timestamptz not null
);

create table pushes (
    id text primary key,
    repository text not null,
    branch text not null,
    old_revision text not null,
    new_revision text not null,
    pusher text not null,
    -- push, rollback, poll, notify, webhook, start
    trigger text not null,
    received_at timestamptz not null,
    verdict text not null check (verdict in ('Checking', 'Refused', 'Accepted')),
    -- The plan, or the reasons for the refusal, as the pusher was told.
    report text not null default ''
);
create index pushes_of_revision on pushes (new_revision, received_at);
create index pushes_by_time on pushes (received_at);

create table applications (
    name text primary key,
    -- Whether a commit defines it; somebody made the others by hand.
    in_git boolean not null,
    -- Its policy about objects that left, for when the Application itself is gone.
    prune boolean not null,
    seen_at timestamptz not null,
    removed_at timestamptz
);

create table rollouts (
    id text primary key,
    application text not null,
    number bigint not null,
    push text references pushes,
    revision text not null,
    -- What the application was at before; empty at first.
    previous text not null,
    author_name text not null,
    author_email text not null,
    -- The commit's whole message.
    commit_message text not null,
    trigger text not null,
    -- The rollout, or else the commit, that this one undoes.
    rollback_of text not null default '',
    rollback jsonb,
    -- Equal where the commit asks for the same objects.
    digest text not null,
    phase text not null
        check (phase in ('Pending', 'Applying', 'Verifying', 'Succeeded', 'Failed', 'Superseded')),
    -- What is waited for, then the verdict's one sentence.
    message text not null default '',
    -- Whether the commit asked for anything new; null before the verdict.
    changed boolean,
    started_at timestamptz not null,
    began_at timestamptz,
    deadline_at timestamptz,
    finished_at timestamptz,
    unique (application, number)
);
create index rollouts_of_push on rollouts (push);
create index rollouts_by_time on rollouts (started_at);
create unique index one_running_rollout on rollouts (application) where finished_at is null;

-- What a rollout does to each object, and what came of it.
create table rollout_objects (
    rollout text not null references rollouts,
    api_group text not null,
    resource text not null,
    namespace text not null,
    name text not null,
    kind text not null,
    wave integer not null,
    position integer not null,
    action text not null check (action in ('create', 'change', 'delete', 'keep', 'unchanged')),
    file text not null default '',
    line integer not null default 0,
    -- Changed fields, values of Secrets as fingerprints.
    changes jsonb not null default '[]',
    applied_at timestamptz,
    healthy_at timestamptz,
    health text not null default '',
    message text not null default '',
    primary key (rollout, api_group, resource, namespace, name)
);

-- Every attempt to apply a wave.
create table applies (
    rollout text not null references rollouts,
    attempt integer not null,
    wave integer not null,
    began_at timestamptz not null,
    finished_at timestamptz,
    error text not null default '',
    primary key (rollout, attempt)
);

create table steps (
    seq bigint generated always as identity primary key,
    at timestamptz not null,
    application text not null default '',
    rollout text references rollouts,
    push text references pushes,
    kind text not null,
    text text not null,
    data jsonb not null default '{}'
);
create index steps_of_rollout on steps (rollout, seq) where rollout is not null;
create index steps_of_push on steps (push, seq) where push is not null;
create index steps_of_application on steps (application, seq);

-- The objects that are an application's: added before they are created, taken out once they are
-- seen to be gone. An object has one owner.
create table inventory (
    api_group text not null,
    resource text not null,
    namespace text not null,
    name text not null,
    application text not null,
    -- Empty between the record and the creation.
    uid text not null default '',
    added_at timestamptz not null,
    primary key (api_group, resource, namespace, name)
);
create index inventory_of_application on inventory (application);

-- Commits that failed and are not tried again.
create table holds (
    rollout text primary key references rollouts,
    application text not null,
    revision text not null,
    reason text not null,
    since timestamptz not null,
    released_at timestamptz
);
create index holds_of_application on holds (application) where released_at is null;

create table drifts (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    application text not null,
    api_group text not null,
    resource text not null,
    namespace text not null,
    name text not null,
    kind text not null,
    -- changed, deleted or left over
    what text not null,
    -- The field manager that did it, where it is known.
    actor text not null default '',
    changes jsonb not null default '[]'
);
create index drifts_of_application on drifts (application, at);

-- Syncs that were asked for by hand and are not begun yet.
create table requests (
    application text primary key,
    actor text not null,
    requested_at timestamptz not null
);
