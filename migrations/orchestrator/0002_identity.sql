-- Which server this is, and on which timeline: a restore or a failover changes it. Commits are
-- synchronous here, so a mere restart of the same server loses nothing.
create function server_identity() returns text language sql stable as $$
    select (select system_identifier from pg_control_system())
        || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
$$;
