//! A score as a sequence: a row of features for each note, chord or rest.

use scores::{Event, TICKS_PER_WHOLE, Tune};
use train::prelude::*;

/// The features of a step: pitch classes above the tonic, height, lengths, place in the bar, rest.
pub const FEATURES: usize = 12 + 1 + LENGTHS.len() + 2 + 1;

/// Lengths that have a feature each: from a sixteenth to a whole note, the nearest in ratio.
const LENGTHS: [f32; 6] = [0.0625, 0.125, 0.1875, 0.25, 0.5, 1.0];

/// `[T, F]`, a row for each event. It does not depend on the key: pitch classes are counted from the tonic, and
/// heights from the mean.
pub fn features(tune: &Tune) -> Matrix {
    let pitches = || tune.events.iter().flat_map(|event| &event.pitches);
    let mean = pitches().map(|&p| f32::from(p)).sum::<f32>() / pitches().count().max(1) as f32;
    let mut x = Matrix::zeros(tune.events.len(), FEATURES);
    for (t, event) in tune.events.iter().enumerate() {
        let mut set = |feature: usize, value: f32| x[(t, feature)] = value;
        for &pitch in &event.pitches {
            set((pitch + 12 - tune.key.tonic) as usize % 12, 1.0);
        }
        let highest = event.pitches.iter().max();
        set(12, highest.map_or(0.0, |&p| (f32::from(p) - mean) / 12.0));
        set(13 + length(event), 1.0);
        let place = place(tune, event) * std::f32::consts::TAU;
        set(13 + LENGTHS.len(), place.sin());
        set(14 + LENGTHS.len(), place.cos());
        set(15 + LENGTHS.len(), f32::from(event.pitches.is_empty()));
    }
    x
}

/// Which of the lengths an event has.
fn length(event: &Event) -> usize {
    let length = event.length.max(1) as f32 / TICKS_PER_WHOLE as f32;
    let distance = |of: f32| (length / of).ln().abs();
    let nearest =
        (0..LENGTHS.len()).min_by(|&a, &b| distance(LENGTHS[a]).total_cmp(&distance(LENGTHS[b])));
    nearest.unwrap_or(0)
}

/// Where in its bar an event begins, from 0 to 1.
fn place(tune: &Tune, event: &Event) -> f32 {
    let bar = tune.bars.partition_point(|bar| bar.end <= event.start);
    let start = bar.checked_sub(1).map_or(0, |bar| tune.bars[bar].end);
    (event.start - start) as f32 / TICKS_PER_WHOLE as f32
}

#[cfg(test)]
mod tests {
    use scores::abc;

    use super::*;

    #[test]
    fn a_key_changes_nothing() {
        let tune = |key: &str, notes: &str| {
            let text = format!("X:1\nM:4/4\nL:1/4\nK:{key}\n{notes}|\n");
            features(&abc::read(&text).tunes[0])
        };
        let (c, d) = (tune("C", "C E [GB] z"), tune("D", "D F [Ac] z"));
        assert!(c.max_abs_diff(&d) < 1e-6);
        let row = |t: usize| {
            c.row(t)
                .iter()
                .map(|x| (x * 100.0).round() as i32)
                .collect::<Vec<_>>()
        };
        assert_eq!(row(2)[..12], [0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 100]);
        assert_eq!(row(2)[13..], [0, 0, 0, 100, 0, 0, 0, -100, 0]);
        assert_eq!(row(3)[15 + 6], 100);
    }
}
