//! The density of a character, whose points a pen draws one after another.

use layers::loss::{BinaryCrossEntropy, MixtureDensity, Reduction};
use train::prelude::*;
use train::program::Outcome;

use crate::strokes::Point;

/// The density of a character's points x_1 … x_n after the first one, x_0:
///
/// Pr(x_1 … x_n | x_0) = Π_{t<n} (1 − d_t) Pr(x_{t+1} | y_t) · d_n,
///
/// where y_t is what the network makes of x_0 … x_t, d_t = σ(d̂_t) the probability that the character is done with
/// x_t, and Pr(x | y) the [`MixtureDensity`] of the next offset and of whether the pen is lifted after it (Graves
/// 2013, equation 23, who writes lines of text, and has no end). The outputs for a point are `[d̂, ê, π̂, …]`:
/// 6 K + 2.
#[derive(Clone, Debug)]
pub struct CharacterDensity {
    mixture: MixtureDensity,
}

/// Nats, as sums over the points of some characters.
#[derive(Clone, Copy, Debug)]
pub struct Nats<'t> {
    /// Σ −ln Pr(x_{t+1} | y_t): of offsets and pen.
    pub points: Var<'t>,
    /// Of whether the character is done, asked after every point.
    pub ends: Var<'t>,
}

impl CharacterDensity {
    /// With a mixture of so many Gaussians.
    pub fn new(components: usize) -> Self {
        let mixture = MixtureDensity::new(components);
        CharacterDensity { mixture }
    }

    /// How many outputs a network has for it.
    pub fn width(&self) -> usize {
        1 + self.mixture.width()
    }

    /// −ln Pr of characters, for what the network makes of each of their points: `[Σ_t B_t, 6K + 2]`.
    pub fn nats<'t>(&self, outputs: &Sequence<'t>, characters: &[&Matrix<f32>]) -> Nats<'t> {
        let (y, lengths) = (outputs.stacked(), outputs.lengths());
        let positions: Vec<_> = lengths.positions().collect();
        let is_last = |&(character, t): &(usize, usize)| t + 1 == lengths.of(character);
        // Behind the last point there is none: whatever stands for it counts 0.
        let next = Matrix::from_fn(positions.len(), 3, |row, column| match positions[row] {
            last if is_last(&last) => 0.0,
            (character, t) => characters[character][(t + 1, column)],
        });
        let done = Matrix::from_fn(positions.len(), 1, |row, _| {
            f32::from(is_last(&positions[row]))
        });
        let (next, done) = (y.tape().constant(next), y.tape().constant(done));
        let points = self.mixture.losses(y.cols(1..self.width()), next);
        let ends = BinaryCrossEntropy::new().reduction(Reduction::Sum);
        Nats {
            points: (points * done.sub_from(1.0)).sum(),
            ends: ends.loss(y.cols(0..1), done),
        }
    }

    /// The mean of [`CharacterDensity::nats`] over all points but the first ones: nats per step. What of it is for the
    /// ends is measured as "ends".
    pub fn loss<'t>(
        &self,
        outputs: &Sequence<'t>,
        characters: &[&Matrix<f32>],
        measures: &mut Measures,
    ) -> Var<'t> {
        let steps: usize = characters.iter().map(|c| steps(c)).sum();
        let nats = self.nats(outputs, characters);
        let share = 1.0 / steps as f32;
        measures.add("ends", f64::from(nats.ends.item() * share), steps as f64);
        (nats.points + nats.ends) * share
    }

    /// Draws what comes next, or that nothing does.
    pub fn draw(&self, outputs: &[f32], bias: f64, rng: &mut ChaCha8Rng) -> Outcome<Option<Point>> {
        if rng.random::<f32>() < Scalar::sigmoid(outputs[0]) {
            return Ok(None);
        }
        Ok(Some(self.mixture.sample(&outputs[1..], bias, rng)?))
    }
}

/// The points of a character that are foreseen: all but the first.
pub fn steps(character: &Matrix<f32>) -> usize {
    character.row_count() - 1
}

#[cfg(test)]
pub mod tests {
    use super::*;

    fn character(points: &[[f32; 3]]) -> Matrix<f32> {
        Matrix::from_fn(points.len(), 3, |t, column| points[t][column])
    }

    /// One of two points, and one of four.
    pub fn characters() -> [Matrix<f32>; 2] {
        let short = character(&[[0.0, 0.0, 0.0], [1.0, -1.0, 1.0]]);
        let long = character(&[
            [0.0, 0.0, 0.0],
            [0.5, 0.5, 0.0],
            [-1.0, 2.0, 1.0],
            [0.3, 0.1, 1.0],
        ]);
        [short, long]
    }

    /// Nats of a character: those of each point by [`MixtureDensity`], and −ln of d at the end, 1 − d before.
    #[test]
    fn the_nats_are_those_of_all_points_and_of_the_end() {
        let density = CharacterDensity::new(3);
        let [short, long] = characters();
        let tape = Tape::new();
        let lengths = Lengths::new(&[2, 4]).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let y = Matrix::from_fn(6, density.width(), |_, _| rng.random::<f32>() - 0.5);
        let outputs = Sequence::from_stacked(tape.constant(y), &lengths);
        let nats = density.nats(&outputs, &[&short, &long]);
        let (mut points, mut ends) = (0.0, 0.0);
        for (sample, character) in [&short, &long].into_iter().enumerate() {
            let y = outputs.sample(sample);
            for t in 0..character.row_count() {
                let done = Scalar::sigmoid(y.value()[(t, 0)]);
                if t + 1 == character.row_count() {
                    ends -= done.ln();
                    continue;
                }
                ends -= (1.0 - done).ln();
                let next = tape.constant(Matrix::from_fn(1, 3, |_, c| character[(t + 1, c)]));
                let outputs = y.rows(t..t + 1).cols(1..density.width());
                points += MixtureDensity::new(3).loss(outputs, next).item();
            }
        }
        assert!(
            (nats.points.item() - points).abs() < 1e-4,
            "{} {points}",
            nats.points.item()
        );
        assert!((nats.ends.item() - ends).abs() < 1e-4);
        let mut measures = Measures::default();
        let loss = density
            .loss(&outputs, &[&short, &long], &mut measures)
            .item();
        assert!(
            (loss - (points + ends) / 4.0).abs() < 1e-5,
            "per point but the first ones"
        );
        assert!((measures.get("ends").unwrap() - f64::from(ends / 4.0)).abs() < 1e-5);
    }
}
