//! One table of operations drives the gradient checks: a new operation is tested by adding a row.
#![allow(missing_docs)]
#![allow(clippy::eq_op)] // the same node as both operands is what some rows are about

use autograd::{Matrix, Var, gradcheck};
use proptest::prelude::*;

type Function = for<'t> fn(&[Var<'t, f64>]) -> Var<'t, f64>;

/// The shapes of an operation's inputs, made from three random sizes.
type Shapes = fn(usize, usize, usize) -> Vec<(usize, usize)>;

/// The values an operation is checked on.
#[derive(Clone, Copy)]
enum Values {
    /// -2..2, but no closer to 0 (a kink, a pole) than 0.1.
    OffZero,
    /// 0.2..2.2
    Positive,
    /// -2..2, no two closer than 0.01: where the largest counts, a tie is a kink.
    Apart,
}
use Values::*;

const ONE: Shapes = |m, n, _| vec![(m, n)];
const SAME: Shapes = |m, n, _| vec![(m, n), (m, n)];
const ROW: Shapes = |m, n, _| vec![(m, n), (1, n)];
const ROW_FIRST: Shapes = |m, n, _| vec![(1, n), (m, n)];
const SCALAR: Shapes = |m, n, _| vec![(m, n), (1, 1)];
const SCALAR_FIRST: Shapes = |m, n, _| vec![(1, 1), (m, n)];
const PRODUCT: Shapes = |m, n, k| vec![(m, k), (k, n)];
const PRODUCT_T: Shapes = |m, n, k| vec![(m, k), (n, k)];

/// One class per row of `v`, in any order and with repetitions.
fn classes(v: Var<'_, f64>) -> Vec<usize> {
    (0..v.row_count())
        .map(|r| (r * 5 + 2) % v.col_count())
        .collect()
}

/// A constant of zeros and ones of the shape of `v`.
fn mask<'t>(v: Var<'t, f64>) -> Var<'t, f64> {
    let m = Matrix::from_fn(v.row_count(), v.col_count(), |r, c| {
        ((r * 3 + c * 2) % 3).min(1) as f64
    });
    v.tape().constant(m)
}

