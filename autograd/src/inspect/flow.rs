//! [`GradientFlow`]: a gradient on its way back through time.

use std::fmt;

use super::jacobian::blocks;
use super::text::write_aligned;
use super::{check_error, check_operand, html, show};
use crate::{Matrix, Scalar, Var};

/// How a gradient grows or shrinks on its way back, made by [`Var::gradient_flow`]: it vanishes
/// where the numbers fall towards zero, and explodes where they rise (Hochreiter 1991; Bengio,
/// Simard and Frasconi 1994).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GradientFlow {
    /// The states' names, "h.0" first.
    pub states: Vec<String>,
    /// ‖∂E/∂h_t‖ for each state.
    pub gradients: Vec<f64>,
    /// ‖∂h_T/∂h_t‖, the Frobenius norm of the Jacobian of the state recorded last by each state.
    pub jacobians: Vec<f64>,
    /// The largest singular value of that Jacobian: how much a gradient at h_T can at most grow on
    /// its way to h_t.
    pub largest: Vec<f64>,
}

impl<'t, T: Scalar> Var<'t, T> {
    /// What of this node's gradient reaches each of the states, and how the last state depends on
    /// the others: the one that was recorded last, which of a layer that reads backward is h_0. It takes one sweep, and one for each feature of the last state; one for each of its
    /// elements where samples mix.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let w = tape.var(Matrix::scalar(0.5)).named("W");
    /// let mut states = vec![tape.var(Matrix::scalar(1.0)).named("h")];
    /// for t in 0..3 {
    ///     let _step = tape.step(t);
    ///     states.push(states[t].matmul_t(w).named("h"));
    /// }
    /// let flow = states[3].sum().gradient_flow(&states);
    /// assert_eq!(flow.gradients, [0.125, 0.25, 0.5, 1.0]); // halved at each step back
    /// assert_eq!(flow.largest, flow.gradients);
    /// ```
    ///
    /// # Panics
    /// If this node is not of shape [1, 1], there are no states, or a state is a constant or of
    /// another tape.
    #[inline(never)]
    #[track_caller]
    pub fn gradient_flow(self, states: &[Var<'t, T>]) -> GradientFlow {
        assert!(!states.is_empty(), "gradient_flow() of no states");
        for &h in states {
            check_error("gradient_flow", self, h);
            check_operand("gradient_flow", self, h);
        }
        let gradients = self.backward();
        // Of a layer that reads backward, the state that has seen all others is that of the first step.
        let is_later = |a: Var<'t, T>, b: Var<'t, T>| if b.index() > a.index() { b } else { a };
        let last = states.iter().copied().fold(states[0], is_later);
        // The blocks of a block-diagonal matrix have its norm and its singular values.
        let whole = || {
            last.jacobians(states)
                .into_iter()
                .map(|j| vec![j])
                .collect()
        };
        let jacobians: Vec<Vec<Matrix<T>>> = blocks(last, states).unwrap_or_else(whole);
        let norm = |blocks: &Vec<Matrix<T>>| {
            let squares = blocks.iter().map(|j| j.norm() * j.norm());
            squares.sum::<f64>().sqrt()
        };
        let largest = |blocks: &Vec<Matrix<T>>| {
            let largest = blocks
                .iter()
                .filter_map(|j| j.singular_values().first().copied());
            largest.fold(0.0, |a, b| if a > b || a.is_nan() { a } else { b })
        };
        GradientFlow {
            states: states.iter().map(|h| h.info().label()).collect(),
            gradients: states.iter().map(|&h| gradients.of(h).norm()).collect(),
            jacobians: jacobians.iter().map(norm).collect(),
            largest: jacobians.iter().map(largest).collect(),
        }
    }

    /// ‖∂y/∂self‖ for each of some later nodes y: how much of this input is still to be seen there.
    ///
    /// # Panics
    /// If this node is a constant, or a node is of another tape.
    #[track_caller]
    pub fn influence(self, on: &[Var<'t, T>]) -> Vec<f64> {
        let norm = |y: &Var<'t, T>| match y.jacobian_by_sample(self) {
            Some(blocks) => blocks
                .iter()
                .map(|j| j.norm() * j.norm())
                .sum::<f64>()
                .sqrt(),
            None => y.jacobian(self).norm(),
        };
        on.iter().map(norm).collect()
    }
}

impl GradientFlow {
    fn grid(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let head = ["h_t", "‖∂E/∂h_t‖", "‖∂h_T/∂h_t‖", "σ₁(∂h_T/∂h_t)"];
        let number = |x: f64| format!("{x:.4e}");
        let line = |t: usize| {
            let numbers = [self.gradients[t], self.jacobians[t], self.largest[t]];
            let mut line = vec![self.states[t].clone()];
            line.extend(numbers.map(number));
            line
        };
        let lines = (0..self.states.len()).map(line).collect();
        (head.map(String::from).to_vec(), lines)
    }

    /// Displays the numbers in a notebook.
    pub fn evcxr_display(&self) {
        let (head, lines) = self.grid();
        show("text/html", &html::table(&head, &lines), self);
    }
}

impl fmt::Display for GradientFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, lines) = self.grid();
        write_aligned(f, &head, &lines)
    }
}
