//! From offsets in a file's units to what a network reads and foresees, and back.

use rand::{Rng, RngExt};
use train::prelude::*;

use crate::strokes::{Character, Point};

/// No file has smaller units.
const LEAST: f64 = 1e-6;

/// How offsets become numbers around 1: divided by their standard deviation σ.
///
/// A density of whole numbers has no meaning: a Gaussian that is narrow enough around one has any density. So whole
/// offsets get noise, uniform over their unit from −½ to ½. Then −ln of the density in units of the file is, on average,
/// at least −ln of the probability that its integral over that unit gives to the whole numbers (Uria, Murray, Larochelle 2013, *RNADE*, section 4; Theis, van den
/// Oord, Bethge 2016, *A note on the evaluation of generative models*, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The standard deviation around 0 of all offsets but those of first points, in both directions together.
    pub sigma: f64,
    /// Whether all offsets are whole numbers.
    pub is_whole: bool,
}

impl Scale {
    /// The scale of these characters; none if their offsets are 0, or next to it.
    pub fn of(characters: &[Character]) -> Option<Self> {
        let offsets = || {
            let points = characters.iter().flat_map(|character| &character[1..]);
            points.flat_map(|&[dx, dy, _]| [dx, dy])
        };
        let squares: f64 = offsets().map(|x| x * x).sum();
        let sigma = (squares / offsets().count() as f64).sqrt();
        let is_whole = offsets().all(|x| x == x.round());
        (sigma > LEAST).then_some(Scale { sigma, is_whole })
    }

    /// A character's points, `[n, 3]`. The first one's offset is where the character stands on its page: 0 here.
    pub fn points(&self, character: &[Point], rng: &mut impl Rng) -> Matrix<f32> {
        let mut noise = |t: usize, column: usize| match self.is_whole && t > 0 && column < 2 {
            true => rng.random::<f64>() - 0.5,
            false => 0.0,
        };
        let sigma = |column: usize| if column < 2 { self.sigma } else { 1.0 };
        Matrix::from_fn(character.len(), 3, |t, column| {
            let x = if t == 0 && column < 2 {
                0.0
            } else {
                character[t][column]
            };
            ((x + noise(t, column)) / sigma(column)) as f32
        })
    }

    /// [`Scale::points`] of many.
    pub fn all(&self, characters: &[Character], rng: &mut impl Rng) -> Vec<Matrix<f32>> {
        characters
            .iter()
            .map(|character| self.points(character, rng))
            .collect()
    }

    /// A point in units of the file.
    pub fn back(&self, [x1, x2, x3]: Point) -> Point {
        [x1 * self.sigma, x2 * self.sigma, x3]
    }

    /// What the nats per offset have to be added in units of the file: a density is divided by σ in each direction.
    pub fn nats_of_unit(&self) -> f64 {
        2.0 * self.sigma.ln()
    }

    /// The largest offset of these characters, in standard deviations.
    pub fn largest(&self, characters: &[Character]) -> f64 {
        let points = characters.iter().flat_map(|character| &character[1..]);
        let sizes = points.map(|[dx, dy, _]| dx.abs().max(dy.abs()));
        sizes.fold(0.0, f64::max) / self.sigma
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_have_a_standard_deviation_of_1_and_come_back() {
        let characters = vec![
            vec![[90.0, 90.0, 0.0], [3.5, 4.0, 1.0]],
            vec![[0.0; 3], [0.0, -5.0, 0.0], [4.0, 3.0, 1.0]],
        ];
        let scale = Scale::of(&characters).unwrap();
        assert!(!scale.is_whole);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let points = scale.all(&characters, &mut rng);
        assert_eq!(points[0].row(0), [0.0; 3], "where it stands is left out");
        let squares: f32 = points
            .iter()
            .flat_map(|m| m.row_iter().skip(1).map(|r| r[0] * r[0] + r[1] * r[1]))
            .sum();
        assert!((squares / 6.0 - 1.0).abs() < 1e-6);
        let point = [0, 1, 2].map(|c| f64::from(points[1][(2, c)]));
        let back = scale.back(point);
        assert!(
            back.iter()
                .zip([4.0, 3.0, 1.0])
                .all(|(a, b)| (a - b).abs() < 1e-5),
            "{back:?}"
        );
        assert!((scale.largest(&characters) * scale.sigma - 5.0).abs() < 1e-12);
        assert_eq!(Scale::of(&[vec![[7.0, 0.0, 0.0], [0.0, 0.0, 1.0]]]), None);
    }

    #[test]
    fn whole_offsets_are_spread_over_their_unit() {
        let character = vec![[2.0, -1.0, 0.0]; 2000];
        let scale = Scale::of(std::slice::from_ref(&character)).unwrap();
        assert!(scale.is_whole);
        let points = scale.points(&character, &mut ChaCha8Rng::seed_from_u64(1));
        let errors = points
            .row_iter()
            .skip(1)
            .map(|row| f64::from(row[0]) * scale.sigma - 2.0);
        let errors: Vec<_> = errors.collect();
        assert!(errors.iter().all(|e| e.abs() < 0.5 + 1e-6));
        let variance = errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64;
        assert!((variance * 12.0 - 1.0).abs() < 0.1, "{variance}");
        assert!(points.row_iter().all(|row| row[2] == 0.0));
    }
}
