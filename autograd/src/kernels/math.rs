//! Transcendental functions for `f32`: free of branches and table look-ups, so that a loop over
//! them is vectorised. Accuracy is tested below against f64.

const LOG2_E: f32 = std::f32::consts::LOG2_E;
// ln 2 in two parts: n * LN2_HIGH is exact for every n that occurs.
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;
/// Adding and subtracting it rounds an f32 to the nearest integer: 1.5 · 2²³.
const ROUND: f32 = 12_582_912.0;

/// x = n ln 2 + r with |r| ≤ ln 2 / 2; gives (n, r).
#[inline(always)]
fn reduce(x: f32) -> (f32, f32) {
    let n = (x * LOG2_E + ROUND) - ROUND;
    (n, (x - n * LN2_HIGH) - n * LN2_LOW)
}

/// eʳ - 1 for |r| ≤ ln 2 / 2: the Taylor series to r⁷.
#[inline(always)]
fn expm1_small(r: f32) -> f32 {
    let p = 1.0 / 5040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    (p * r) * r + r
}

/// 2ⁿ for whole n in -126..=127.
#[inline(always)]
fn power_of_two(n: f32) -> f32 {
    // n is small, so the sum has n + bias in its lowest bits.
    f32::from_bits((n + (ROUND + 127.0)).to_bits() << 23)
}

/// Keeps x within bounds, and NaN as it is.
#[inline(always)]
fn clamp(x: f32, low: f32, high: f32) -> f32 {
    let x = if x > high { high } else { x };
    if x < low { low } else { x }
}

/// eˣ to 1.1 ulp where the result is a normal number; overflows to ∞ and underflows to 0.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    let (n, r) = reduce(clamp(x, -105.0, 89.0));
    // Two factors, because 2ⁿ itself may be out of range.
    let half = (n * 0.5 + ROUND) - ROUND;
    (1.0 + expm1_small(r)) * power_of_two(half) * power_of_two(n - half)
}

/// σ(x) = 1 / (1 + e⁻ˣ) to 2.5 ulp where the result is a normal number.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    let (n, r) = reduce(clamp(-x, -87.0, 88.0));
    1.0 / (1.0 + (1.0 + expm1_small(r)) * power_of_two(n))
}

/// tanh x = e / (e + 2) with e = e²ˣ - 1, to 2.5 ulp, and exact in sign and zero.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    // Beyond 9.1 the nearest f32 is 1.
    let (n, r) = reduce(2.0 * clamp(x.abs(), 0.0, 9.1));
    let two_n = power_of_two(n);
    let e = two_n * expm1_small(r) + (two_n - 1.0);
    (e / (e + 2.0)).copysign(x)
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    /// The distance in units of the last place of the exact value.
    fn ulps(found: f32, exact: f64) -> f64 {
        let nearest = exact as f32;
        let ulp = f64::from(f32::from_bits(nearest.abs().to_bits() + 1)) - f64::from(nearest.abs());
        (f64::from(found) - exact).abs() / ulp
    }

    /// The largest error over every f32 of magnitude 2⁻¹² and more between `low` and `high`, and
    /// over a sample of the smaller ones, where the functions are as good as straight.
    fn worst(f: fn(f32) -> f32, exact: fn(f64) -> f64, low: f32, high: f32) -> (f64, f32) {
        let (small, large) = ((2_f32).powi(-12).to_bits(), low.abs().max(high).to_bits());
        let check = |bits: u32| {
            let both = [f32::from_bits(bits), -f32::from_bits(bits)].into_iter();
            let errors = both
                .filter(|x| (low..=high).contains(x))
                .map(|x| (ulps(f(x), exact(f64::from(x))), x));
            errors.fold((0.0, 0.0), larger)
        };
        let sample = (0..small).into_par_iter().filter(|bits| bits % 4_093 == 0);
        let all = (small..=large).into_par_iter();
        let zero = || (0.0, 0.0);
        larger(
            sample.map(check).reduce(zero, larger),
            all.map(check).reduce(zero, larger),
        )
    }

    fn larger(a: (f64, f32), b: (f64, f32)) -> (f64, f32) {
        if b.0 > a.0 { b } else { a }
    }

    #[test]
    fn functions_are_accurate_to_a_few_ulp() {
        let sigmoid_f64 = |x: f64| 1.0 / (1.0 + (-x).exp());
        let checks = [
            ("exp", worst(exp, f64::exp, -87.0, 88.7), 1.1),
            ("sigmoid", worst(sigmoid, sigmoid_f64, -86.0, 20.0), 2.5),
            ("tanh", worst(tanh, f64::tanh, -20.0, 20.0), 2.5),
        ];
        for (name, (error, x), bound) in checks {
            println!("{name}: at most {error:.3} ulp off, at {x}");
            assert!(
                error <= bound,
                "{name}({x}) is {error:.2} ulp off, more than {bound}"
            );
        }
    }

    #[test]
    fn limits_and_nan() {
        assert_eq!(exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(89.0), f32::INFINITY);
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(sigmoid(f32::INFINITY), 1.0);
        assert!(sigmoid(f32::NEG_INFINITY) < 1e-37);
        assert_eq!(tanh(f32::INFINITY), 1.0);
        assert_eq!(tanh(f32::NEG_INFINITY), -1.0);
        assert_eq!(tanh(-0.0).to_bits(), (-0.0_f32).to_bits());
        for f in [exp, sigmoid, tanh] {
            assert!(f(f32::NAN).is_nan());
        }
    }
}
