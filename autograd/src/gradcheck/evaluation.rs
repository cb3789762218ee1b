//! The function under test, recorded on a tape whose buffers start as NaN.

use std::sync::Arc;

use super::{Problem, position};
use crate::{Keep, Matrix, Scalar, Shape, Tape, Var};

/// Any function of nodes.
type Function<'a> = &'a dyn for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>;

/// A function and the point that it is evaluated at.
pub struct Evaluation<'a> {
    f: Function<'a>,
    /// Where whatever is read before it is written is NaN.
    tape: Tape<f64>,
    point: Vec<Arc<Matrix<f64>>>,
    count: usize,
}

impl<'a> Evaluation<'a> {
    pub fn new(f: Function<'a>, point: &[Matrix<f64>]) -> Self {
        Evaluation {
            f,
            tape: Tape::with_buffers_of(f64::NAN),
            point: point.iter().cloned().map(Arc::new).collect(),
            count: 0,
        }
    }

    /// How often the function has been computed.
    pub fn count(&self) -> usize {
        self.count
    }

    /// All elements, as the number of an input and the index into it.
    pub fn elements(&self) -> Vec<(usize, usize)> {
        let of_input =
            |(input, x): (usize, &Arc<Matrix<f64>>)| (0..x.data().len()).map(move |i| (input, i));
        self.point.iter().enumerate().flat_map(of_input).collect()
    }

    pub fn element(&self, input: usize, i: usize) -> f64 {
        self.point[input].data()[i]
    }

    /// Row and column of an element.
    pub fn position(&self, input: usize, i: usize) -> (usize, usize) {
        position(&self.point[input], i)
    }

    /// The value at the point.
    pub fn value(&mut self) -> Matrix<f64> {
        self.count += 1;
        let y = (self.f)(&variables(&self.tape, &self.point))
            .value()
            .to_matrix();
        self.tape.clear();
        y
    }

    /// The value where one element is another.
    pub fn value_at(&mut self, input: usize, i: usize, x: f64) -> Matrix<f64> {
        let before = self.element(input, i);
        self.set(input, i, x);
        let y = self.value();
        self.set(input, i, before);
        y
    }

    fn set(&mut self, input: usize, i: usize, x: f64) {
        Arc::make_mut(&mut self.point[input]).data_mut()[i] = x;
    }

    /// The value at the point on a tape whose buffers start as zeros.
    pub fn value_on_zeros(&self) -> Matrix<f64> {
        let tape = Tape::with_buffers_of(0.0);
        (self.f)(&variables(&tape, &self.point)).value().to_matrix()
    }

    /// For each output element the gradients of all inputs, by the tape.
    pub fn jacobian(&mut self) -> Result<Vec<Vec<Matrix<f64>>>, Problem> {
        let rows = jacobian(self.f, &self.tape, &self.point);
        self.tape.clear();
        let first_nan = rows.iter().enumerate().find_map(|(o, row)| {
            let (input, i) = row
                .iter()
                .enumerate()
                .find_map(|(input, g)| Some((input, not_finite(g)?)))?;
            Some((o, input, i))
        });
        if let Some((o, input, i)) = first_nan {
            let on_zeros = jacobian(self.f, &Tape::with_buffers_of(0.0), &self.point);
            if on_zeros[o][input].data()[i].is_finite() {
                let element = self.position(input, i);
                return Err(Problem::Unsent { input, element });
            }
        }
        Ok(rows)
    }

    /// That zero seeds give zero gradients, and others the sums of those of single elements.
    pub fn check_linear(&mut self, jacobian: &[Vec<Matrix<f64>>]) -> Result<(), Problem> {
        for scale in [0.0, 1.0] {
            let vars = variables(&self.tape, &self.point);
            let y = (self.f)(&vars);
            let seed = waves(y.shape()).map(|s: f64| scale * s);
            let gradients = y.backward_from(&seed);
            let found: Vec<_> = vars.iter().map(|&v| gradients.of(v)).collect();
            drop(gradients);
            let y = y.value().to_matrix();
            self.tape.clear();
            if let Some(difference) = first_difference(&found, jacobian, &y, &seed, 0.0) {
                let (input, i, found, expected) = difference;
                return Err(Problem::NotLinear {
                    input,
                    element: self.position(input, i),
                    found,
                    expected,
                });
            }
        }
        Ok(())
    }

