//! The function under test, recorded on a tape whose buffers start as NaN.

use std::sync::Arc;

use super::{Problem, position};
use crate::{Keep, Matrix, Tape, Var};

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
        for seed in [|_| 0.0, wave] {
            let tape = &self.tape;
            let vars = variables(tape, &self.point);
            let y = (self.f)(&vars);
            let seed = waves(y, seed);
            let gradients = y.backward_from(&seed);
            for (input, &v) in vars.iter().enumerate() {
                let found = gradients.of(v);
                for (i, &found) in found.data().iter().enumerate() {
                    let (expected, scale) = expected(jacobian, &seed, input, i);
                    if expected.is_finite() && !agree(found, expected, scale) {
                        return Err(Problem::NotLinear {
                            input,
                            element: self.position(input, i),
                            found,
                            expected,
                        });
                    }
                }
            }
            drop(gradients);
            self.tape.clear();
        }
        Ok(())
    }

    /// That rules add to what their operands have received: each input is used by others too, before
    /// and behind the function, so that there is something when the sweep comes to the function, and
    /// more comes after.
    pub fn check_additions(&mut self, jacobian: &[Vec<Matrix<f64>>]) -> Result<(), Problem> {
        let tape = &self.tape;
        let vars = variables(tape, &self.point);
        let mut total = tape.zeros(1, 1);
        total = vars.iter().fold(total, |total, &v| total + weighed(v));
        let y = (self.f)(&vars);
        total = vars.iter().fold(total, |total, &v| total + weighed(v));
        let seed = waves(y, wave);
        let gradients = (total + weighed(y)).backward_keeping(Keep::Leaves);
        for (input, &v) in vars.iter().enumerate() {
            let found = gradients.of(v);
            for (i, &found) in found.data().iter().enumerate() {
                let (sent, scale) = expected(jacobian, &seed, input, i);
                let others = 2.0 * wave(i);
                if !agree(found, sent + others, scale + others.abs()) {
                    return Err(Problem::Overwritten {
                        input,
                        element: self.position(input, i),
                        found,
                        expected: sent + others,
                    });
                }
            }
        }
        Ok(())
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
pub fn wave(i: usize) -> f64 {
    1.5 + 0.5 * (5.0 * i as f64 + 1.0).sin()
}

fn waves(like: Var<'_, f64>, element: impl Fn(usize) -> f64) -> Matrix<f64> {
    let (rows, cols) = (like.row_count(), like.col_count());
    Matrix::from_fn(rows, cols, |r, c| element(r * cols + c))
}

/// The sum of all elements, each times a number of its own.
fn weighed(v: Var<'_, f64>) -> Var<'_, f64> {
    (v * v.tape().constant(waves(v, wave))).sum()
}

/// What a seed makes of the Jacobian for one element: Σ seed ∂y/∂x, and the sum of the magnitudes.
fn expected(
    jacobian: &[Vec<Matrix<f64>>],
    seed: &Matrix<f64>,
    input: usize,
    i: usize,
) -> (f64, f64) {
    let parts = seed.data().iter().zip(jacobian);
    let parts = parts.map(|(seed, row)| seed * row[input].data()[i]);
    parts.fold((0.0, 0.0), |(sum, size), part: f64| {
        (sum + part, size + part.abs())
    })
}

/// Whether two sums of parts of this size are the same but for rounding.
fn agree(found: f64, expected: f64, scale: f64) -> bool {
    (found - expected).abs() <= 1e-10 * scale
}
