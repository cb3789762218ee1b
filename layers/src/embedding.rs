//! [`Embedding`]: a vector for each class.

use autograd::{Scalar, Var};
use rand::Rng;

use crate::weights::dotted;
use crate::{Bound, ParameterId, ParameterSet, uniform};

/// A learned vector for each class, such as a word.
#[derive(Clone, Copy, Debug)]
pub struct Embedding {
    /// E: `[classes, size]`, a row for each class.
    pub e: ParameterId,
}

impl Embedding {
    /// Adds the parameter "name.E", drawn from U(-√3, √3), which has variance 1.
    ///
    /// # Panics
    /// If the name is taken.
    #[track_caller]
    pub fn new<T: Scalar>(
        set: &mut ParameterSet<T>,
        name: &str,
        classes: usize,
        size: usize,
        rng: &mut (impl Rng + ?Sized),
    ) -> Self {
        let e = uniform(classes, size, 3f64.sqrt(), rng);
        Embedding {
            e: set.add(dotted(name, "E"), e),
        }
    }

    /// The vectors of `classes`, a row each: `[classes.len(), size]`.
    ///
    /// # Panics
    /// If a class is not below the number of rows of E.
    #[track_caller]
    pub fn apply<'t, T: Scalar>(&self, p: &Bound<'t, T>, classes: &[usize]) -> Var<'t, T> {
        p.var(self.e).gather_rows(classes).named("x")
    }
}
