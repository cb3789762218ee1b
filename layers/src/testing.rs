//! The kit for property tests of cells (feature `proptest`), as [`autograd::testing`] is for operations.
//!
//! ```toml
//! [dev-dependencies]
//! bptt-layers = { version = "0.1", features = ["proptest"] }
//! proptest = "1"
//! ```
//!
//! A test of a cell of your own:
//!
//! ```
//! use autograd::{Scalar, Var};
//! use layers::testing::{Values, check_cell, matrices};
//! use layers::{Bound, Cell, ParameterSet, State, Weights};
//! use proptest::prelude::*;
//! use rand::{SeedableRng, rngs::ChaCha8Rng};
//!
//! /// h_t = ½ h_{t-1} + ½ tanh(U x_t + W h_{t-1} + b)
//! struct Leaky(Weights);
//!
//! impl<T: Scalar> Cell<T> for Leaky {
//!     fn weights(&self) -> &Weights {
//!         &self.0
//!     }
//!     fn step<'t>(&self, p: &Bound<'t, T>, zx: Var<'t, T>, s: State<'t, T>) -> State<'t, T> {
//!         let g = zx.add_matmul_t(s.h, p.var(self.0.w)).tanh();
//!         let h = (s.h + g) * T::from_f64(0.5);
//!         State { h, c: None }
//!     }
//! }
//!
//! proptest! {
//!     # /*
//!     #[test]
//!     # */
//!     // Three steps of two samples with four features.
//!     fn leaky_keeps_to_the_rules(x in matrices(3 * 2, 4, Values::between(-1.0, 1.0)), seed: u64) {
//!         let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(seed));
//!         let leaky = Leaky(Weights::new(&mut set, "leaky", 1, (4, 5), &mut rng));
//!         check_cell(&leaky, &set, &x, 2)?;
//!     }
//! }
//! # leaky_keeps_to_the_rules();
//! ```

use autograd::gradcheck::{GradCheckError, Report};
use autograd::{GradCheck, Matrix, Shape, Tape, Var};
use thiserror::Error;

pub use autograd::testing::{Values, matrices};

use crate::{Bound, Cell, ParameterSet, State, check, unroll};

/// How far a sample's numbers may be from those of the sample alone: products round in another order.
const ROUNDING: f64 = 1e-11;

/// What a cell does not keep to.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CellError {
    /// A state is not of one row for each sample and one column for each hidden unit, or has a c where
    /// it should have none.
    #[error("the {part} {when} is {found}, and should be {expected}")]
    State {
        /// The h or the c of the state.
        part: char,
        /// "before the first step" or "after a step".
        when: &'static str,
        /// Its shape, or that there is none.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// A parameter has no influence on outputs and final state.
    #[error("the parameter {name} receives no gradient")]
    Idle {
        /// The name of the parameter.
        name: String,
    },
    /// A sample gives something else in a mini-batch than alone.
    #[error(
        "sample {sample}, element {element:?} of its outputs and final state: {found:e} in the \
         mini-batch, {expected:e} alone"
    )]
    Batch {
        /// The row in the mini-batch.
        sample: usize,
        /// Step and hidden unit.
        element: (usize, usize),
        /// What comes out.
        found: f64,
        /// What comes out for the sample alone.
        expected: f64,
    },
    /// The gradient check fails.
    #[error(transparent)]
    Gradients(#[from] GradCheckError),
}

/// Puts a cell through all that it has to keep to, on the steps `x`, `[T*B, input]`, of a mini-batch of
/// `batch` rows:
///
/// - its states are `[B, H]`, with a c where [`Cell::has_cell_state`] says so;
/// - a mini-batch is its rows: each sample gives what it gives alone;
/// - every parameter of the set receives a gradient;
/// - the gradients of all parameters and of x are those of differences, see
///   [`gradcheck`](autograd::gradcheck()).
///
/// The cell is unrolled from its own initial state.
///
/// # Errors
/// What it does not keep to.
///
/// # Panics
/// If there are fewer than two steps: at the first, W has no gradient, as the state before it is zero; if
/// the rows of x are no multiple of `batch`, or the set is not the cell's.
#[track_caller]
pub fn check_cell(
    cell: &dyn Cell<f64>,
    set: &ParameterSet<f64>,
    x: &Matrix<f64>,
    batch: usize,
) -> Result<Report, CellError> {
    let steps = check::steps(x.row_count(), "rows", batch);
    assert!(steps >= 2, "check_cell on {steps} steps, and it takes two");
    check_states(cell, set, x, batch)?;
    check_rows(cell, set, x, batch)?;
    check_parameters(cell, set, x, batch)?;
    let names: Vec<_> = set.ids().map(|id| set.name(id)).collect();
    let check = GradCheck::new().named(format!("a cell of {} and x", names.join(", ")));
    let values = set.ids().map(|id| set.get(id).clone());
    let inputs: Vec<_> = values.chain([x.clone()]).collect();
    let report = check.run(
        |v| {
            let (parameters, x) = v.split_at(v.len() - 1);
            run(cell, &Bound::from_vars(parameters), x[0], batch)
        },
        &inputs,
    )?;
    Ok(report)
}

/// The outputs of all steps and the final state, one below the other.
fn run<'t>(
    cell: &dyn Cell<f64>,
    p: &Bound<'t, f64>,
    x: Var<'t, f64>,
    batch: usize,
) -> Var<'t, f64> {
    let start = cell.initial_state(p, batch);
    let unrolled = unroll(cell, p, cell.project(p, x), batch, start);
    let State { h, c } = unrolled.state;
    Var::concat_rows(&[unrolled.stacked(), c.unwrap_or(h)])
}

