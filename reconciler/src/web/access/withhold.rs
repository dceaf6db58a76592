//! A page for somebody who may not do all that it offers: what they may not do is not there.

use super::Scope;
use super::touches::touched;
use crate::history::Rollout;
use crate::web::markup::{Fate, attribute, is_action, name, rewritten, writes};

/// The page without the links and forms for which `may` says no, of any of the Applications that
/// they are about. `newest` are rollouts of all of them.
pub(in crate::web) fn withhold(
    html: &str,
    newest: &[Rollout],
    may: impl Fn(Scope<'_>) -> bool,
) -> String {
    let may_touch = |address: &str| {
        let mut all = touched(address, newest).into_iter();
        all.all(|name| may(Scope::Application(name)))
    };
    let decide = |address: &str| {
        if !is_action(address) || (may(scope(address)) && may_touch(address)) {
            Fate::Stays
        } else {
            Fate::Goes
        }
    };
    rewritten(html, |tag| match name(tag) {
        "a" => attribute(tag, "href").map_or(Fate::Stays, |(_, address, _)| decide(address)),
        // A page that is one dialog: who may not is refused before it is made.
        "form" if tag.contains(" class=\"dlg\"") => Fate::Stays,
        "form" if writes(tag) => {
            attribute(tag, "action").map_or(Fate::Stays, |(_, address, _)| decide(address))
        }
        _ => Fate::Stays,
    })
}

/// What an address is about: `/apps/{app}/…`, `/rollouts/{app}-{number}/…`, or everything. Names
/// of Applications need no encoding (RFC 1123).
fn scope(address: &str) -> Scope<'_> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let mut parts = path.trim_start_matches('/').split('/');
    match (parts.next(), parts.next()) {
        (Some("apps"), Some(name)) => Scope::Application(name),
        (Some("rollouts"), Some(id)) => match id.rsplit_once('-') {
            Some((name, _)) => Scope::Application(name),
            None => Scope::Everything,
        },
        _ => Scope::Everything,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_may_not_do_is_not_there() {
        let page = "<a href=\"/apps/shop-web/sync\">Sync <b>web</b></a> \
                    <a class=\"btn\" href=\"/apps/other/sync?prune=true\">Sync</a> \
                    <a href=\"/rollouts/shop-web-12/rollback\">Back</a> \
                    <a href=\"/rollouts/other-3/rollback#a\">Back</a> \
                    <a href=\"/rollback?to=x\">All</a> <a href=\"/apps/other\">other</a>\
                    <form method=\"post\" action=\"/apps/other/suspend\"><button>S</button></form>\
                    <form method=\"post\" action=\"/signout\"><button>Out</button></form>\
                    <form action=\"/apps\"></form>\
                    <form class=\"dlg\" method=\"post\" action=\"/rollouts/other-3/rollback\"></form>";
        let left = "<a href=\"/apps/shop-web/sync\">Sync <b>web</b></a>  \
                    <a href=\"/rollouts/shop-web-12/rollback\">Back</a>   \
                    <a href=\"/apps/other\">other</a>\
                    <form method=\"post\" action=\"/signout\"><button>Out</button></form>\
                    <form action=\"/apps\"></form>\
                    <form class=\"dlg\" method=\"post\" action=\"/rollouts/other-3/rollback\"></form>";
        let may = |scope: Scope<'_>| scope == Scope::Application("shop-web");
        assert_eq!(withhold(page, &[], may), left);
        assert_eq!(withhold(page, &[], |_| true), page);
    }
}
