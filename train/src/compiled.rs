//! Classifiers in `f32`, compiled once: see [`autograd::ops::compiled`], which does the same for the operations.

use autograd::Matrix;

use crate::{Classifier, DataError, Fit, FitError, Input};

/// Not to be called.
pub fn of_features(model: &mut Classifier) -> Result<(), FitError> {
    all::<Matrix<f32>>(model)
}

/// Not to be called.
pub fn of_symbols(model: &mut Classifier) -> Result<(), FitError> {
    all::<Vec<usize>>(model)
}

fn all<X: Input<f32>>(model: &mut Classifier) -> Result<(), FitError> {
    let data: [(X, usize); 0] = [];
    model.fit(&data, 0)?;
    model.fit_with(&mut Fit::new(0), 1, &data, &data)?;
    let _: Result<_, DataError> = model.evaluate(&data);
    let _: Result<_, DataError> = model.predict::<X>(&[]);
    Ok(())
}
