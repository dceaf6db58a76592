//! Keeps the zone equal to the cluster's Services.

use client::{Cache, Tasks};

use super::serve::Dns;
use super::zone::Zone;

/// Follows the caches until the tasks are cancelled.
pub fn follow(dns: Dns, domain: String, services: Cache, slices: Cache, tasks: &Tasks) {
    tasks.spawn_until_cancelled(async move {
        services.synced().await;
        slices.synced().await;
        let (mut service_ticks, mut slice_ticks) = (services.ticks(), slices.ticks());
        loop {
            service_ticks.borrow_and_update();
            slice_ticks.borrow_and_update();
            let (all, endpoints) = (services.all(), slices.all());
            let zone = Zone::new(
                &domain,
                all.iter().map(AsRef::as_ref),
                endpoints.iter().map(AsRef::as_ref),
            );
            dns.replace(zone);
            tokio::select! {
                changed = service_ticks.changed() => if changed.is_err() { return },
                changed = slice_ticks.changed() => if changed.is_err() { return },
            }
        }
    });
}
