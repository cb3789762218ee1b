//! [`ScheduledSampling`]: from the true symbols to the model's own, in training.

use autograd::{MatrixView, Scalar};
use rand::{Rng, RngExt};

use crate::sampling::check_logits;
use crate::{DecodingError, Sampling};

/// How often a decoder in training reads the true symbol before, and not its own: the probability
/// ε_i of the truth in training step i, counted from 0.
///
/// With teacher forcing alone (ε = 1) a decoder never sees its own mistakes, and does not learn to
/// go on after one. Source: Bengio, Vinyals, Jaitly, Shazeer 2015, *Scheduled sampling for sequence
/// prediction with recurrent neural networks*, section 2.4.
///
/// ```
/// use layers::ScheduledSampling;
/// let schedule = ScheduledSampling::Linear { start: 1.0, slope: 0.001, floor: 0.25 };
/// assert_eq!(schedule.epsilon(0), 1.0);
/// assert_eq!(schedule.epsilon(500), 0.5);
/// assert_eq!(schedule.epsilon(5000), 0.25);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScheduledSampling {
    /// ε_i = max(floor, start - slope i), and 1 at most.
    Linear {
        /// k in the paper.
        start: f64,
        /// c in the paper: what is lost each step.
        slope: f64,
        /// ε in the paper: the least amount of truth.
        floor: f64,
    },
    /// ε_i = kⁱ.
    Exponential {
        /// Below 1: the closer to it, the slower.
        k: f64,
    },
    /// ε_i = k / (k + exp(i / k)): nearly 1 for long, then down quickly, and slowly to 0.
    InverseSigmoid {
        /// At least 1: the greater, the later.
        k: f64,
    },
}

impl ScheduledSampling {
    /// The probability ε_i of the truth.
    pub fn epsilon(self, i: u64) -> f64 {
        let i = i as f64;
        match self {
            ScheduledSampling::Linear {
                start,
                slope,
                floor,
            } => (start - slope * i).max(floor).min(1.0),
            ScheduledSampling::Exponential { k } => k.powf(i),
            ScheduledSampling::InverseSigmoid { k } => k / (k + (i / k).exp()),
        }
    }
}

/// What a decoder in training reads next, `[B]`: each of the true symbols `targets` with probability
/// `epsilon`, and otherwise the model's own, drawn from the `logits` `[B, V]` of the same step. With
/// [`Sampling::greedy`] the model's own is its most probable symbol.
///
/// No gradient goes through the choice: symbols are whole numbers.
///
/// # Errors
/// If a setting makes no sense, `epsilon` is not between 0 and 1, or a logit is NaN or +∞.
///
/// # Panics
/// If there are not as many targets as rows of logits.
///
/// ```
/// use autograd::{Matrix, Tape, Var};
/// use layers::{Cell, Linear, Lstm, ParameterSet, Sampling, ScheduledSampling, scheduled_inputs};
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
///
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let mut set = ParameterSet::<f32>::new();
/// let lstm = Lstm::new(&mut set, "lstm1", 5, 8, &mut rng); // 5 symbols
/// let output = Linear::new(&mut set, "output", 8, 5, &mut rng);
///
/// let epsilon = ScheduledSampling::InverseSigmoid { k: 100.0 }.epsilon(250);
/// let tape = Tape::new();
/// let p = set.bind(&tape);
/// let mut state = lstm.initial_state(&p, 2);
/// let mut inputs = vec![0, 0]; // the start symbol of two samples
/// let mut loss = tape.zeros(1, 1);
/// for targets in [[1, 3], [4, 1], [2, 2]] {
///     let x = tape.constant(Matrix::one_hot(&inputs, 5));
///     state = lstm.step(&p, lstm.project(&p, x), state);
///     let logits = output.apply(&p, state.h);
///     loss = loss + logits.cross_entropy(&targets);
///     inputs = scheduled_inputs(&targets, logits.value(), epsilon, Sampling::greedy(), &mut rng)?;
/// }
/// let gradients = loss.backward();
/// # Ok::<(), layers::DecodingError>(())
/// ```
#[track_caller]
pub fn scheduled_inputs<T: Scalar>(
    targets: &[usize],
    logits: MatrixView<'_, T>,
    epsilon: f64,
    sampling: Sampling,
    rng: &mut (impl Rng + ?Sized),
) -> Result<Vec<usize>, DecodingError> {
    let (count, shape) = (targets.len(), logits.shape());
    assert!(count == shape.rows, "{count} targets for logits {shape}");
    sampling.check()?;
    if !(0.0..=1.0).contains(&epsilon) {
        return Err(DecodingError::Epsilon(epsilon));
    }
    let mut inputs = targets.to_vec();
    for (row, (input, logits)) in inputs.iter_mut().zip(logits.row_iter()).enumerate() {
        let wrong = |reason| DecodingError::Logits {
            step: None,
            row,
            reason,
        };
        check_logits(logits).map_err(wrong)?;
        if rng.random::<f64>() >= epsilon {
            *input = sampling.draw(logits, rng).map_err(wrong)?;
        }
    }
    Ok(inputs)
}