#[rustfmt::skip] // a table
const OPERATIONS: &[(&str, Shapes, Values, Function)] = &[
    ("tanh", ONE, OffZero, |v| v[0].tanh()),
    ("sigmoid", ONE, OffZero, |v| v[0].sigmoid()),
    ("relu", ONE, OffZero, |v| v[0].relu()),
    ("softplus", ONE, OffZero, |v| v[0].softplus()),
    ("exp", ONE, OffZero, |v| v[0].exp()),
    ("ln", ONE, Positive, |v| v[0].ln()),
    ("sqrt", ONE, Positive, |v| v[0].sqrt()),
    ("square", ONE, OffZero, |v| v[0].square()),
    ("abs", ONE, OffZero, |v| v[0].abs()),
    ("powi 3", ONE, OffZero, |v| v[0].powi(3)),
    ("powi 0", ONE, OffZero, |v| v[0].powi(0)),
    ("powi -2", ONE, Positive, |v| v[0].powi(-2)),
    ("clamp", ONE, OffZero, |v| v[0].clamp(-0.05, 0.05)),
    ("clamp nothing", ONE, OffZero, |v| v[0].clamp(-3.0, 3.0)),
    ("negate", ONE, OffZero, |v| -v[0]),
    ("x + c", ONE, OffZero, |v| v[0] + 1.5),
    ("c + x", ONE, OffZero, |v| 1.5 + v[0]),
    ("x - c", ONE, OffZero, |v| v[0] - 1.5),
    ("c - x", ONE, OffZero, |v| 1.5 - v[0]),
    ("x * c", ONE, OffZero, |v| v[0] * 1.5),
    ("c * x", ONE, OffZero, |v| 1.5 * v[0]),
    ("x / c", ONE, OffZero, |v| v[0] / 1.5),
    ("c / x", ONE, Positive, |v| 1.5 / v[0]),
    ("add", SAME, OffZero, |v| v[0] + v[1]),
    ("add row", ROW, OffZero, |v| v[0] + v[1]),
    ("add to row", ROW_FIRST, OffZero, |v| v[0] + v[1]),
    ("add scalar", SCALAR, OffZero, |v| v[0] + v[1]),
    ("sub", SAME, OffZero, |v| v[0] - v[1]),
    ("sub row", ROW, OffZero, |v| v[0] - v[1]),
    ("sub from row", ROW_FIRST, OffZero, |v| v[0] - v[1]),
    ("sub from scalar", SCALAR_FIRST, OffZero, |v| v[0] - v[1]),
    ("mul", SAME, OffZero, |v| v[0] * v[1]),
    ("mul row", ROW, OffZero, |v| v[0] * v[1]),
    ("mul scalar", SCALAR, OffZero, |v| v[0] * v[1]),
    ("mul on scalar", SCALAR_FIRST, OffZero, |v| v[0] * v[1]),
    ("div", SAME, Positive, |v| v[0] / v[1]),
    ("div by row", ROW, Positive, |v| v[0] / v[1]),
    ("div by scalar", SCALAR, Positive, |v| v[0] / v[1]),
    ("div scalar", SCALAR_FIRST, Positive, |v| v[0] / v[1]),
    ("matmul", PRODUCT, OffZero, |v| v[0].matmul(v[1])),
    ("matmul_t", PRODUCT_T, OffZero, |v| v[0].matmul_t(v[1])),
    ("add_matmul_t", |m, n, k| vec![(m, n), (m, k), (n, k)], OffZero, |v| v[0].add_matmul_t(v[1], v[2])),
    ("add_matmul_t to a row", |m, n, k| vec![(1, n), (m, k), (n, k)], OffZero, |v| v[0].add_matmul_t(v[1], v[2])),
    ("matmul of a transpose", PRODUCT_T, OffZero, |v| v[0].matmul(v[1].transpose())),
    ("sum", ONE, OffZero, |v| v[0].sum()),
    ("mean", ONE, OffZero, |v| v[0].mean()),
    ("sum_rows", ONE, OffZero, |v| v[0].sum_rows()),
    ("sum_cols", ONE, OffZero, |v| v[0].sum_cols()),
    ("row_max", ONE, Apart, |v| v[0].row_max()),
    ("softmax", ONE, OffZero, |v| v[0].softmax()),
    ("log_softmax", ONE, OffZero, |v| v[0].log_softmax()),
    ("log_sum_exp", ONE, OffZero, |v| v[0].log_sum_exp()),
    ("cross_entropy", ONE, OffZero, |v| v[0].cross_entropy(&classes(v[0]))),
    ("cross_entropy_sum", ONE, OffZero, |v| v[0].cross_entropy_sum(&classes(v[0]))),
    ("cross_entropy_weighted", ONE, OffZero, |v| {
        let weights = Matrix::from_fn(v[0].row_count(), 1, |r, _| (r % 3) as f64);
        v[0].cross_entropy_weighted(&classes(v[0]), v[0].tape().constant(weights))
    }),
    ("mean_squared_error", SAME, OffZero, |v| v[0].mean_squared_error(v[1])),
    ("binary_cross_entropy", SAME, OffZero, |v| v[0].binary_cross_entropy(v[1])),
    ("rows", ONE, OffZero, |v| v[0].rows(v[0].row_count() / 2..v[0].row_count())),
    ("cols", ONE, OffZero, |v| v[0].cols(v[0].col_count() / 2..v[0].col_count())),
    ("views of views", ONE, OffZero, |v| {
        let (m, n) = (v[0].row_count(), v[0].col_count());
        v[0].rows(m / 3..m).cols(n / 2..n).rows(0..1).tanh()
    }),
    ("a view at several steps", ONE, OffZero, |v| {
        let (m, n) = (v[0].row_count(), v[0].col_count());
        let parts = [v[0].cols(n / 2..n), v[0].rows(0..1).cols(n / 2..n), v[0].cols(n / 2..n).rows(m / 2..m)];
        parts[0].tanh().sum() + parts[1].exp().sum() * parts[2].square().sum() + parts[0].sigmoid().sum()
    }),
    ("overlapping views", ONE, OffZero, |v| {
        let n = v[0].col_count();
        (v[0].cols(n / 2..n) * v[0].cols(0..n - n / 2)).sum() + v[0].square().sum()
    }),
    ("products of views", PRODUCT, OffZero, |v| {
        let k = v[0].col_count();
        v[0].cols(k / 2..k).matmul(v[1].rows(k / 2..k)) + v[0].cols(0..1).matmul(v[1].rows(0..1))
    }),
    ("transpose", ONE, OffZero, |v| v[0].transpose().tanh()),
    ("concat_rows", ROW, OffZero, |v| Var::concat_rows(&[v[0], v[1], v[0]])),
    ("concat_cols", |m, n, k| vec![(m, n), (m, k)], OffZero, |v| Var::concat_cols(&[v[0], v[1], v[0]])),
    ("gather_rows", ONE, OffZero, |v| v[0].gather_rows(&classes(v[0].transpose()))),
    ("one_hot_matmul_t", ONE, OffZero, |v| v[0].one_hot_matmul_t(&classes(v[0]))),
    ("select", SAME, OffZero, |v| v[0].select(mask(v[0]), v[1])),
    ("dropout", ONE, OffZero, |v| v[0].dropout(mask(v[0]), 0.3)),
    ("recompute", PRODUCT_T, OffZero, |v| {
        v[0].tape().recompute(&[v[0], v[1], v[0].rows(0..1)], |v| (v[0] * v[2]).matmul_t(v[1]).tanh())
    }),
    ("recompute in recompute", ONE, OffZero, |v| {
        v[0].tape().recompute(v, |v| v[0] * v[0].tape().recompute(v, |v| v[0].tanh()))
    }),
    ("x * x", ONE, OffZero, |v| v[0] * v[0]),
    ("x + x", ONE, OffZero, |v| v[0] + v[0]),
    ("x / x", ONE, Positive, |v| v[0] / v[0]),
    ("x xᵀ", ONE, OffZero, |v| v[0].matmul_t(v[0])),
    ("x x", |m, _, _| vec![(m, m)], OffZero, |v| v[0].matmul(v[0])),
    ("a weight at several steps", |m, n, _| vec![(m, n), (n, n), (1, n)], OffZero, |v| {
        let w = v[1] * 0.2; // so that four steps stay smooth on the scale of a difference
        (0..4).fold(v[0], |h, _| (h.matmul_t(w) + h.matmul(w) + v[2]).tanh())
    }),
];

/// Values made from a seed: proptest would shrink towards kinks.
fn values(shapes: &[(usize, usize)], values: Values, seed: u64) -> Vec<Matrix<f64>> {
    let mut state = seed | 1;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut draw = || match values {
        OffZero => (0.1 + 1.9 * uniform()) * if uniform() < 0.5 { -1.0 } else { 1.0 },
        Positive => 0.2 + 2.0 * uniform(),
        Apart => 4.0 * uniform() - 2.0,
    };
    let mut drawn = Vec::new();
    let mut next = || loop {
        let x = draw();
        if !matches!(values, Apart) || drawn.iter().all(|y: &f64| (x - y).abs() > 0.01) {
            drawn.push(x);
            return x;
        }
    };
    shapes
        .iter()
        .map(|&(r, c)| Matrix::from_fn(r, c, |_, _| next()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_operation_has_the_right_gradient(m in 1..=7_usize, n in 1..=7_usize, k in 1..=7_usize, seed: u64) {
        for &(name, shapes, kind, function) in OPERATIONS {
            let inputs = values(&shapes(m, n, k), kind, seed);
            if let Err(error) = gradcheck(function, &inputs) {
                prop_assert!(false, "{name} on {:?}: {error}", inputs);
            }
        }
    }
}
