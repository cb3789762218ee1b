//! The probabilities of a sample's levels, from a density of its sound pressure.

use train::prelude::*;

use crate::mu_law::{LEVELS, edge};

/// Logistic densities of a mixture.
pub const COMPONENTS: usize = 5;
/// Outputs of a network for a sample.
pub const WIDTH: usize = 3 * COMPONENTS;
/// A share of every probability that all levels have alike, so that none is impossible.
const ALIKE: f64 = 1e-6;
/// The least scale, below the width of the cells where it is silent.
const LEAST: f64 = 1e-4;

/// [m_lo, m_hi] of the cells, finite.
fn edges(q: usize) -> [f64; 2] {
    [edge(q).max(-9.0), edge(q + 1).min(9.0)]
}

/// Σ −ln p(q) over rows.
pub fn nats<'t>(outputs: Var<'t>, centre: Var<'t>, levels: &[usize]) -> Var<'t> {
    let k = COMPONENTS;
    let tape = outputs.tape();
    let column = |side: usize| tape.constant(Matrix::from_fn(levels.len(), 1, |row, _| edges(levels[row])[side] as f32));
    let pi = outputs.cols(0..k).softmax();
    let delta = outputs.cols(k..2 * k);
    let precision = (-(outputs.cols(2 * k..3 * k).softplus() + LEAST.ln() as f32)).exp();
    let below = |side| ((column(side) - centre) * precision - delta).sigmoid();
    let p = (pi * (below(1) - below(0))).sum_cols();
    -(p + (ALIKE / LEVELS as f64) as f32).ln().sum()
}

/// p(q) of all levels.
pub fn probabilities(outputs: &[f32], centre: f32) -> Vec<f64> {
    let k = COMPONENTS;
    let out = |i: usize| f64::from(outputs[i]);
    let highest = (0..k).map(out).fold(f64::MIN, f64::max);
    let pi: Vec<_> = (0..k).map(|i| (out(i) - highest).exp()).collect();
    let total: f64 = pi.iter().sum();
    let below = |e: f64| -> f64 {
        (0..k).map(|i| {
            let s = LEAST * (1.0 + out(2 * k + i).exp());
            let z = (e - f64::from(centre)) / s - out(k + i);
            pi[i] / total / (1.0 + (-z).exp())
        }).sum()
    };
    let at: Vec<f64> = (0..=LEVELS).map(|q| match q { 0 => 0.0, LEVELS => 1.0, _ => below(edge(q)) }).collect();
    at.windows(2).map(|w| (w[1] - w[0]).max(0.0) + ALIKE / LEVELS as f64).collect()
}
