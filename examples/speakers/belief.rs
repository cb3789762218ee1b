//! A series, and what a model believes while it goes on.

use train::prelude::*;
use train::program::Outcome;

use crate::ts::Sample;

/// A series with the probabilities of the classes after each of its steps: what would be said if it ended there.
pub struct Belief<'a> {
    pub series: &'a Matrix,
    pub class: usize,
    /// `[T, classes]`.
    pub probabilities: Matrix<f64>,
}

impl<'a> Belief<'a> {
    pub fn of(model: &Classifier, (series, class): &'a Sample) -> Outcome<Self> {
        let beginning = |steps| Matrix::from_fn(steps, series.col_count(), |t, d| series[(t, d)]);
        let beginnings: Vec<_> = (1..=series.row_count()).map(beginning).collect();
        let said = model.probabilities(&beginnings)?;
        let probability = |t: usize, c: usize| f64::from(said[t][(0, c)]);
        Ok(Belief {
            series,
            class: *class,
            probabilities: Matrix::from_fn(said.len(), said[0].col_count(), probability),
        })
    }

    /// The step, counted from 0, from which on the class is right to the end; none if it is wrong at the end.
    pub fn settled(&self) -> Option<usize> {
        let found = self.probabilities.view().row_argmax();
        let wrong = found.iter().rposition(|&c| c != self.class);
        let from = wrong.map_or(0, |t| t + 1);
        Some(from).filter(|&t| t < found.len())
    }
}

/// Of all series whose class is found, the place of the one where that takes longest: it has something to show.
pub fn hardest(model: &Classifier, samples: &[Sample]) -> Outcome<usize> {
    let (mut place, mut latest) = (0, None);
    for (i, sample) in samples.iter().enumerate() {
        let settled = Belief::of(model, sample)?.settled();
        if settled > latest {
            (place, latest) = (i, settled);
        }
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_belief_has_settled_where_it_stays_right() {
        let series = Matrix::zeros(4, 1);
        let settled = |first: [f64; 4]| {
            let p = |t: usize, c: usize| if c == 0 { first[t] } else { 1.0 - first[t] };
            let probabilities = Matrix::from_fn(4, 2, p);
            Belief {
                series: &series,
                class: 0,
                probabilities,
            }
            .settled()
        };
        assert_eq!(settled([0.9, 0.4, 0.8, 0.7]), Some(2));
        assert_eq!(settled([0.9, 0.8, 0.8, 0.7]), Some(0));
        assert_eq!(settled([0.9, 0.8, 0.8, 0.1]), None);
    }

    /// A model that reads the beginnings of a series knows nothing of what comes after.
    #[test]
    fn what_is_believed_at_a_step_does_not_depend_on_later_ones() {
        let model = Sequential::new(2)
            .bidirectional_gru(3)
            .pool(Pool::Max)
            .dense(3);
        let model = model.classifier(Sgd::new(0.1));
        let whole = (Matrix::from([[0.1, 0.5], [0.4, -2.0], [1.0, 3.0]]), 1);
        let cut = (Matrix::from([[0.1, 0.5], [0.4, -2.0]]), 1);
        let [whole, cut] = [&whole, &cut].map(|sample| Belief::of(&model, sample).unwrap());
        assert_eq!(whole.probabilities.shape().to_string(), "[3, 3]");
        assert_eq!(whole.probabilities.row(1), cut.probabilities.row(1));
        assert_ne!(whole.probabilities.row(2), cut.probabilities.row(1));
    }
}
