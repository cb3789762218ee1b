//! The table of all operations, each with the shapes and values that it is tried on.
//!
//! Gradient checks, the check of the printed rules, benchmarks and [`compiled`](super::compiled) go
//! through it: an operation that is added to it is tested and timed, and one that is not fails a test.

use std::fmt;

use crate::{Checkpoints, Matrix, Scalar, Shape, Var};

/// An operation, applied to variables.
pub struct Example<T: Scalar> {
    /// The name of the operation, and what is particular about this example: "add row".
    pub name: &'static str,
    /// The shapes of the inputs, made from three sizes.
    pub shapes: Shapes,
    /// The values of the inputs.
    pub values: Values,
    /// Applies it.
    pub function: Function<T>,
}

/// A function of nodes.
pub type Function<T> = for<'t> fn(&[Var<'t, T>]) -> Var<'t, T>;

/// The shapes of an operation's inputs, made from three sizes.
pub type Shapes = fn(usize, usize, usize) -> Vec<Shape>;

impl<T: Scalar> Example<T> {
    /// The name of the operation that is the node's.
    pub fn operation(&self) -> &'static str {
        self.name.split(' ').next().unwrap_or_default()
    }

    /// Inputs that look random, of shapes from three sizes.
    pub fn inputs(&self, m: usize, n: usize, k: usize) -> Vec<Matrix<T>> {
        // Multiples of the golden ratio are spread evenly over 0..1.
        let uniform = |i: usize| (i as f64 * 0.618_033_988_749_894_8).fract();
        let matrix = |(input, shape): (usize, Shape)| {
            let at = |r, c| self.values.at(uniform(r * shape.cols + c + 7 * input + 1));
            Matrix::from_fn(shape.rows, shape.cols, |r, c| T::from_f64(at(r, c)))
        };
        (self.shapes)(m, n, k)
            .into_iter()
            .enumerate()
            .map(matrix)
            .collect()
    }
}

impl<T: Scalar> fmt::Display for Example<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<T: Scalar> fmt::Debug for Example<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Example {}", self.name)
    }
}

/// Which numbers a function is checked on: a range, without those close to a kink or a pole.
///
/// ```
/// use autograd::ops::table::Values;
/// let values = Values::between(-1.0, 1.0).off(&[0.0]);
/// assert_eq!((values.at(0.0), values.at(1.0)), (-1.0, 1.0));
/// assert!((0..=100).all(|i| values.at(i as f64 / 100.0).abs() >= 0.05));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Values {
    low: f64,
    high: f64,
    off: &'static [f64],
    is_apart: bool,
}

impl Values {
    /// How far values stay from where a function has no derivative.
    pub const MARGIN: f64 = 0.05;

    /// Numbers between two bounds.
    pub const fn between(low: f64, high: f64) -> Self {
        assert!(
            low < high,
            "values between bounds of which the first is the lower"
        );
        Values {
            low,
            high,
            off: &[],
            is_apart: false,
        }
    }

    /// None closer than [`Values::MARGIN`] to these points, which go from low to high.
    pub const fn off(self, points: &'static [f64]) -> Self {
        Values {
            off: points,
            ..self
        }
    }

    /// No two alike: where the largest counts, a tie is a kink.
    pub const fn apart(self) -> Self {
        Values {
            is_apart: true,
            ..self
        }
    }

    /// Whether no two may be alike.
    pub fn is_apart(self) -> bool {
        self.is_apart
    }

    /// Whether a number is one of them.
    pub fn contains(self, x: f64) -> bool {
        let clear = |point: &f64| (x - point).abs() >= Self::MARGIN;
        (self.low..=self.high).contains(&x) && self.off.iter().all(clear)
    }

    /// The number at a share between 0 and 1 of the way from the lowest to the highest.
    pub fn at(self, share: f64) -> f64 {
        let pieces = self.pieces();
        let mut rest = share * pieces.iter().map(|(low, high)| high - low).sum::<f64>();
        for (low, high) in pieces {
            if rest <= high - low {
                return low + rest;
            }
            rest -= high - low;
        }
        self.high
    }

    /// What the points to be avoided leave of the range.
    fn pieces(self) -> Vec<(f64, f64)> {
        let ends = self
            .off
            .iter()
            .map(|point| point - Self::MARGIN)
            .chain([self.high]);
        let starts = self.off.iter().map(|point| point + Self::MARGIN);
        let starts = std::iter::once(self.low).chain(starts);
        let piece = |(start, end): (f64, f64)| (start.max(self.low), end.min(self.high));
        starts
            .zip(ends)
            .map(piece)
            .filter(|(start, end)| start < end)
            .collect()
    }
}

const ANY: Values = Values::between(-2.0, 2.0);
const OFF_ZERO: Values = ANY.off(&[0.0]);
const POSITIVE: Values = Values::between(0.2, 2.2);

