//! [`Dropout`] and [`RecurrentDropout`]: noise against overfitting.

use autograd::{Scalar, Tape, Var};
use rand::{Rng, RngExt};

use crate::cell::cell_like;
use crate::{Bound, Cell, Layer, Sequence, States};

/// A layer that sets each element to 0 with probability p and divides the others by 1 − p, so that the
/// expected value stays (Srivastava et al. 2014). It does so in training, which is where the parameters
/// are bound with [`Bound::training`]; else it changes nothing.
///
/// ```
/// use autograd::{Matrix, Tape};
/// use layers::{Dropout, Layer, ParameterSet, Sequence};
/// let (tape, set) = (Tape::<f64>::new(), ParameterSet::new());
/// let x = Sequence::from_samples(&tape, &[Matrix::filled(3, 4, 1.0)])?;
/// let layer = Dropout::new(0.5).at_all_steps_alike();
/// let y = layer.run(&set.bind(&tape).training(7), x.clone());
/// assert!(y.stacked().value().iter().all(|y| y == 0.0 || y == 2.0));
/// assert_eq!(y.step(0).value().to_matrix(), y.step(2).value().to_matrix());
/// assert_eq!(layer.run(&set.bind(&tape), x.clone()).stacked(), x.stacked());
/// # Ok::<(), layers::SequenceError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    probability: f64,
    is_shared: bool,
}

impl Dropout {
    /// Drops elements with probability `p`.
    ///
    /// # Panics
    /// If p is not in 0..1.
    #[track_caller]
    pub fn new(p: f64) -> Self {
        check(p);
        Dropout {
            probability: p,
            is_shared: false,
        }
    }

    /// Of a sample, the same features are dropped at every step (Gal and Ghahramani 2016).
    #[must_use]
    pub fn at_all_steps_alike(self) -> Self {
        Dropout {
            is_shared: true,
            ..self
        }
    }
}

impl<T: Scalar> Layer<T> for Dropout {
    fn pass<'t>(
        &self,
        p: &Bound<'t, T>,
        x: Sequence<'t, T>,
        _: &mut States<'t, T>,
    ) -> Sequence<'t, T> {
        let mut rng = match p.noise() {
            Some(rng) if self.probability > 0.0 => rng,
            _ => return x,
        };
        if !self.is_shared {
            return x.map(|x| dropout(x, self.probability, &mut rng));
        }
        let (samples, features) = (x.lengths().samples(), x.stacked().col_count());
        let mask = kept(p.tape(), (samples, features), self.probability, &mut rng);
        let of_row: Vec<_> = x.lengths().positions().map(|(sample, _)| sample).collect();
        x.map(|x| x.dropout(mask.gather_rows(&of_row), self.probability))
    }

    fn output_size(&self, features: Option<usize>) -> Result<Option<usize>, String> {
        Ok(features)
    }

    fn description(&self) -> String {
        format!("dropout {}", self.probability)
    }
}

/// A cell whose recurrent products miss some of the hidden units in training: W h_{t-1} becomes
/// W (m ⊙ h_{t-1}) / (1 − p), where m is drawn once a pass for each sample and is the same at every step
/// (Gal and Ghahramani 2016). What a cell carries on without a product, as the GRU does its state, is left
/// as it is.
///
/// ```
/// use layers::{Dropout, Forward, Gru, ParameterSet, RecurrentDropout, Reset, Stack};
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
///
/// let (mut set, mut rng) = (ParameterSet::<f32>::new(), ChaCha8Rng::seed_from_u64(1));
/// let gru = Gru::new(&mut set, "gru1", 20, 16, Reset::After, &mut rng);
/// let stack = Stack::<f32>::new()
///     .with(Dropout::new(0.3).at_all_steps_alike())
///     .with(Forward(RecurrentDropout::new(gru, 0.3)));
/// ```
#[derive(Clone, Debug)]
pub struct RecurrentDropout<C> {
    /// The cell.
    pub cell: C,
    probability: f64,
}

impl<C> RecurrentDropout<C> {
    /// Drops hidden units with probability `p`.
    ///
    /// # Panics
    /// If p is not in 0..1.
    #[track_caller]
    pub fn new(cell: C, p: f64) -> Self {
        check(p);
        RecurrentDropout {
            cell,
            probability: p,
        }
    }
}

impl<T: Scalar, C: Cell<T>> Cell<T> for RecurrentDropout<C> {
    cell_like!(cell);

    fn begin<'t>(&self, p: &Bound<'t, T>, samples: usize) -> Bound<'t, T> {
        let p = self.cell.begin(p, samples);
        match p.noise() {
            Some(mut rng) if self.probability > 0.0 => {
                let size = (samples, self.cell.hidden_size());
                let mask = kept(p.tape(), size, self.probability, &mut rng);
                p.masked(mask, self.probability)
            }
            _ => p,
        }
    }
}

/// Sets each element to 0 with probability `p` and divides the others by 1 − p, as [`Dropout`] does. At
/// p = 0 this is `x` itself.
///
/// # Panics
/// If p is not in 0..1.
#[track_caller]
pub fn dropout<'t, T: Scalar>(x: Var<'t, T>, p: f64, rng: &mut (impl Rng + ?Sized)) -> Var<'t, T> {
    check(p);
    if p == 0.0 {
        return x;
    }
    let size = (x.row_count(), x.col_count());
    x.dropout(kept(x.tape(), size, p, rng), p)
}

/// 0 with probability p, else 1.
fn kept<'t, T: Scalar>(
    tape: &'t Tape<T>,
    (rows, cols): (usize, usize),
    p: f64,
    rng: &mut (impl Rng + ?Sized),
) -> Var<'t, T> {
    let mask = tape.constant_with(rows, cols, |m| {
        for keep in m.data_mut() {
            *keep = if rng.random_bool(p) { T::ZERO } else { T::ONE };
        }
    });
    mask.named("mask")
}

#[track_caller]
fn check(p: f64) {
    assert!(
        (0.0..1.0).contains(&p),
        "dropout with p = {p}, which is not in 0..1"
    );
}
