//! What the database holds for the keys and names of a batch, read under the counter's lock.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use api::{ObjectKey, Revision};

use super::plan::Unit;
use super::row::holder;
use crate::store::decide::{self, Name, View};

/// Reads it all.
pub(super) async fn view(
    connection: &mut PgConnection,
    units: &[Unit],
) -> Result<View, sqlx::Error> {
    let writes = || {
        units
            .iter()
            .flat_map(|unit| &unit.writes)
            .map(|prepared| &prepared.write)
    };
    let keys: BTreeSet<&ObjectKey> = writes().map(|write| &write.key).collect();
    let keys: Vec<&ObjectKey> = keys.into_iter().collect();
    let names: BTreeSet<Name> = writes()
        .flat_map(|write| &write.allocations)
        .map(decide::name)
        .collect();
    let mut view = View::default();
    let mut holders = Vec::new();
    for (ordinal, revision, is_holder) in objects(connection, &keys).await? {
        let Some(key) = usize::try_from(ordinal - 1)
            .ok()
            .and_then(|index| keys.get(index))
        else {
            continue;
        };
        view.insert_object((*key).clone(), Revision(revision));
        if is_holder {
            holders.push(*key);
        }
    }
    if !(holders.is_empty() && names.is_empty()) {
        for (pool, value, resource, namespace, name) in
            allocations(connection, &names, &holders).await?
        {
            view.insert_holder((pool, value), holder((resource, namespace, name)));
        }
    }
    Ok(view)
}

/// For each key that exists: its position from 1, its revision, whether it holds any name.
async fn objects(
    connection: &mut PgConnection,
    keys: &[&ObjectKey],
) -> Result<Vec<(i64, i64, bool)>, sqlx::Error> {
    sqlx::query_as(
        "select k.ordinal, o.revision,
                exists (select 1 from allocations a where a.resource = o.resource
                           and a.namespace = o.namespace and a.name = o.name)
           from unnest($1::text[], $2::text[], $3::text[])
                with ordinality as k (resource, namespace, name, ordinal)
           join objects o using (resource, namespace, name)",
    )
    .bind(
        keys.iter()
            .map(|key| key.collection.to_string())
            .collect::<Vec<_>>(),
    )
    .bind(
        keys.iter()
            .map(|key| key.namespace.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>())
    .fetch_all(connection)
    .await
}

type AllocationRow = (String, String, String, String, String);

/// Who holds these names, and what these objects hold.
async fn allocations(
    connection: &mut PgConnection,
    names: &BTreeSet<Name>,
    holders: &[&ObjectKey],
) -> Result<Vec<AllocationRow>, sqlx::Error> {
    sqlx::query_as(
        "select a.pool, a.value, a.resource, a.namespace, a.name
           from unnest($1::text[], $2::text[]) as n (pool, value)
           join allocations a using (pool, value)
          union
         select a.pool, a.value, a.resource, a.namespace, a.name
           from unnest($3::text[], $4::text[], $5::text[]) as k (resource, namespace, name)
           join allocations a using (resource, namespace, name)",
    )
    .bind(
        names
            .iter()
            .map(|(pool, _)| pool.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        names
            .iter()
            .map(|(_, value)| value.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        holders
            .iter()
            .map(|key| key.collection.to_string())
            .collect::<Vec<_>>(),
    )
    .bind(
        holders
            .iter()
            .map(|key| key.namespace.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        holders
            .iter()
            .map(|key| key.name.as_str())
            .collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await
}
