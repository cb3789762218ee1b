//! [`ParameterGradients`]: the gradients of a parameter set, off the tape.

use std::fmt;

use autograd::{Keep, Matrix, Scalar, Shape, Tape, Var};
use layers::{Bound, ParameterId, ParameterSet};

use crate::Ranks;
use crate::blocks::{BLOCK, add_and_square, squares};
use crate::gradient::{Gradient, Rows};
use crate::memory::check_owner;
use crate::shard::mistake;

/// The gradient of a loss by every parameter of a set: ∂E/∂U for each U.
///
/// It outlives the recording, so that the tape can be cleared (which ends its share in the
/// parameters) before an optimizer changes them.
#[derive(Clone)]
pub struct ParameterGradients<T: Scalar = f32> {
    ids: Vec<ParameterId>,
    /// Whether of each only the rows are kept that were looked up.
    sparse: Vec<bool>,
    values: Vec<Gradient<T>>,
    /// Whether they are from a tape.
    lent: bool,
    /// The squares of each block's elements, summed.
    squares: Vec<f64>,
}

impl<T: Scalar> ParameterGradients<T> {
    /// Zeros, one matrix for each parameter.
    pub fn new(set: &ParameterSet<T>) -> Self {
        let zeros = |id| Gradient::zeros(set.get(id).shape(), set.is_sparse(id));
        ParameterGradients {
            values: set.ids().map(zeros).collect(),
            ..Self::empty(set)
        }
    }

    /// No matrix yet.
    fn empty(set: &ParameterSet<T>) -> Self {
        ParameterGradients {
            ids: set.ids().collect(),
            sparse: set.ids().map(|id| set.is_sparse(id)).collect(),
            values: Vec::new(),
            lent: false,
            squares: Vec::new(),
        }
    }

    /// The gradients of a loss, by a sweep of its tape; zeros for a parameter that the loss does not
    /// depend on. Nothing is copied: the matrices are the sweep's own, and the ones that were here
    /// before go to the tape, to be used again.
    ///
    /// # Panics
    /// If the loss is not of shape [1, 1], is on another tape or depends on no parameter at all, or
    /// if the parameters are not those of the set that this was made for.
    #[track_caller]
    pub fn differentiate(&mut self, loss: Var<'_, T>, bound: &Bound<'_, T>) {
        if let Some(mistake) = mistake(loss, bound.tape()) {
            panic!("{mistake}");
        }
        let reached = self.collect(loss, bound);
        assert!(reached, "the loss {} depends on no parameter", loss.info());
    }

    /// [`ParameterGradients::differentiate`]; whether the loss depends on a parameter.
    #[track_caller]
    pub(crate) fn collect(&mut self, loss: Var<'_, T>, bound: &Bound<'_, T>) -> bool {
        self.give_back(bound.tape());
        let mut gradients = loss.backward_keeping(Keep::Leaves);
        let mut reached = false;
        for (&id, &is_sparse) in self.ids.iter().zip(&self.sparse) {
            let parameter = bound.var(id);
            let shape = parameter.shape();
            let rows = is_sparse.then(|| gradients.take_rows(parameter)).flatten();
            let rows = rows.map(|rows| Gradient::Rows(Rows::of(&rows, shape)));
            let gradient = rows.or_else(|| gradients.take(parameter).map(Gradient::Whole));
            reached |= gradient.is_some();
            let zeros = || Gradient::zeros(shape, is_sparse);
            self.values.push(gradient.unwrap_or_else(zeros));
        }
        self.lent = true;
        reached
    }

    /// Gives the matrices to a tape, to be used again; none are left.
    pub(crate) fn give_back(&mut self, tape: &Tape<T>) {
        for gradient in self.values.drain(..).filter(|_| self.lent) {
            if let Gradient::Whole(matrix) = gradient {
                tape.recycle(matrix);
            }
        }
    }

    /// The global norm ‖g‖ = √(Σ ‖∂E/∂U‖²) over all parameters U, summed in f64.
    pub fn norm(&self) -> f64 {
        let mut total = 0.0;
        let mut sums = Vec::new();
        for g in self.values.iter() {
            sums.resize(g.data().len().div_ceil(BLOCK), 0.0);
            squares(g.data(), &mut sums);
            total += sums.iter().sum::<f64>();
        }
        total.sqrt()
    }

    /// Adds the gradients of other shards of the mini-batch, in one pass with the norm of the sum,
    /// which it gives.
    pub(crate) fn add_all(&mut self, others: &[&Self]) -> f64 {
        let of_each = (0..self.values.len()).map(|i| {
            let others = others.iter().map(|o| &o.values[i]);
            add(&mut self.values[i], others, &mut self.squares)
        });
        of_each.sum::<f64>().sqrt()
    }

