-- A proof of a commit that was proven before: what others changed meanwhile is as the commit says again.
-- The first one of each rollout stays in `proofs`.
create table proofs_again (
    id bigint generated always as identity primary key,
    rollout text not null references rollouts (id) on delete cascade,
    at timestamptz not null,
    root text not null,
    leaves jsonb not null
);
create index proofs_again_of on proofs_again (rollout, at);

-- Until when a proof of a rollout was true: the next one began, or somebody changed something.
create function proven_until(of_application text, of_number bigint, since timestamptz)
returns timestamptz language sql stable as $$
    select least(
        (select min(began_at) from rollouts
          where application = of_application and number > of_number),
        (select min(case when at > since then at else last_at end) from drifts
          where application = of_application and last_at > since))
$$;

create or replace view convergence_proofs as
select p.rollout, r.application, r.revision as commit, p.at, p.root,
       jsonb_array_length(p.leaves) as objects
  from (select rollout, at, root, leaves from proofs
        union all
        select rollout, at, root, leaves from proofs_again) p
  join rollouts r on r.id = p.rollout;

select grant_reading();
