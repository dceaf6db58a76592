//! Opens the API server's listeners: the shared TLS front with this instance's certificates.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;

use client::{Env, Tasks};
use tls::{Certificates, Error, Limits, Transport};

use crate::auth::pki::{Pki, ServingNames};

/// How often the serving certificate is looked at. It lasts a year, so a day is early enough.
const CHECK: Duration = Duration::from_hours(24);

/// Serves `router` on every address, with a certificate for `names`, until the tasks are
/// cancelled. Client certificates are verified against the instance's authority; each request
/// carries a [`tls::Peer`]. Answers the addresses, with the ports that were picked for port 0.
pub async fn listen(
    addresses: &[SocketAddr],
    router: Router,
    pki: Arc<Pki>,
    names: ServingNames,
    limits: &Limits,
    env: Env,
    tasks: &Tasks,
) -> Result<Vec<SocketAddr>, Error> {
    let pair = pki.api_server(&names, env.now())?;
    let certificates = Arc::new(Certificates::new(&pair)?);
    let transport = Transport::mutual(certificates.clone(), pki.authority_pem())?;
    let mut bound = Vec::with_capacity(addresses.len());
    for address in addresses {
        let listener = tls::bind(*address).await?;
        bound.push(listener.local_addr().map_err(|source| Error::Listen {
            address: *address,
            source,
        })?);
        tls::serve(listener, transport.clone(), router.clone(), limits, tasks);
    }
    tasks.spawn_until_cancelled(keep_fresh(pki, names, certificates, env));
    Ok(bound)
}

/// Renews the certificate in time; new connections get the new one.
async fn keep_fresh(pki: Arc<Pki>, names: ServingNames, certificates: Arc<Certificates>, env: Env) {
    loop {
        env.clock.sleep(CHECK).await;
        let renewed = pki
            .api_server(&names, env.now())
            .and_then(|pair| certificates.replace(&pair));
        if let Err(error) = renewed {
            tracing::error!(%error, "cannot renew the serving certificate; trying again tomorrow");
        }
    }
}