    /// That rules add to what their operands have received: each input is used by others too, before
    /// and behind the function, so that there is something when the sweep comes to the function, and
    /// more comes after.
    pub fn check_additions(&mut self, jacobian: &[Vec<Matrix<f64>>]) -> Result<(), Problem> {
        let vars = variables(&self.tape, &self.point);
        let before: Var<'_, f64> = vars.iter().map(|&v| weighed(v)).sum();
        let y = (self.f)(&vars);
        let behind: Var<'_, f64> = vars.iter().map(|&v| weighed(v)).sum();
        let gradients = (before + behind + weighed(y)).backward_keeping(Keep::Leaves);
        let found: Vec<_> = vars.iter().map(|&v| gradients.of(v)).collect();
        let (y, seed) = (y.value().to_matrix(), waves(y.shape()));
        match first_difference(&found, jacobian, &y, &seed, 2.0) {
            None => Ok(()),
            Some((input, i, found, expected)) => Err(Problem::Overwritten {
                input,
                element: self.position(input, i),
                found,
                expected,
            }),
        }
    }
}

fn variables<'t>(tape: &'t Tape<f64>, point: &[Arc<Matrix<f64>>]) -> Vec<Var<'t, f64>> {
    point.iter().map(|x| tape.var(Arc::clone(x))).collect()
}

fn jacobian(
    f: Function<'_>,
    tape: &Tape<f64>,
    point: &[Arc<Matrix<f64>>],
) -> Vec<Vec<Matrix<f64>>> {
    let vars = variables(tape, point);
    let y = f(&vars);
    let row = |o| {
        let mut seed = Matrix::zeros(y.row_count(), y.col_count());
        seed.data_mut()[o] = 1.0;
        let gradients = y.backward_from_keeping(&seed, Keep::Leaves);
        vars.iter().map(|&v| gradients.of(v)).collect()
    };
    (0..y.shape().len()).map(row).collect()
}

/// The first element that is NaN or infinite.
pub fn not_finite(m: &Matrix<f64>) -> Option<usize> {
    m.data().iter().position(|x| !x.is_finite())
}

/// Numbers between 1 and 2 that look random.
fn wave(i: usize) -> f64 {
    1.5 + 0.5 * (5.0 * i as f64 + 1.0).sin()
}

/// A seed of such numbers.
pub fn waves<T: Scalar>(shape: Shape) -> Matrix<T> {
    let element = |r, c| T::from_f64(wave(r * shape.cols + c));
    Matrix::from_fn(shape.rows, shape.cols, element)
}

/// The sum of all elements, each times a number of its own.
pub fn weighed<T: Scalar>(v: Var<'_, T>) -> Var<'_, T> {
    (v * v.tape().constant(waves(v.shape()))).sum()
}

/// The first element, by input and index, whose gradient is not what a seed makes of the Jacobian,
/// Σ seed ∂y/∂x, with so many sums of [`weighed`] elements beside it; what is found, and expected.
fn first_difference(
    found: &[Matrix<f64>],
    jacobian: &[Vec<Matrix<f64>>],
    y: &Matrix<f64>,
    seed: &Matrix<f64>,
    sums: f64,
) -> Option<(usize, usize, f64, f64)> {
    let of_input = |(input, m): (usize, &Matrix<f64>)| {
        let elements = m.data().to_vec().into_iter().enumerate();
        elements.map(move |(i, found)| (input, i, found))
    };
    // What an element is made of may be larger than itself, and has been rounded: by no more than this.
    // (A softmax of equal logits has a Jacobian that is nothing but rounding. Its value is of some size.)
    let entries = jacobian.iter().flatten().flat_map(|m| m.data());
    let entries = entries.chain(y.data());
    let rounding = 1e-14 * entries.fold(0.0, |largest: f64, x| largest.max(x.abs()));
    let mut elements = found.iter().enumerate().flat_map(of_input);
    elements.find_map(|(input, i, found)| {
        let others = sums * wave(i);
        let parts = seed.data().iter().zip(jacobian);
        let parts = parts.map(|(seed, row)| seed * row[input].data()[i]);
        let (expected, size) = parts.fold((others, others), |(sum, size), part: f64| {
            (sum + part, size + part.abs())
        });
        let agree = (found - expected).abs() <= 1e-10 * size + rounding;
        (expected.is_finite() && !agree).then_some((input, i, found, expected))
    })
}
