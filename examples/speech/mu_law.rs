//! Samples as one of 256 levels, close together where it is quiet.

use std::sync::LazyLock;

/// How many there are.
pub const LEVELS: usize = 256;
/// The one of silence, or the nearest to it: there is none of 0 exactly.
pub const SILENCE: u8 = 128;
/// μ of the law.
const MU: f64 = 255.0;

/// What the ear takes for about as far apart, from −1 to 1 (the continuous form of the μ-law of ITU-T G.711):
///
/// y = sgn(x) ln(1 + μ |x|) / ln(1 + μ),   μ = 255
pub fn compressed(x: f64) -> f64 {
    x.signum() * (MU * x.abs()).ln_1p() / MU.ln_1p()
}

/// The reverse: x = sgn(y) ((1 + μ)^|y| − 1) / μ.
pub fn expanded(y: f64) -> f64 {
    y.signum() * (y.abs() * MU.ln_1p()).exp_m1() / MU
}

/// The level nearest to a sample from −1 to 1, by its y: level q stands for y = 2 q / 255 − 1.
pub fn level(x: f32) -> u8 {
    let y = compressed(f64::from(x.clamp(-1.0, 1.0)));
    ((y + 1.0) / 2.0 * MU).round() as u8
}

/// y of a level.
pub fn loudness(level: u8) -> f32 {
    (2.0 * f64::from(level) / MU - 1.0) as f32
}

/// The sample that a level stands for.
pub fn sample(level: u8) -> f32 {
    static TABLE: LazyLock<[f32; LEVELS]> =
        LazyLock::new(|| std::array::from_fn(|q| expanded(2.0 * q as f64 / MU - 1.0) as f32));
    TABLE[usize::from(level)]
}

/// The samples that become a level lie between the edge of that number and the next one. The outermost two are
/// infinite, as what is too loud is clipped.
pub fn edge(number: usize) -> f64 {
    static TABLE: LazyLock<[f64; LEVELS + 1]> = LazyLock::new(|| {
        std::array::from_fn(|number| match number {
            0 => f64::NEG_INFINITY,
            LEVELS => f64::INFINITY,
            _ => expanded((2.0 * number as f64 - 1.0) / MU - 1.0),
        })
    });
    TABLE[number]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compressed_is_expanded_again() {
        for i in -1000..=1000 {
            let x = f64::from(i) / 1000.0;
            assert!((expanded(compressed(x)) - x).abs() < 1e-12, "{x}");
            assert_eq!(compressed(-x), -compressed(x));
        }
    }

    /// From the equation, by hand: ln(1 + 255 · 0.01) / ln 256 = ln 3.55 / ln 256.
    #[test]
    fn known_values() {
        for (x, y) in [
            (0.0, 0.0),
            (1.0, 1.0),
            (15.0 / 255.0, 0.5),
            (-3.0 / 255.0, -0.25),
            (0.01, 0.228_477),
        ] {
            assert!((compressed(x) - y).abs() < 1e-6, "{x}: {}", compressed(x));
        }
        for (x, q) in [
            (-1.0, 0),
            (1.0, 255),
            (9.0, 255),
            (15.0 / 255.0, 191),
            (-15.0 / 255.0, 64),
        ] {
            assert_eq!(level(x as f32), q, "{x}");
        }
        assert!([127, 128].contains(&SILENCE) && sample(SILENCE).abs() < 1e-4);
    }

    #[test]
    fn every_level_comes_back_and_lies_between_its_edges() {
        for q in 0..=255 {
            assert_eq!(level(sample(q)), q);
            let (low, high) = (edge(q.into()), edge(usize::from(q) + 1));
            assert!(low < f64::from(sample(q)) && f64::from(sample(q)) < high);
            if q > 0 {
                let just = |x: f64| level(x as f32);
                assert_eq!([just(low - 1e-6), just(low + 1e-6)], [q - 1, q]);
            }
        }
    }
}
