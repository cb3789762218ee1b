//! [`Embedding`]: a vector for each class.

use autograd::{Scalar, Var};
use rand::Rng;

use crate::weights::{dotted, sizes};
use crate::{Bound, ParameterId, ParameterSet, check, uniform};

/// A learned vector for each class, such as a word.
#[derive(Clone, Debug)]
pub struct Embedding {
    /// What the parameter's name begins with.
    pub name: String,
    /// E: `[classes, size]`, a row for each class.
    pub e: ParameterId,
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
        }
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
