//! [`Embedding`]: a vector for each class.

use autograd::{Scalar, Var};
use rand::Rng;

use crate::weights::{dotted, sizes};
use crate::{Bound, Layer, ParameterId, ParameterSet, Sequence, States, check, uniform};

/// A learned vector for each class, such as a word.
#[derive(Clone, Debug)]
pub struct Embedding {
    /// What the parameter's name begins with.
    pub name: String,
    /// E: `[classes, size]`, a row for each class.
    pub e: ParameterId,
    classes: usize,
    size: usize,
}

impl Embedding {
    /// Adds the parameter "name.E", drawn from U(-√3, √3), which has variance 1.
    ///
    /// # Panics
    /// If the name is taken, or a size is 0.
    #[track_caller]
    pub fn new<T: Scalar>(
        set: &mut ParameterSet<T>,
        name: &str,
        classes: usize,
        size: usize,
        rng: &mut (impl Rng + ?Sized),
    ) -> Self {
        sizes(name, &[(classes, "classes"), (size, "features")]);
        let e = uniform(classes, size, 3f64.sqrt(), rng);
        Embedding {
            name: name.into(),
            e: set.add(dotted(name, "E"), e),
            classes,
            size,
        }
    }

    /// With a sparse gradient: a training step costs what its words cost, and not what all do. An optimizer changes the
    /// rows that were looked up in the step, and no others: their averages stand still, and they do not decay, until they
    /// are looked up again (PyTorch's `sparse=True` with `SparseAdam`). By [`Sgd`] without momentum and decay the result
    /// is the same; by others it is another, which trains as well. Worth while from some thousand classes on.
    ///
    /// [`Sgd`]: https://docs.rs/bptt-train/latest/train/type.Sgd.html
    ///
    /// # Panics
    /// If E is of another set.
    #[must_use]
    #[track_caller]
    pub fn sparse<T: Scalar>(self, set: &mut ParameterSet<T>) -> Self {
        set.set_sparse(self.e);
        self
    }

    /// The vectors of `classes`, a row each: `[classes.len(), size]`.
    ///
    /// # Panics
    /// If there are no classes, one is not below the number of rows of E, or E is of another set.
    #[track_caller]
    pub fn apply<'t, T: Scalar>(&self, p: &Bound<'t, T>, classes: &[usize]) -> Var<'t, T> {
        check::parameters(&self.name, "apply", p, [self.e]);
        let e = p.var(self.e);
        check::indices(&self.name, "class", classes, e.row_count());
        e.gather_rows(classes).named("x")
    }
}

/// Of symbols, over all steps at once.
impl<T: Scalar> Layer<T> for Embedding {
    #[track_caller]
    fn pass<'t>(
        &self,
        p: &Bound<'t, T>,
        x: Sequence<'t, T>,
        _: &mut States<'t, T>,
    ) -> Sequence<'t, T> {
        let Some(symbols) = x.symbols() else {
            let complaint = "an embedding reads symbols, and these are features";
            panic!("{}", check::place(&self.name, complaint));
        };
        check::symbols_of(&self.name, symbols, x.lengths(), self.classes);
        Sequence::from_stacked(self.apply(p, symbols), x.lengths())
    }

    fn output_size(&self, _: Option<usize>) -> Result<Option<usize>, String> {
        Ok(Some(self.size))
    }

    fn description(&self) -> String {
        let sizes = format!("{} -> {}", self.classes, self.size);
        check::place(&self.name, &sizes)
    }
}
