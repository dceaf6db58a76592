-- For people with psql: set search_path = orchestrator; select * from pods;

create view namespaces as
select name, body #>> '{status,phase}' as phase,
       (body #>> '{metadata,creationTimestamp}')::timestamptz as created, revision, body
  from objects where resource = 'namespaces';

create view nodes as
select name, body #>> '{status,nodeInfo,kubeletVersion}' as version,
       (select c ->> 'status' from jsonb_array_elements(body #> '{status,conditions}') c
         where c ->> 'type' = 'Ready' limit 1) as ready,
       (body #>> '{metadata,creationTimestamp}')::timestamptz as created, revision, body
  from objects where resource = 'nodes';

create view pods as
select namespace, name, body #>> '{status,phase}' as phase, body #>> '{spec,nodeName}' as node,
       body #>> '{status,podIP}' as ip, body #> '{metadata,labels}' as labels,
       (body #>> '{metadata,creationTimestamp}')::timestamptz as created, revision, body
  from objects where resource = 'pods';

create view services as
select namespace, name, body #>> '{spec,type}' as type, body #>> '{spec,clusterIP}' as cluster_ip,
       body #> '{spec,ports}' as ports, body #> '{spec,selector}' as selector,
       (body #>> '{metadata,creationTimestamp}')::timestamptz as created, revision, body
  from objects where resource = 'services';

create view deployments as
select namespace, name, (body #>> '{spec,replicas}')::bigint as replicas,
       coalesce((body #>> '{status,readyReplicas}')::bigint, 0) as ready,
       coalesce((body #>> '{status,updatedReplicas}')::bigint, 0) as updated,
       (body #>> '{metadata,creationTimestamp}')::timestamptz as created, revision, body
  from objects where resource = 'deployments.apps';

create view replicasets as
select namespace, name, (body #>> '{spec,replicas}')::bigint as replicas,
       coalesce((body #>> '{status,readyReplicas}')::bigint, 0) as ready,
       (body #>> '{metadata,creationTimestamp}')::timestamptz as created, revision, body
  from objects where resource = 'replicasets.apps';

create view jobs as
select namespace, name, coalesce((body #>> '{status,active}')::bigint, 0) as active,
       coalesce((body #>> '{status,succeeded}')::bigint, 0) as succeeded,
       coalesce((body #>> '{status,failed}')::bigint, 0) as failed,
       (body #>> '{metadata,creationTimestamp}')::timestamptz as created, revision, body
  from objects where resource = 'jobs.batch';

create view applications as
select namespace, name, body #>> '{status,sync,status}' as sync,
       body #>> '{status,health,status}' as health, body #>> '{status,revision}' as commit,
       (body #>> '{metadata,creationTimestamp}')::timestamptz as created, revision, body
  from objects where resource = 'applications.kedge.dev';

create view rollouts as
select namespace, name, body #>> '{status,phase}' as phase, body #>> '{spec,revision}' as commit,
       (body #>> '{metadata,creationTimestamp}')::timestamptz as created, revision, body
  from objects where resource = 'rollouts.kedge.dev';

-- The log without the bodies: who changed what, when.
create view history as
select revision, at, operation, resource, namespace, name, actor from changes;
