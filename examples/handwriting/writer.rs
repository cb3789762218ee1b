//! A network that foresees where the pen goes next, and writes.

use layers::loss::{BinaryCrossEntropy, MixtureDensity, Reduction};
use train::prelude::*;
use train::program::Outcome;

use crate::scale::Scale;
use crate::strokes::{Character, Point};

/// A character that has not ended after so many points is cut off; the longest of Omniglot has 143.
pub const LONGEST: usize = 200;

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
    fn draw(&self, outputs: &[f32], bias: f64, rng: &mut ChaCha8Rng) -> Outcome<Option<Point>> {
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

/// LSTMs, the outputs of a [`CharacterDensity`] from what the last of them gives, and all parameters.
#[derive(Debug)]
pub struct Writer {
    network: Stack,
    density: CharacterDensity,
    parameters: ParameterSet,
}

impl Writer {
    /// Untrained.
    pub fn new(components: usize, hidden: usize, layers: usize, seed: u64) -> Self {
        let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(seed));
        let density = CharacterDensity::new(components);
        let (mut network, mut inputs) = (Stack::new(), 3);
        for layer in 1..=layers {
            let lstm = Lstm::new(&mut set, &format!("lstm{layer}"), inputs, hidden, &mut rng);
            network = network.with(Forward(lstm));
            inputs = hidden;
        }
        let output = Linear::new(&mut set, "output", hidden, density.width(), &mut rng);
        Writer {
            network: network.with(output),
            density,
            parameters: set,
        }
    }

    /// How many numbers it has learned.
    pub fn size(&self) -> usize {
        self.parameters.element_count()
    }

    /// Nats per step of some characters.
    pub fn loss<'t>(
        &self,
        p: &Bound<'t>,
        characters: &[&Matrix<f32>],
        measures: &mut Measures,
    ) -> Var<'t> {
        let x = Sequence::from_samples(p.tape(), characters).expect("points are finite");
        self.density
            .loss(&self.network.run(p, x), characters, measures)
    }

    /// Trains it; gives its scores on the test part.
    pub fn train(
        &mut self,
        mut fit: Fit<'_>,
        rate: f64,
        [training, validation, test]: [&mut Samples<&[Matrix<f32>]>; 3],
    ) -> Outcome<Scores> {
        let mut trainer =
            Trainer::new(std::mem::take(&mut self.parameters), Adam::new(rate)).clip(5.0);
        let writer = &*self;
        fit.run_and_validate(&mut trainer, training, validation, |p, batch, measures| {
            writer.loss(p, batch, measures)
        })?;
        let scores = evaluate(&mut trainer, test, |p, batch, measures| {
            writer.loss(p, batch, measures)
        });
        self.parameters = trainer.into_parameters();
        Ok(scores)
    }

    /// Characters that begin with these points, each drawn for itself, with a bias towards what is likely
    /// ([`MixtureDensity::sample`]; where pen and character end is drawn without one). Points are those of
    /// [`Scale::points`], and what is given back in the file's units.
    pub fn write(
        &self,
        start: &Matrix<f32>,
        count: usize,
        bias: f64,
        scale: &Scale,
        rng: &mut ChaCha8Rng,
    ) -> Outcome<Vec<Written>> {
        let begun: Character = start
            .row_iter()
            .map(|row| scale.back([0, 1, 2].map(|c| f64::from(row[c]))))
            .collect();
        let mut written = vec![
            Written {
                points: begun,
                has_ended: false
            };
            count
        ];
        let (mut tape, mut carried) = (Tape::new(), self.network.zeros(count));
        let mut read = vec![start.clone(); count];
        while written
            .iter()
            .any(|character| !character.has_ended && character.points.len() < LONGEST)
        {
            let outputs = self.read(&tape, &read, &mut carried)?;
            tape.clear();
            for (i, character) in written.iter_mut().enumerate().filter(|(_, c)| !c.has_ended) {
                match self.density.draw(outputs.row(i), bias, rng)? {
                    Some(point) => {
                        character.points.push(scale.back(point));
                        read[i] = Matrix::from_fn(1, 3, |_, column| point[column] as f32);
                    }
                    None => {
                        character.has_ended = true;
                        read[i] = Matrix::zeros(1, 3); // whatever follows is not looked at
                    }
                }
            }
        }
        Ok(written)
    }

    /// Reads on from the carried states; gives the outputs for the last point of each character.
    fn read(
        &self,
        tape: &Tape,
        points: &[Matrix<f32>],
        carried: &mut [Carried],
    ) -> Outcome<Matrix<f32>> {
        let p = self.parameters.bind(tape);
        let states: Vec<_> = carried.iter().map(|state| state.on(tape)).collect();
        let x = Sequence::from_samples(tape, points)?;
        let (outputs, after) = self.network.run_from(&p, x, &states);
        Carried::store_all(carried, &after);
        Ok(outputs.last().value().to_matrix())
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// In the units of the file.
    pub points: Character,
    /// Or it was cut off.
    pub has_ended: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn character(points: &[[f32; 3]]) -> Matrix<f32> {
        Matrix::from_fn(points.len(), 3, |t, column| points[t][column])
    }

    fn characters() -> [Matrix<f32>; 2] {
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

    /// What is written step by step is what the network foresees of a whole character: each point is drawn from the
    /// outputs for all points before.
    #[test]
    fn the_state_is_carried_from_point_to_point() {
        let writer = Writer::new(2, 5, 2, 1);
        let [_, long] = characters();
        let tape = Tape::new();
        let x = Sequence::from_samples(&tape, &[&long]).unwrap();
        let whole = writer
            .network
            .run(&writer.parameters.bind(&tape), x)
            .last()
            .value()
            .to_matrix();
        let (tape, mut carried) = (Tape::new(), writer.network.zeros(1));
        let first = Matrix::from_fn(2, 3, |t, c| long[(t, c)]);
        writer.read(&tape, &[first], &mut carried).unwrap();
        let mut last = Matrix::zeros(1, writer.density.width());
        for t in 2..4 {
            let point = Matrix::from_fn(1, 3, |_, c| long[(t, c)]);
            last = writer.read(&tape, &[point], &mut carried).unwrap();
        }
        let difference = whole
            .data()
            .iter()
            .zip(last.data())
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max);
        assert!(difference < 1e-6, "{difference}");
    }

    #[test]
    fn what_is_written_goes_on_from_its_start_and_is_cut_off_at_last() {
        let mut writer = Writer::new(1, 4, 1, 1);
        let scale = Scale {
            sigma: 2.0,
            is_whole: false,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let [_, long] = characters();
        let written = writer.write(&long, 20, 0.5, &scale, &mut rng).unwrap();
        assert!(written.iter().all(|c| c.points[..4] == [[0.0; 3], [1.0, 1.0, 0.0], [-2.0, 4.0, 1.0], long_end()]));
        assert!(
            written.iter().all(|c| c.has_ended),
            "by chance, one point in two"
        );
        assert_ne!(written[0], written[1]);
        let bias = writer.parameters.find("output.d").expect("a bias");
        writer.parameters.get_mut(bias)[(0, 0)] = -50.0; // never done
        let written = writer.write(&long, 2, 0.5, &scale, &mut rng).unwrap();
        assert!(
            written
                .iter()
                .all(|c| !c.has_ended && c.points.len() == LONGEST)
        );
    }

    fn long_end() -> Point {
        [f64::from(0.3f32) * 2.0, f64::from(0.1f32) * 2.0, 1.0]
    }

    /// A writer that has learned a single character writes it: with noise, as its density has no limit without.
    #[test]
    fn a_writer_learns_a_character() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let [_, long] = characters();
        let mut noisy = || {
            let noise = |_, column| {
                if column < 2 {
                    0.1 * (rng.random::<f32>() - 0.5)
                } else {
                    0.0
                }
            };
            let mut points = Matrix::from_fn(4, 3, noise);
            points.view_mut().row(0).fill(0.0);
            &points + &long
        };
        let data: Vec<_> = (0..64).map(|_| noisy()).collect();
        let samples = || Samples::new(&data[..], 16).weighed_by(|c| steps(c));
        let mut writer = Writer::new(2, 16, 1, 1);
        let fit = Fit::new(100).silent();
        let scores = writer
            .train(fit, 0.01, [&mut samples(), &mut samples(), &mut samples()])
            .unwrap();
        assert!(scores.loss < -2.0, "{}", scores.loss);
        let scale = Scale {
            sigma: 1.0,
            is_whole: false,
        };
        let start = Matrix::zeros(1, 3);
        let written = writer
            .write(&start, 8, 1.0, &scale, &mut ChaCha8Rng::seed_from_u64(1))
            .unwrap();
        let is_alike = |c: &&Written| {
            c.has_ended
                && c.points.len() == 4
                && c.points
                    .iter()
                    .zip(long.row_iter())
                    .all(|(p, row)| (0..3).all(|i| (p[i] - f64::from(row[i])).abs() < 0.3))
        };
        let alike = written.iter().filter(is_alike).count();
        assert!(alike >= 7, "{alike} of 8: {written:?}");
    }
}
