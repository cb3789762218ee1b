//! [`NestedFormula`]: a gradient as the lecture's nested chain rule, with its numbers.

mod print;

use super::jacobian::jacobians;
use super::{check_error, check_operand};
use crate::{Matrix, NodeInfo, Scalar, Shape, Var};

/// The gradient of one error through a chain of states, made by [`Var::nested_formula`]:
///
/// ∂E_2/∂U = ∂E_2/∂h_2 (∂⁺h_2/∂U + ∂h_2/∂h_1 (∂⁺h_1/∂U + ∂h_1/∂h_0 ∂⁺h_0/∂U))
///
/// ∂⁺ is the immediate derivative, in which the state before counts as a constant (Pascanu, Mikolov
/// and Bengio 2013). For the pre-activation z_t = U x_t + W h_{t-1} as state it is the lecture's x_tᵀ.
#[derive(Clone, Debug, PartialEq)]
pub struct NestedFormula<T: Scalar = f32> {
    error: NodeInfo,
    parameter: NodeInfo,
    states: Vec<Vec<NodeInfo>>,
    /// ∂⁺E/∂U, where the error uses the parameter itself.
    direct: Option<Matrix<T>>,
    head: Matrix<T>,
    /// ∂s_t/∂s_{t-1}, from t = 1.
    jacobians: Vec<Matrix<T>>,
    /// ∂⁺s_t/∂U, from t = 0.
    immediate: Vec<Matrix<T>>,
}

impl<'t, T: Scalar> Var<'t, T> {
    /// The gradient of this error by a parameter as a nested formula over the states h_0, h_1, …: one
    /// node a step, or several, `[[h_0, c_0], [h_1, c_1], …]`. States that the error does not see are
    /// left out. It takes a sweep for each element of the states.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let w = tape.var(Matrix::scalar(0.5)).named("W");
    /// let mut states = vec![tape.constant(Matrix::scalar(1.0)) * w]; // h_0
    /// states[0].named("h").at(0);
    /// for t in 1..3 {
    ///     states.push((states[t - 1] * w).named("h").at(t));
    /// }
    /// let e = (states[2] * 2.0).named("E").at(2);
    /// let formula = e.nested_formula(w, &states);
    /// assert_eq!(
    ///     formula.to_string(),
    ///     "∂E₂/∂W = ∂E₂/∂h₂ (∂⁺h₂/∂W + ∂h₂/∂h₁ (∂⁺h₁/∂W + ∂h₁/∂h₀ ∂⁺h₀/∂W))
    ///        = 2 (0.25 + 0.5 (0.5 + 0.5 · 1))
    ///        = 1.5"
    /// );
    /// assert_eq!(formula.value(), e.backward().of(w));
    /// ```
    ///
    /// # Panics
    /// If this node is not of shape [1, 1], the parameter is a constant, a node is of another tape,
    /// or the error sees an earlier state other than through the last one: then it is a sum of errors,
    /// and each has a formula of its own.
    #[track_caller]
    pub fn nested_formula<S>(self, parameter: Var<'t, T>, states: &[S]) -> NestedFormula<T>
    where
        S: AsRef<[Var<'t, T>]>,
    {
        check_error("nested_formula", self, parameter);
        check_operand("nested_formula", self, parameter);
        let states: Vec<&[Var<'t, T>]> = states.iter().map(AsRef::as_ref).collect();
        let Beginning {
            states,
            head,
            direct,
        } = self.beginning(parameter, states);
        let (mut chain, mut immediate) = (Vec::new(), Vec::new());
        for (t, &state) in states.iter().enumerate() {
            let before = if t > 0 { states[t - 1] } else { &[] };
            let mut parts = jacobians(state, &[before, &[parameter]].concat(), true);
            immediate.extend(parts.pop());
            if t > 0 {
                chain.push(beside(&parts));
            }
        }
        let infos = |state: &&[Var<'t, T>]| state.iter().map(|s| s.info()).collect();
        NestedFormula {
            error: self.info(),
            parameter: parameter.info(),
            states: states.iter().map(infos).collect(),
            direct,
            head,
            jacobians: chain,
            immediate,
        }
    }

    /// Cuts the graph at all states: which of them this error sees, and how.
    #[track_caller]
    fn beginning<'s>(
        self,
        parameter: Var<'t, T>,
        mut states: Vec<&'s [Var<'t, T>]>,
    ) -> Beginning<'s, 't, T> {
        let all: Vec<_> = states.concat().into_iter().chain([parameter]).collect();
        for &state in &all {
            check_error("nested_formula", self, state);
        }
        let mut parts = jacobians(&[self], &all, true);
        let is_zero = |m: &Matrix<T>| m.data().iter().all(|&x| x == T::ZERO);
        let direct = parts.pop().filter(|m| !is_zero(m));
        let mut by_state = Vec::new();
        for state in &states {
            by_state.push(parts.drain(..state.len()).collect::<Vec<_>>());
        }
        while by_state.pop_if(|parts| parts.iter().all(is_zero)).is_some() {
            states.pop();
        }
        let head = by_state
            .pop()
            .map_or(Matrix::zeros(1, 1), |last| beside(&last));
        for (state, parts) in states.iter().zip(&by_state) {
            assert!(
                parts.iter().all(is_zero),
                "nested_formula(): {} sees {} not only through later states: take the errors of a \
                 sum one by one",
                self.info(),
                state[0].info()
            );
        }
        Beginning {
            states,
            head,
            direct,
        }
    }
}

/// What an error sees directly.
struct Beginning<'s, 't, T> {
    /// The states up to the last that it sees.
    states: Vec<&'s [Var<'t, T>]>,
    head: Matrix<T>,
    direct: Option<Matrix<T>>,
}

/// Matrices of as many rows, one beside the other.
fn beside<T: Scalar>(parts: &[Matrix<T>]) -> Matrix<T> {
    let cols = parts.iter().map(Matrix::col_count).sum();
    let mut whole = Matrix::zeros(parts[0].row_count(), cols);
    let mut at = 0;
    for part in parts {
        let to = whole.view_mut().cols(at..at + part.col_count());
        { to }.copy_from(part.view());
        at += part.col_count();
    }
    whole
}

impl<T: Scalar> NestedFormula<T> {
    /// The number of states: how deep the formula is nested.
    pub fn depth(&self) -> usize {
        self.states.len()
    }

