-- Which server this is, on which timeline, since when. Events are committed asynchronously: a
-- crash can lose the last of them, so every start of the server counts as another server.
create function server_identity() returns text language sql stable as $$
    select (select system_identifier from pg_control_system())
        || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
        || '/' || extract(epoch from pg_postmaster_start_time())
$$;
