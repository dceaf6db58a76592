-- A rollout that succeeded and was taken back with its commit, because the commit failed in another
-- application, failed as a delivery: nothing of it stayed.
create or replace view deliveries as
select o.rollout, o.application, o.commit, o.finished_at,
       o.phase = 'Failed' or o.undone_at is not null or undoing.rollout is not null as failed,
       case when o.phase = 'Succeeded' and o.undone_at is null
            then greatest(extract(epoch from o.finished_at - o.committed_at), 0)::double precision
       end as lead_seconds,
       case when o.phase = 'Failed' or o.undone_at is not null or undoing.rollout is not null
            then greatest(extract(epoch from least(o.undone_at, better.finished_at)
                                             - o.finished_at), 0)::double precision
       end as restore_seconds
  from outcomes o
  left join lateral (
        select u.id as rollout from rollouts u
         where u.application = o.application and u.rollback_of in (o.rollout, o.commit) limit 1)
    undoing on true
  left join lateral (
        select min(n.finished_at) as finished_at from rollouts n
         where n.application = o.application and n.phase = 'Succeeded' and n.undone_at is null
           and n.finished_at > o.finished_at)
    better on true
 where o.changed is distinct from false and o.phase in ('Succeeded', 'Failed');

select grant_reading();