const ONE: Shapes = |m, n, _| vec![Shape::new(m, n)];
const SAME: Shapes = |m, n, _| vec![Shape::new(m, n), Shape::new(m, n)];
const ROW: Shapes = |m, n, _| vec![Shape::new(m, n), Shape::new(1, n)];
const ROW_FIRST: Shapes = |m, n, _| vec![Shape::new(1, n), Shape::new(m, n)];
const COLUMN: Shapes = |m, n, _| vec![Shape::new(m, n), Shape::new(m, 1)];
const COLUMN_FIRST: Shapes = |m, n, _| vec![Shape::new(m, 1), Shape::new(m, n)];
const SCALAR: Shapes = |m, n, _| vec![Shape::new(m, n), Shape::new(1, 1)];
const SCALAR_FIRST: Shapes = |m, n, _| vec![Shape::new(1, 1), Shape::new(m, n)];
const PRODUCT: Shapes = |m, n, k| vec![Shape::new(m, k), Shape::new(k, n)];
const PRODUCT_T: Shapes = |m, n, k| vec![Shape::new(m, k), Shape::new(n, k)];
const SUM_T: Shapes = |m, n, k| vec![Shape::new(m, n), Shape::new(m, k), Shape::new(n, k)];
const ROW_SUM_T: Shapes = |m, n, k| vec![Shape::new(1, n), Shape::new(m, k), Shape::new(n, k)];
const BESIDE: Shapes = |m, n, k| vec![Shape::new(m, n), Shape::new(m, k)];

/// So many indices below `classes`, in any order and with repetitions.
fn indices(count: usize, classes: usize) -> Vec<usize> {
    (0..count).map(|r| (r * 5 + 2) % classes).collect()
}

/// A class for each row of `v`.
fn classes<T: Scalar>(v: Var<'_, T>) -> Vec<usize> {
    indices(v.row_count(), v.col_count())
}

/// Zeros and ones of the shape of `v`. Like the weights it is a variable, so that a gradient could be
/// sent to it.
fn mask<'t, T: Scalar>(v: Var<'t, T>) -> Var<'t, T> {
    let element = |r: usize, c: usize| T::from_f64(((r * 3 + c * 2) % 3).min(1) as f64);
    v.tape()
        .var(Matrix::from_fn(v.row_count(), v.col_count(), element))
}

fn weights<'t, T: Scalar>(v: Var<'t, T>) -> Var<'t, T> {
    let weight = |r: usize, _| T::from_f64((r % 3) as f64);
    v.tape().var(Matrix::from_fn(v.row_count(), 1, weight))
}

