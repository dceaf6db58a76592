-- Whether a failure takes the other applications of its commit along.
alter table holds add column atomic boolean not null default false;

create index rollouts_by_revision on rollouts (revision);
