//! A linear predictor that cannot howl by itself: its coefficients come from reflections.
//!
//! What a predictor says of its own sayings, x_i = Σ_k a_k x_{i−k}, grows without end for some coefficients, and fades
//! away for those of reflections r_1 … r_P that are all between −1 and 1 (Makhoul 1975, *Linear prediction: a tutorial
//! review*, equations 38 and 48; in a model of the vocal tract as tubes they are what comes back from where two meet):
//!
//!   a_j^(m) = a_j^(m−1) − r_m a_{m−j}^(m−1),   j = 1 … m−1,   a_m^(m) = r_m

use train::prelude::*;

/// Reflections, and coefficients.
pub const ORDER: usize = 16;
/// No reflection is nearer to 1 than this is.
const MOST: f32 = 0.998;
/// A reflection is tanh of an output of a network over this, so that a step of the optimizer moves it by little.
const FINE: f32 = 8.0;

/// The coefficients a_1 … a_P of outputs of a network, a row for each predictor: both `[rows, ORDER]`.
pub fn coefficients(outputs: Var<'_>) -> Var<'_> {
    let r = (outputs * (1.0 / FINE)).tanh() * MOST;
    let mut a = r.cols(0..1);
    for m in 1..ORDER {
        let backwards: Vec<_> = (0..m).rev().map(|j| a.cols(j..j + 1)).collect();
        let r_m = r.cols(m..m + 1);
        a = Var::concat_cols(&[a - Var::concat_cols(&backwards) * r_m, r_m]);
    }
    a
}

/// Lets a network that has learned nothing give these coefficients, or the nearest that it can: the equations above,
/// solved for what is on the right.
pub fn begin(bias: &mut [f32], coefficients: &[f64]) {
    let mut a = coefficients.to_vec();
    while let Some(r) = a.pop() {
        let r = r.clamp(-0.99, 0.99);
        bias[a.len()] = FINE * ((r / f64::from(MOST)).atanh() as f32);
        let backwards: Vec<_> = a.iter().rev().copied().collect();
        for (a, b) in a.iter_mut().zip(backwards) {
            *a = (*a + r * b) / (1.0 - r * r);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(tape: &Tape, bias: Vec<f32>) -> Vec<f32> {
        let outputs = tape.var(Matrix::from_fn(1, ORDER, |_, j| bias[j]));
        coefficients(outputs).value().row(0).to_vec()
    }

    #[test]
    fn it_begins_with_the_coefficients_that_it_is_given() {
        let (tape, mut bias) = (Tape::new(), vec![0.0; ORDER]);
        let expected = [1.8, -1.3, 0.5, -0.2, 0.1];
        begin(&mut bias, &expected);
        let found = row(&tape, bias);
        for j in 0..ORDER {
            let expected = expected.get(j).map_or(0.0, |&a| a as f32);
            assert!((found[j] - expected).abs() < 1e-4, "{found:?}");
        }
    }

    /// A pulse, and then what is predicted of what was predicted.
    #[test]
    fn no_predictor_howls() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..50 {
            let tape = Tape::new();
            let a = row(
                &tape,
                (0..ORDER)
                    .map(|_| 20.0 * (rng.random::<f32>() - 0.5))
                    .collect(),
            );
            let mut x = vec![0.0f64; ORDER];
            x.push(1.0);
            for i in ORDER + 1..20_000 {
                let terms = (0..ORDER).map(|k| f64::from(a[k]) * x[i - 1 - k]);
                x.push(terms.sum());
            }
            let energy = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
            assert!(energy(&x[19_000..]) < energy(&x[..1_000]), "{a:?}");
        }
    }
}
