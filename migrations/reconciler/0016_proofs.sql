-- That the cluster was what a commit says, once for each rollout that succeeded as a whole.
create table proofs (
    rollout text primary key references rollouts (id) on delete cascade,
    at timestamptz not null,
    root text not null,
    leaves jsonb not null
);

-- As docs/sql.md says; the leaves are in the pages and the command line.
create view convergence_proofs as
select p.rollout, r.application, r.revision as commit, p.at, p.root,
       jsonb_array_length(p.leaves) as objects
  from proofs p
  join rollouts r on r.id = p.rollout;

select grant_reading();
