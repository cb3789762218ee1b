//! What a classifier takes for what, and what it believes after each letter.

use train::prelude::*;
use train::program::Outcome;

use crate::data::Names;
use crate::judge::{Judge, ranking};

/// The beliefs about the beginnings of a name, "M", "Mü" and so on: the nationalities that come first at one of them.
pub fn beliefs_map(judge: &Judge, name: &str, names: &Names) -> Outcome<HeatMap> {
    let symbols = names
        .alphabet
        .encode(name)
        .map_err(|e| format!("--name {name}: {e}"))?;
    let beginnings: Vec<_> = (1..=symbols.len()).map(|t| symbols[..t].to_vec()).collect();
    let beliefs = judge.beliefs(&beginnings)?;
    let mut shown: Vec<_> = beliefs
        .iter()
        .flat_map(|p| ranking(p)[..2.min(p.len())].to_vec())
        .collect();
    shown.sort_unstable();
    shown.dedup();
    let p = Matrix::<f64>::from_fn(shown.len(), beliefs.len(), |r, t| beliefs[t][shown[r]]);
    let rows = shown
        .iter()
        .map(|&class| names.nationalities[class].clone());
    Ok(HeatMap::of(&p)
        .titled(&format!("whose name begins like this? {name}, in %"))
        .in_percent()
        .labelled(rows.collect(), name.chars().map(String::from).collect()))
}