    /// The sum over the parts of all ranks, of which these are this one's, and its norm. One parameter after the other
    /// goes from the first rank to the last, and each adds its own.
    pub(crate) fn over(ranks: &Ranks, set: &ParameterSet<T>, parts: &[&Self]) -> (Self, f64) {
        let (rank, last) = (ranks.rank(), ranks.count() - 1);
        let mut sums = Self::empty(set);
        for (i, id) in set.ids().enumerate() {
            let mut own = parts.iter().map(|part| &part.values[i]);
            let mut sum = match rank {
                0 => own.next().expect("the first has a part").clone(),
                _ => received(&ranks.receive(rank - 1), set.get(id).shape()),
            };
            add(&mut sum, own, &mut sums.squares);
            if rank < last {
                ranks.send(rank + 1, &sum.to_message());
            }
            sums.values.push(sum);
        }
        for sum in &mut sums.values {
            let message = if rank == last {
                sum.to_message()
            } else {
                Vec::new()
            };
            let message = ranks.broadcast(last, message);
            if rank < last {
                *sum = received(&message, sum.shape());
            }
        }
        let norm = sums.norm();
        (sums, norm)
    }

    /// The gradient by one parameter.
    ///
    /// # Panics
    /// If the parameter is of another set.
    #[track_caller]
    pub fn get(&self, id: ParameterId) -> &Matrix<T> {
        check_owner(&self.ids, id);
        self.values[id.index()].whole()
    }

    /// The rows of the gradient by a [sparse](ParameterSet::set_sparse) parameter that were looked up, from the first to
    /// the last; all others are zeros. `None` for other parameters, and where rows were not all that was used of it.
    ///
    /// # Panics
    /// If the parameter is of another set.
    #[track_caller]
    pub fn rows(&self, id: ParameterId) -> Option<impl Iterator<Item = (usize, &[T])>> {
        check_owner(&self.ids, id);
        match &self.values[id.index()] {
            Gradient::Whole(_) => None,
            Gradient::Rows(rows) => Some(rows.iter()),
        }
    }

    /// The gradient by one parameter, to be changed.
    ///
    /// # Panics
    /// If the parameter is of another set.
    #[track_caller]
    pub fn get_mut(&mut self, id: ParameterId) -> &mut Matrix<T> {
        check_owner(&self.ids, id);
        self.values[id.index()].whole_mut()
    }

    /// The first parameter whose gradient has a NaN or an infinity in it.
    pub fn first_non_finite(&self) -> Option<ParameterId> {
        let mut gradients = self.ids.iter().zip(&self.values);
        let (&id, _) = gradients.find(|(_, g)| !g.data().iter().all(|x| x.is_finite()))?;
        Some(id)
    }

    /// Replaces every element g by `f(g)`.
    pub(crate) fn map_in_place(&mut self, f: impl Fn(T) -> T) {
        for g in &mut self.values {
            g.data_mut().iter_mut().for_each(|g| *g = f(*g));
        }
    }
}

/// Adds the gradients of other parts to that of one parameter; the sum of the squares of the result.
fn add<'g, T: Scalar>(
    sum: &mut Gradient<T>,
    others: impl Iterator<Item = &'g Gradient<T>> + Clone,
    squares: &mut Vec<f64>,
) -> f64 {
    let parts: Vec<&[T]> = match sum.add_rows(others.clone()) {
        true => Vec::new(),
        false => others.map(|other| other.whole().data()).collect(),
    };
    let data = sum.data_mut();
    squares.resize(data.len().div_ceil(BLOCK), 0.0);
    add_and_square(data, &parts, squares);
    squares.iter().sum()
}

fn received<T: Scalar>(message: &[u8], shape: Shape) -> Gradient<T> {
    let gradient = Gradient::of_message(message, shape);
    gradient.expect("all ranks have the same parameters")
}

impl<T: Scalar> fmt::Debug for ParameterGradients<T> {
    /// The shapes in the order of the set, and the norm of all:
    /// `ParameterGradients { shapes: [[8, 3], [8, 8], [1, 8]], norm: 0.71 }`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shapes = self.values.iter().map(|g| g.shape().to_string());
        let shapes = shapes.collect::<Vec<_>>().join(", ");
        f.debug_struct("ParameterGradients")
            .field("shapes", &format_args!("[{shapes}]"))
            .field("norm", &self.norm())
            .finish()
    }
}
