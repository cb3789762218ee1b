//! [`Cell`]: one time step of a recurrent layer.

use std::sync::Arc;

use autograd::{Scalar, Var};

use crate::{Bound, ParameterId, Projection, State, Weights, check};

/// One time step of a recurrent layer, as its equations.
///
/// A step sees its input only as z_x = U x_t + b, so that [`Cell::project`] can do the product of
/// all steps at once. A cell of your own needs [`Cell::weights`] and [`Cell::step`], and
/// [`unroll`](crate::unroll) does the rest. For [`RecurrentDropout`](crate::RecurrentDropout) its products
/// take the state through [`Bound::recurrent`].
pub trait Cell<T: Scalar> {
    /// The parameters that all cells have.
    fn weights(&self) -> &Weights;

    /// The state after a step, from z_x = U x_t + b of shape `[B, G*H]` and the state before.
    ///
    /// # Panics
    /// If a shape does not fit.
    #[track_caller]
    fn step<'t>(&self, p: &Bound<'t, T>, zx: Var<'t, T>, s: State<'t, T>) -> State<'t, T>;

    /// Whether the state has a c beside its h.
    fn has_cell_state(&self) -> bool {
        false
    }

    /// The parameters as a pass over so many samples uses them, before its first step: where something
    /// is drawn that all steps share.
    #[doc(hidden)]
    fn begin<'t>(&self, p: &Bound<'t, T>, samples: usize) -> Bound<'t, T> {
        let _ = samples;
        *p
    }

    /// The number of features of x_t.
    fn input_size(&self) -> usize {
        self.weights().input
    }

    /// The number H of hidden units.
    fn hidden_size(&self) -> usize {
        self.weights().hidden
    }

    /// U and b, all that the input goes through.
    fn input_weight(&self) -> (ParameterId, ParameterId) {
        (self.weights().u, self.weights().b)
    }

    /// The state before the first step: zeros, or the learned rows for every sample.
    ///
    /// # Panics
    /// If the mini-batch has no rows, or the parameters are of another set.
    #[track_caller]
    fn initial_state<'t>(&self, p: &Bound<'t, T>, batch: usize) -> State<'t, T> {
        check::start(self, p, batch);
        let weights = self.weights();
        let _scope = weights.scope(p.tape());
        let start = |learned: Option<ParameterId>, name| {
            let zeros = p.tape().zeros(batch, weights.hidden);
            learned.map_or(zeros, |id| zeros + p.var(id)).named(name)
        };
        State {
            h: start(weights.h0, "h"),
            c: self.has_cell_state().then(|| start(weights.c0, "c")),
        }
    }

    /// z_x = U x_t + b for all steps in one product: `[T*B, input]` to `[T*B, G*H]`.
    ///
    /// # Panics
    /// If `x` has another number of columns than the cell has inputs, is of another tape, or the
    /// parameters are of another set.
    #[track_caller]
    fn project<'t>(&self, p: &Bound<'t, T>, x: Var<'t, T>) -> Var<'t, T> {
        check::input(self, p, x);
        let _scope = self.weights().scope(p.tape());
        let (u, b) = self.input_weight();
        p.var(b).add_matmul_t(x, p.var(u)).named("zx")
    }

    /// z_x of one-hot inputs, given as one symbol a row: U x is a column of U, so each step looks
    /// up columns of U + b.
    ///
    /// # Panics
    /// If a symbol is not below the number of inputs, or the parameters are of another set.
    #[track_caller]
    fn project_symbols<'t, 's>(
        &self,
        p: &Bound<'t, T>,
        symbols: &'s [usize],
    ) -> Projection<'t, 's, T> {
        check::lookup(self, p, symbols);
        let table = self.symbol_table(p);
        Projection::LookedUp { table, symbols }
    }

    /// z_x of every symbol, `[V, G*H]`: (U + b)ᵀ.
    ///
    /// # Panics
    /// If the parameters are of another set.
    #[track_caller]
    fn symbol_table<'t>(&self, p: &Bound<'t, T>) -> Var<'t, T> {
        let (u, b) = self.input_weight();
        check::parameters(&self.weights().name, "project", p, [u, b]);
        let _scope = self.weights().scope(p.tape());
        p.var(u).transpose() + p.var(b)
    }
}

/// The methods of a cell that is another one, where that lies: for all but `begin`.
macro_rules! cell_like {
    ($($inner:tt)+) => {
        fn weights(&self) -> &$crate::Weights {
            self.$($inner)+.weights()
        }
        #[track_caller]
        fn step<'t>(
            &self,
            p: &$crate::Bound<'t, T>,
            zx: autograd::Var<'t, T>,
            s: $crate::State<'t, T>,
        ) -> $crate::State<'t, T> {
            self.$($inner)+.step(p, zx, s)
        }
        fn has_cell_state(&self) -> bool {
            self.$($inner)+.has_cell_state()
        }
        fn input_size(&self) -> usize {
            self.$($inner)+.input_size()
        }
        fn hidden_size(&self) -> usize {
            self.$($inner)+.hidden_size()
        }
        fn input_weight(&self) -> ($crate::ParameterId, $crate::ParameterId) {
            self.$($inner)+.input_weight()
        }
        #[track_caller]
        fn initial_state<'t>(
            &self,
            p: &$crate::Bound<'t, T>,
            batch: usize,
        ) -> $crate::State<'t, T> {
            self.$($inner)+.initial_state(p, batch)
        }
        #[track_caller]
        fn project<'t>(
            &self,
            p: &$crate::Bound<'t, T>,
            x: autograd::Var<'t, T>,
        ) -> autograd::Var<'t, T> {
            self.$($inner)+.project(p, x)
        }
        #[track_caller]
        fn project_symbols<'t, 's>(
            &self,
            p: &$crate::Bound<'t, T>,
            symbols: &'s [usize],
        ) -> $crate::Projection<'t, 's, T> {
            self.$($inner)+.project_symbols(p, symbols)
        }
        #[track_caller]
        fn symbol_table<'t>(&self, p: &$crate::Bound<'t, T>) -> autograd::Var<'t, T> {
            self.$($inner)+.symbol_table(p)
        }
    };
}

pub(crate) use cell_like;

/// A cell that is shared is a cell.
impl<T: Scalar, C: Cell<T> + ?Sized> Cell<T> for Arc<C> {
    cell_like!(as_ref());

    fn begin<'t>(&self, p: &Bound<'t, T>, samples: usize) -> Bound<'t, T> {
        self.as_ref().begin(p, samples)
    }
}