fn check_states(
    cell: &dyn Cell<f64>,
    set: &ParameterSet<f64>,
    x: &Matrix<f64>,
    batch: usize,
) -> Result<(), CellError> {
    let tape = Tape::new();
    let p = set.bind(&tape);
    let shape = Shape::new(batch, cell.hidden_size());
    let check = |state: State<'_, f64>, when| {
        let c = cell.has_cell_state().then_some(shape);
        let parts = [('h', Some(state.h), Some(shape)), ('c', state.c, c)];
        let print = |shape: Option<Shape>| shape.map_or("none".into(), |s| s.to_string());
        for (part, found, expected) in parts {
            let found = found.map(|part| part.shape());
            if found != expected {
                let (found, expected) = (print(found), print(expected));
                return Err(CellError::State {
                    part,
                    when,
                    found,
                    expected,
                });
            }
        }
        Ok(())
    };
    let start = cell.initial_state(&p, batch);
    check(start, "before the first step")?;
    let zx = cell.project(&p, tape.constant(x.clone()));
    check(cell.step(&p, zx.rows(0..batch), start), "after a step")
}

/// A mini-batch is its rows.
fn check_rows(
    cell: &dyn Cell<f64>,
    set: &ParameterSet<f64>,
    x: &Matrix<f64>,
    batch: usize,
) -> Result<(), CellError> {
    let values = |x: Matrix<f64>, batch| {
        let tape = Tape::new();
        let x = tape.constant(x);
        run(cell, &set.bind(&tape), x, batch).value().to_matrix()
    };
    let together = values(x.clone(), batch);
    for sample in 0..batch {
        let steps = x.row_count() / batch;
        let of_sample = |t, c| x[(t * batch + sample, c)];
        let alone = values(Matrix::from_fn(steps, x.col_count(), of_sample), 1);
        for (t, row) in alone.view().row_iter().enumerate() {
            for (c, &expected) in row.iter().enumerate() {
                let (element, found) = ((t, c), together[(t * batch + sample, c)]);
                let agree = (found - expected).abs() <= ROUNDING * expected.abs().max(1.0);
                if !agree {
                    return Err(CellError::Batch {
                        sample,
                        element,
                        found,
                        expected,
                    });
                }
            }
        }
    }
    Ok(())
}

/// Every parameter receives a gradient.
fn check_parameters(
    cell: &dyn Cell<f64>,
    set: &ParameterSet<f64>,
    x: &Matrix<f64>,
    batch: usize,
) -> Result<(), CellError> {
    let tape = Tape::new();
    let p = set.bind(&tape);
    let y = run(cell, &p, tape.constant(x.clone()), batch);
    let seed = |r, c| 1.5 + ((3 * r + c) as f64).sin();
    let gradients = y.backward_from(&Matrix::from_fn(y.row_count(), y.col_count(), seed));
    match set.ids().find(|&id| gradients.of(p.var(id)).norm() == 0.0) {
        Some(id) => Err(CellError::Idle {
            name: set.name(id).into(),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Weights;
    use rand::{SeedableRng, rngs::ChaCha8Rng};

    /// The simple network, with a flaw.
    struct Flawed {
        weights: Weights,
        flaw: Flaw,
    }

    #[derive(PartialEq)]
    enum Flaw {
        HasNoW,
        HasC,
        ForgetsRows,
        MixesSamples,
        CutsGradient,
    }
    use Flaw::*;

    impl Cell<f64> for Flawed {
        fn weights(&self) -> &Weights {
            &self.weights
        }
        fn step<'t>(
            &self,
            p: &Bound<'t, f64>,
            zx: Var<'t, f64>,
            s: State<'t, f64>,
        ) -> State<'t, f64> {
            let product = s.h.matmul_t(p.var(self.weights.w));
            let h = match self.flaw {
                HasNoW => (zx + s.h).tanh(),
                MixesSamples => (zx + product.sum_rows()).tanh(),
                ForgetsRows => (zx + product).tanh().rows(0..1),
                CutsGradient => (zx + product).tanh() + s.h - s.h.detach(),
                HasC => (zx + product).tanh(),
            };
            let c = (self.flaw == HasC).then_some(h);
            State { h, c }
        }
    }

    fn flaw(flaw: Flaw) -> CellError {
        let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
        let weights = Weights::new(&mut set, "flawed", 1, (2, 3), &mut rng);
        let x = Matrix::from_fn(6, 2, |r, c| ((5 * r + c) as f64).sin());
        check_cell(&Flawed { weights, flaw }, &set, &x, 2).unwrap_err()
    }

    #[test]
    fn a_parameter_without_influence_is_named() {
        let name = "flawed.W".to_string();
        assert_eq!(flaw(HasNoW), CellError::Idle { name });
    }

    #[test]
    fn states_of_the_wrong_shape_are_caught() {
        let text = flaw(ForgetsRows).to_string();
        assert_eq!(text, "the h after a step is [1, 3], and should be [2, 3]");
        let text = flaw(HasC).to_string();
        assert_eq!(text, "the c after a step is [2, 3], and should be none");
    }

    #[test]
    fn samples_that_mix_are_caught() {
        let error = flaw(MixesSamples);
        let is_second_step = |e: &CellError| {
            matches!(
                e,
                CellError::Batch {
                    element: (1, _),
                    ..
                }
            )
        };
        assert!(is_second_step(&error), "{error}");
    }

    #[test]
    fn a_wrong_gradient_is_caught() {
        let error = flaw(CutsGradient);
        assert!(matches!(error, CellError::Gradients(_)), "{error}");
        let text = error.to_string();
        assert!(
            text.starts_with("a cell of flawed.U, flawed.W, flawed.b and x: "),
            "{text}"
        );
    }
}