/// All operations, each with those operands that it treats differently.
#[rustfmt::skip] // a table
pub fn operations<T: Scalar>() -> Vec<Example<T>> {
    let example = |name, shapes, values, function| Example { name, shapes, values, function };
    vec![
        // unary
        example("tanh", ONE, ANY, |v| v[0].tanh()),
        example("sigmoid", ONE, ANY, |v| v[0].sigmoid()),
        example("relu", ONE, OFF_ZERO, |v| v[0].relu()),
        example("softplus", ONE, ANY, |v| v[0].softplus()),
        example("exp", ONE, ANY, |v| v[0].exp()),
        example("ln", ONE, POSITIVE, |v| v[0].ln()),
        example("sqrt", ONE, POSITIVE, |v| v[0].sqrt()),
        example("square", ONE, ANY, |v| v[0].square()),
        example("abs", ONE, OFF_ZERO, |v| v[0].abs()),
        example("powi 3", ONE, ANY, |v| v[0].powi(3)),
        example("powi 1", ONE, ANY, |v| v[0].powi(1)),
        example("powi 0", ONE, OFF_ZERO, |v| v[0].powi(0)),
        example("powi -2", ONE, OFF_ZERO, |v| v[0].powi(-2)),
        example("clamp", ONE, ANY.off(&[-0.5, 0.75]), |v| v[0].clamp(T::from_f64(-0.5), T::from_f64(0.75))),
        example("negate", ONE, ANY, |v| -v[0]),
        example("shift", ONE, ANY, |v| v[0] + T::from_f64(1.5)),
        example("shift down", ONE, ANY, |v| v[0] - T::from_f64(1.5)),
        example("scale", ONE, ANY, |v| v[0] * T::from_f64(1.5)),
        example("scale by less", ONE, ANY, |v| v[0] / T::from_f64(-1.6)),
        example("sub_from", ONE, ANY, |v| v[0].sub_from(T::from_f64(1.5))),
        example("div_into", ONE, OFF_ZERO, |v| v[0].div_into(T::from_f64(1.5))),
        // binary
        example("add", SAME, ANY, |v| v[0] + v[1]),
        example("add row", ROW, ANY, |v| v[0] + v[1]),
        example("add to row", ROW_FIRST, ANY, |v| v[0] + v[1]),
        example("add column", COLUMN, ANY, |v| v[0] + v[1]),
        example("add scalar", SCALAR, ANY, |v| v[0] + v[1]),
        example("sub", SAME, ANY, |v| v[0] - v[1]),
        example("sub row", ROW, ANY, |v| v[0] - v[1]),
        example("sub from row", ROW_FIRST, ANY, |v| v[0] - v[1]),
        example("sub from column", COLUMN_FIRST, ANY, |v| v[0] - v[1]),
        example("sub from scalar", SCALAR_FIRST, ANY, |v| v[0] - v[1]),
        example("mul", SAME, ANY, |v| v[0] * v[1]),
        example("mul by row", ROW, ANY, |v| v[0] * v[1]),
        example("mul by column", COLUMN, ANY, |v| v[0] * v[1]),
        example("mul by scalar", SCALAR, ANY, |v| v[0] * v[1]),
        example("mul on column", COLUMN_FIRST, ANY, |v| v[0] * v[1]),
        example("mul on scalar", SCALAR_FIRST, ANY, |v| v[0] * v[1]),
        example("div", SAME, OFF_ZERO, |v| v[0] / v[1]),
        example("div by row", ROW, OFF_ZERO, |v| v[0] / v[1]),
        example("div by column", COLUMN, OFF_ZERO, |v| v[0] / v[1]),
        example("div by scalar", SCALAR, OFF_ZERO, |v| v[0] / v[1]),
        example("div on scalar", SCALAR_FIRST, OFF_ZERO, |v| v[0] / v[1]),
        example("log_add_exp", SAME, ANY, |v| v[0].log_add_exp(v[1])),
        example("log_add_exp row", ROW, ANY, |v| v[0].log_add_exp(v[1])),
        example("log_add_exp on column", COLUMN_FIRST, ANY, |v| v[0].log_add_exp(v[1])),
        // product
        example("matmul", PRODUCT, ANY, |v| v[0].matmul(v[1])),
        example("matmul_t", PRODUCT_T, ANY, |v| v[0].matmul_t(v[1])),
        example("add_matmul_t", SUM_T, ANY, |v| v[0].add_matmul_t(v[1], v[2])),
        example("add_matmul_t to row", ROW_SUM_T, ANY, |v| v[0].add_matmul_t(v[1], v[2])),
        // reduce
        example("sum", ONE, ANY, |v| v[0].sum()),
        example("mean", ONE, ANY, |v| v[0].mean()),
        example("sum_rows", ONE, ANY, |v| v[0].sum_rows()),
        example("sum_cols", ONE, ANY, |v| v[0].sum_cols()),
        example("row_max", ONE, ANY.apart(), |v| v[0].row_max()),
        // softmax
        example("softmax", ONE, ANY, |v| v[0].softmax()),
        example("log_softmax", ONE, ANY, |v| v[0].log_softmax()),
        example("log_sum_exp", ONE, ANY, |v| v[0].log_sum_exp()),
        // loss
        example("cross_entropy", ONE, ANY, |v| v[0].cross_entropy(&classes(v[0]))),
        example("cross_entropy sum", ONE, ANY, |v| v[0].cross_entropy_sum(&classes(v[0]))),
        example("cross_entropy weighted", ONE, ANY, |v| v[0].cross_entropy_weighted(&classes(v[0]), weights(v[0]))),
        example("mean_squared_error", SAME, ANY, |v| v[0].mean_squared_error(v[1])),
        example("binary_cross_entropy", SAME, ANY, |v| v[0].binary_cross_entropy(v[1])),
        // view
        example("rows", ONE, ANY, |v| v[0].rows(v[0].row_count() / 2..v[0].row_count())),
        example("cols", ONE, ANY, |v| v[0].cols(v[0].col_count() / 2..v[0].col_count())),
        example("detach twice", ONE, ANY, |v| v[0].detach() - v[0].detach()), // differences see none either
        // arrange
        example("transpose", ONE, ANY, |v| v[0].transpose()),
        example("concat_rows", ROW, ANY, |v| Var::concat_rows(&[v[0], v[1], v[0]])),
        example("concat_cols", BESIDE, ANY, |v| Var::concat_cols(&[v[0], v[1], v[0]])),
        example("gather_rows", ONE, ANY, |v| v[0].gather_rows(&indices(v[0].col_count(), v[0].row_count()))),
        example("gather_rows of transpose", ONE, ANY, |v| v[0].one_hot_matmul_t(&classes(v[0]))),
        example("scatter_add_rows", ONE, ANY, |v| v[0].scatter_add_rows(&classes(v[0]), v[0].col_count())),
        example("select", SAME, ANY, |v| v[0].select(mask(v[0]), v[1])),
        example("dropout", ONE, ANY, |v| v[0].dropout(mask(v[0]), 0.3)),
        // recompute
        example("recompute", PRODUCT_T, ANY, |v| {
            v[0].tape().recompute(&[v[0], v[1], v[0].rows(0..1)], |v| (v[0] * v[2]).matmul_t(v[1]).tanh())
        }),
        example("recompute in recompute", ONE, ANY, |v| {
            v[0].tape().recompute(v, |v| v[0] * v[0].tape().recompute(v, |v| v[0].tanh()))
        }),
        // chain
        example("recompute_chain", SAME, ANY, |v| {
            let plan = Checkpoints { blocks: 7, slots: 3 };
            v[0].tape().recompute_chain(&[v[0]], v[1], plan, |i, v, s| (v[0] * s + T::from_f64(i as f64 * 0.1)).tanh())
        }),
    ]
}
