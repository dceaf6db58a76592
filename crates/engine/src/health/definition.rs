//! CustomResourceDefinition: its kind is served.

use api::Object;

use super::Health;

pub(super) fn assess(object: &Object) -> Health {
    if let Some(names) = object.condition("NamesAccepted")
        && names.status == "False"
    {
        return Health::degraded(format!("its names were not accepted: {}", names.message));
    }
    match object.condition("Established") {
        Some(established) if established.status == "True" => Health::healthy(),
        Some(established)
            if established.status == "False" && established.reason != "Installing" =>
        {
            Health::degraded(format!("is not served: {}", established.message))
        }
        _ => Health::progressing("is being installed"),
    }
}
