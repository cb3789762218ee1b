//! The network of the listing, from cells and by a loop of one's own: the same to the bit.

use train::TrainError;
use train::prelude::*;

use crate::features::FEATURES;
use crate::{HIDDEN, RATE};

/// The lecture's reader of scores:
///
/// ```text
/// h_t = tanh(U x_t + W h_{t-1} + b)
/// y_T = softmax(V h_T + d)
/// E   = cross_entropy(y_T, c)
/// ```
///
/// where x_t is a dense layer of the score's step t, and T is the score's own last step.
struct Reader {
    dense: Linear,
    rnn: Forward<SimpleRnn>,
    output: Linear,
}

impl Reader {
    fn new(set: &mut ParameterSet, hidden: usize, classes: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Reader {
            dense: Linear::new(set, "dense1", FEATURES, hidden, &mut rng),
            rnn: Forward(SimpleRnn::new(set, "rnn1", hidden, hidden, &mut rng)),
            output: Linear::new(set, "dense2", hidden, classes, &mut rng),
        }
    }

    /// V h_T + d of scores of different length, `[B, classes]`.
    fn logits<'t>(&self, p: &Bound<'t>, scores: &[&Matrix]) -> Var<'t> {
        let scores = Sequence::from_samples(p.tape(), scores).expect("scores of some notes");
        let x = scores.map(|x| self.dense.apply(p, x));
        let h = self.rnn.run(p, x);
        self.output.apply(p, h.last())
    }

    fn loss<'t>(&self, p: &Bound<'t>, batch: &[&(Matrix, usize)]) -> Var<'t> {
        let (scores, classes): (Vec<_>, Vec<_>) = batch.iter().map(|(x, c)| (x, *c)).unzip();
        self.logits(p, &scores).cross_entropy(&classes)
    }
}

/// Trains by plain gradient descent, in mini-batches of 32 scores of like length; gives the last epoch's mean loss.
fn train(
    reader: &Reader,
    trainer: &mut Trainer,
    data: &[(Matrix, usize)],
    epochs: u64,
) -> Result<f64, TrainError> {
    let mut samples = Samples::new(data, 32)
        .sorted_by_length(50, |(x, _)| x.row_count())
        .shuffled(0);
    let mut mean = f64::NAN;
    for epoch in 1..=epochs {
        let (mut total, mut count) = (0.0, 0.0);
        for batch in 0..Source::<f32>::begin(&mut samples, epoch) {
            let part = &Source::<f32>::parts(&mut samples, batch)[0];
            let report = trainer.step(|p| reader.loss(p, part))?;
            total += report.loss * part.len() as f64;
            count += part.len() as f64;
        }
        mean = total / count;
    }
    Ok(mean)
}

/// Makes a reader, trains it, and gives the last epoch's mean loss.
pub fn learn(
    data: &[(Matrix, usize)],
    classes: usize,
    seed: u64,
    epochs: u64,
) -> Result<f64, TrainError> {
    let mut set = ParameterSet::new();
    let reader = Reader::new(&mut set, HIDDEN, classes, seed);
    train(
        &reader,
        &mut Trainer::new(set, Sgd::new(RATE)),
        data,
        epochs,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Corpus, samples};
    use crate::listing;

    #[test]
    fn it_is_the_listing_to_the_bit() {
        let data = samples(&Corpus::made_up(90, 1).scores);
        let history = listing(3, 7).fit(&data, 3).unwrap();
        let loss = learn(&data, 3, 7, 3).unwrap();
        assert_eq!(loss, history.epochs[2].training.loss);
    }
}
