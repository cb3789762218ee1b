//! A recurrent layer whose last valid step is classified, of mini-batches that are padded or packed.

use train::prelude::*;

/// Features of a step.
pub const FEATURES: usize = 16;
/// Classes of a sample.
pub const CLASSES: usize = 3;
/// Units of the layer.
const HIDDEN: usize = 64;

/// A sequence `[T_i, F]` with its class.
pub type Sample<T> = (Matrix<T>, usize);

/// How the rows of a mini-batch are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// `[T·B, F]`, T the steps of the longest sample: what has ended goes on with zeros.
    Padded,
    /// `[Σ_t B_t, F]`: what has ended takes no part.
    Packed,
}

impl Rows {
    /// The rows that a mini-batch of these lengths has.
    pub fn count(self, lengths: &[usize]) -> usize {
        match self {
            Rows::Padded => lengths.len() * lengths.iter().max().unwrap_or(&0),
            Rows::Packed => lengths.iter().sum(),
        }
    }
}

/// y_T = softmax(V h_T + d), T the last valid step: of an LSTM.
pub struct Model {
    lstm: Forward<Lstm>,
    output: Linear,
}

impl Model {
    /// The model, and its parameters drawn from a seed.
    pub fn new<T: Scalar>(seed: u64) -> (Self, ParameterSet<T>) {
        let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(seed));
        let lstm = Forward(Lstm::new(&mut set, "lstm1", FEATURES, HIDDEN, &mut rng));
        let output = Linear::new(&mut set, "output", HIDDEN, CLASSES, &mut rng);
        (Model { lstm, output }, set)
    }

    /// E = cross_entropy(y_T, c), the mean over the samples of a mini-batch.
    pub fn loss<'t, T: Scalar>(
        &self,
        p: &Bound<'t, T>,
        batch: &[&Sample<T>],
        rows: Rows,
    ) -> Var<'t, T> {
        let (samples, classes): (Vec<_>, Vec<_>) =
            batch.iter().map(|(x, class)| (x, *class)).unzip();
        let x = Sequence::from_samples(p.tape(), &samples).expect("sequences with steps");
        let h = match rows {
            Rows::Packed => self.lstm.run(p, x).last(),
            Rows::Padded => self.last_of_padded(p, &x),
        };
        self.output.apply(p, h).cross_entropy(&classes)
    }

    /// h of the last valid step, with every step computed for every sample: all that comes behind the last valid step
    /// of a sample is thrown away, and no gradient goes there.
    fn last_of_padded<'t, T: Scalar>(&self, p: &Bound<'t, T>, x: &Sequence<'t, T>) -> Var<'t, T> {
        let (samples, lengths) = (x.lengths().samples(), x.lengths());
        let padded = Sequence::from_stacked(x.padded().x, samples); // all of them are as long now
        let last: Vec<_> = (0..samples)
            .map(|i| (lengths.of(i) - 1) * samples + i)
            .collect();
        self.lstm.run(p, padded).stacked().gather_rows(&last)
    }
}

/// A sequence of noise, in which the feature of its class is a little larger at every step.
pub fn sample<T: Scalar>(length: usize, rng: &mut ChaCha8Rng) -> Sample<T> {
    let class = rng.random_range(0..CLASSES);
    let x = Matrix::from_fn(length, FEATURES, |_, feature| {
        let noise: f64 = rng.random_range(-1.0..1.0);
        T::from_f64(noise + if feature == class { 0.5 } else { 0.0 })
    });
    (x, class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(lengths: &[usize]) -> Vec<Sample<f64>> {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        lengths
            .iter()
            .map(|&length| sample(length, &mut rng))
            .collect()
    }

    /// The nodes of the hidden states, and so what was computed.
    fn rows_of_h(rows: Rows, lengths: &[usize]) -> usize {
        let (model, set) = Model::new::<f64>(1);
        let (tape, samples) = (Tape::new(), samples(lengths));
        model.loss(&set.bind(&tape), &samples.iter().collect::<Vec<_>>(), rows);
        tape.over_time("lstm1/h")
            .iter()
            .map(|h| h.row_count())
            .sum()
    }

    #[test]
    fn the_layer_computes_the_rows_that_are_counted() {
        let lengths = [3, 1, 7, 4];
        for (rows, expected) in [(Rows::Padded, 28), (Rows::Packed, 15)] {
            assert_eq!(rows.count(&lengths), expected);
            assert_eq!(rows_of_h(rows, &lengths), expected, "{rows:?}");
        }
    }

    /// What others have called a bug for years: the last row of the padded steps is not the last valid one.
    #[test]
    fn the_last_padded_step_is_another() {
        let (model, set) = Model::new::<f64>(1);
        let (tape, samples) = (Tape::new(), samples(&[5, 2, 9]));
        let p = set.bind(&tape);
        let x: Vec<_> = samples.iter().map(|(x, _)| x).collect();
        let x = Sequence::from_samples(&tape, &x).expect("sequences");
        let valid = model.last_of_padded(&p, &x).value().to_matrix();
        let last = model
            .lstm
            .run(&p, Sequence::from_stacked(x.padded().x, 3))
            .last();
        let difference = |sample| {
            valid
                .rows(sample..sample + 1)
                .to_matrix()
                .max_abs_diff(&last.rows(sample..sample + 1).value().to_matrix())
        };
        assert!(difference(2) < 1e-15, "the longest has no padding");
        assert!(difference(0) > 1e-3 && difference(1) > 1e-3);
    }

    #[test]
    fn a_sample_in_a_padded_mini_batch_is_what_it_is_alone() {
        let (model, set) = Model::new::<f64>(1);
        let samples = samples(&[5, 2, 9]);
        let loss =
            |batch: &[&Sample<f64>], rows| model.loss(&set.bind(&Tape::new()), batch, rows).item();
        let alone: f64 = samples
            .iter()
            .map(|s| loss(&[s], Rows::Packed))
            .sum::<f64>()
            / 3.0;
        let all: Vec<_> = samples.iter().collect();
        for rows in [Rows::Padded, Rows::Packed] {
            assert!((loss(&all, rows) - alone).abs() < 1e-13, "{rows:?}");
        }
    }
}
