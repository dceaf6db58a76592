-- Sessions of the web pages that were ended before their time: what their cookies say is no longer
-- true. Swept once they would have ended by themselves.
create table ended_sessions (
    id text collate "C" primary key,
    until timestamptz not null
);
