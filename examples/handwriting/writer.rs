//! A network that foresees where the pen goes next, and writes.

use train::prelude::*;
use train::program::Outcome;

use crate::density::CharacterDensity;
use crate::scale::Scale;
use crate::strokes::Character;

/// A character that has not ended after so many points is cut off; the longest of Omniglot has 143.
pub const LONGEST: usize = 200;

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

    /// Characters that begin with these points, each drawn for itself, with a bias towards what is likely as in
    /// [`MixtureDensity::sample`](layers::loss::MixtureDensity::sample); where pen and character end is drawn without
    /// one. The start is as [`Scale::points`] gives it, and what is given back in the file's units.
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
    use crate::density::steps;
    use crate::density::tests::characters;
    use crate::strokes::Point;

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
