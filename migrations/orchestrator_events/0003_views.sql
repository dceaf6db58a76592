-- For people with psql: set search_path = orchestrator_events; select * from events;
create view events as
select namespace, body ->> 'type' as type, body ->> 'reason' as reason,
       coalesce(body #>> '{involvedObject,kind}', body #>> '{regarding,kind}') as kind,
       coalesce(body #>> '{involvedObject,name}', body #>> '{regarding,name}') as name,
       coalesce(body ->> 'message', body ->> 'note') as message,
       (body #>> '{metadata,creationTimestamp}')::timestamptz as created, revision, body
  from objects;
