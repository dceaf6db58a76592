//! Definitions of custom kinds. What they say is read in `api::custom`; whether their names are
//! free is seen by admission.

use api::custom;

use super::{Kind, generic};

pub(super) fn kind(base: Kind) -> Kind {
    Kind {
        default: custom::default,
        prepare_create: generic::first_generation,
        prepare_update: generic::next_generation,
        validate_create: custom::validate,
        validate_update: custom::validate_update,
        finalizer: Some(custom::FINALIZER),
        unconditional_update: false,
        ..base
    }
}
