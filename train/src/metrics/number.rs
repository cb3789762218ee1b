//! Numbers in JSON, which has none that are not finite: these are texts, so that what is saved can be read.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Number {
    Finite(f64),
    Other(String),
}

pub(super) fn serialize<S: Serializer>(x: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    let number = match x.is_finite() {
        true => Number::Finite(*x),
        false => Number::Other(x.to_string()),
    };
    number.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    match Number::deserialize(deserializer)? {
        Number::Finite(x) => Ok(x),
        Number::Other(text) => text.parse().map_err(D::Error::custom),
    }
}
