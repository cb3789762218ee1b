//! Singular values.

use autograd::Matrix;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn singular_values_are_those_that_a_matrix_was_made_with(
        rows in 1..6_usize, cols in 1..6_usize, values in prop::collection::vec(0.0..10.0_f64, 6), seed in any::<u8>(),
    ) {
        let rank = rows.min(cols);
        let (u, v) = (rotation(rows, seed as f64), rotation(cols, seed as f64 + 0.5));
        let m = Matrix::<f64>::from_fn(rows, cols, |r, c| (0..rank).map(|k| u[(r, k)] * values[k] * v[(c, k)]).sum());
        let mut expected = values[..rank].to_vec();
        expected.sort_by(|a, b| b.total_cmp(a));
        for (found, expected) in m.singular_values().iter().zip(expected) {
            prop_assert!((found - expected).abs() < 1e-9, "{} against {}", found, expected);
        }
    }
}

/// An orthogonal matrix: plane rotations by angles that a seed gives.
fn rotation(n: usize, seed: f64) -> Matrix<f64> {
    let mut m = Matrix::identity(n);
    for j in 1..n {
        for i in 0..j {
            let (sin, cos) = (seed + (i * n + j) as f64).sin_cos();
            for c in 0..n {
                let (a, b) = (m[(i, c)], m[(j, c)]);
                m[(i, c)] = cos * a - sin * b;
                m[(j, c)] = sin * a + cos * b;
            }
        }
    }
    m
}

#[test]
fn singular_values_of_matrices_without_full_rank() {
    let ones = Matrix::<f64>::filled(3, 2, 1.0).singular_values();
    assert!(
        (ones[0] - 6f64.sqrt()).abs() < 1e-12 && ones[1].abs() < 1e-12,
        "{ones:?}"
    );
    assert_eq!(Matrix::<f32>::zeros(2, 3).singular_values(), [0.0, 0.0]);
    assert!(Matrix::scalar(f64::NAN).singular_values()[0].is_nan());
}
