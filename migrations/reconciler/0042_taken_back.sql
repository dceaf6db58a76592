-- Which later rollout took back what this one brought, and when; and who asked for it by hand.
alter table rollouts
    add column taken_back_by text,
    add column taken_back_at timestamptz,
    add column asked_by text not null default '';

create index rollouts_taken_back on rollouts (taken_back_by) where taken_back_by is not null;

-- A rollback that went well takes back what its commit reverts. What that had taken back itself stands
-- again.
create function take_back(taker text, since timestamptz) returns void language sql as $$
    update rollouts t set taken_back_by = b.id, taken_back_at = since
      from rollouts b
     where b.id = taker and b.phase = 'Succeeded' and b.undone_at is null
       and t.application = b.application and t.number < b.number
       and t.phase = 'Succeeded' and t.undone_at is null and t.changed is distinct from false
       and t.taken_back_by is null
       and exists (select from jsonb_array_elements_text(b.rollback -> 'reverts') reverted
                    where starts_with(t.revision, reverted));
    update rollouts set taken_back_by = null, taken_back_at = null
     where taken_back_by in (select id from rollouts where taken_back_by = taker);
$$;

do $$
declare
    one record;
begin
    for one in select id, finished_at from rollouts
                where rollback is not null and phase = 'Succeeded' order by started_at
    loop
        perform take_back(one.id, one.finished_at);
    end loop;
end $$;

-- Who asked, as the step that it began with has it.
update rollouts r set asked_by = coalesce(
    (select s.data ->> 'requester' from steps s
      where s.rollout = r.id and s.kind = 'started' order by s.seq limit 1), '')
 where r.trigger = 'sync';

create or replace view outcomes as
select r.id as rollout, r.application, r.revision as commit, r.previous,
       r.author_name as author, r.author_email, split_part(r.commit_message, E'\n', 1) as subject,
       r.trigger, r.push, p.pusher, r.rollback_of, r.phase, r.message, r.changed,
       c.committed_at, p.received_at as pushed_at, r.started_at, r.began_at, a.applied_at,
       r.finished_at, r.undone_at,
       greatest(extract(epoch from a.applied_at - coalesce(p.received_at, r.started_at)), 0)
           ::double precision as commit_to_applied_seconds,
       greatest(extract(epoch from r.finished_at - coalesce(p.received_at, r.started_at)), 0)
           ::double precision as commit_to_converged_seconds,
       r.taken_back_by, r.taken_back_at, r.asked_by
  from rollouts r
  left join pushes p on p.id = r.push
  left join commits c on c.id = r.revision
  left join lateral (
        select max(finished_at) as applied_at from applies where rollout = r.id and error = '') a
    on true;

select grant_reading();