    /// ∂E/∂h_T: a row of as many elements as the last state has.
    pub fn head(&self) -> &Matrix<T> {
        &self.head
    }

    /// ∂h_t/∂h_{t-1}, for t from 1 on.
    ///
    /// # Panics
    /// If there is no such t.
    #[track_caller]
    pub fn jacobian(&self, t: usize) -> &Matrix<T> {
        let depth = self.depth();
        assert!(
            0 < t && t < depth,
            "∂h_t/∂h_t-1 at t = {t} of {depth} states"
        );
        &self.jacobians[t - 1]
    }

    /// ∂⁺h_t/∂U: a row for each element of the state, a column for each of the parameter.
    ///
    /// # Panics
    /// If there is no such t.
    #[track_caller]
    pub fn immediate(&self, t: usize) -> &Matrix<T> {
        let depth = self.depth();
        assert!(t < depth, "∂⁺h_t/∂U at t = {t} of {depth} states");
        &self.immediate[t]
    }

    /// What the formula comes to, from the inside out; in the parameter's shape.
    pub fn value(&self) -> Matrix<T> {
        let Shape { rows, cols } = self.parameter.shape;
        let mut total = Matrix::zeros(rows, cols);
        if let Some((first, rest)) = self.immediate.split_first() {
            let mut inner = first.clone();
            for (immediate, jacobian) in rest.iter().zip(&self.jacobians) {
                inner = jacobian.matmul(&inner);
                inner += immediate;
            }
            let row = self.head.matmul(&inner);
            total.data_mut().copy_from_slice(row.data());
        }
        if let Some(direct) = &self.direct {
            let elements = total.data_mut().iter_mut().zip(direct.data()); // it is a row
            elements.for_each(|(to, &x)| *to += x);
        }
        total
    }
}
