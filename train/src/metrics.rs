//! What is measured beside the loss.

mod bleu;
mod confusion;
mod edits;
mod measures;
mod number;
mod spread;

pub use bleu::Bleu;
pub use confusion::Confusion;
pub use edits::{Edits, edit_distance};
pub use measures::Measures;
pub use spread::Spread;

/// 2 to the bits: among how many symbols, all as likely, a model hesitates whose cross-entropy is so many
/// nats a symbol.
///
/// ```
/// assert!((train::perplexity(4_f64.ln()) - 4.0).abs() < 1e-12);
/// ```
pub fn perplexity(nats: f64) -> f64 {
    nats.exp()
}

/// A cross-entropy in bits, of one in nats.
///
/// ```
/// assert_eq!(train::bits(4_f64.ln()), 2.0);
/// ```
pub fn bits(nats: f64) -> f64 {
    nats / std::f64::consts::LN_2
}
