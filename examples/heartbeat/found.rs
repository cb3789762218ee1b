//! From probabilities at each step to beats, and how many of them are right.

use train::prelude::*;

use crate::ecg::{Beat, NORMAL, NOTHING, PREMATURE};

/// A beat where the annotation says that there is one, if they are at most so many seconds apart: the window in which
/// ANSI/AAMI EC57 matches beats.
pub const TOLERANCE: f64 = 0.15;
/// Two beats are not nearer to each other than this: the heart could not follow.
const REFRACTORY: f64 = 0.2;

/// A beat that the model has found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    pub step: f64,
    pub class: usize,
    /// Σ_t p_t(beat): how many steps it takes.
    mass: f64,
}

/// A beat is where p_t(normal) + p_t(premature) > 1/2 for a while: at the mean of these steps, weighed by p, and
/// premature if there is more of that than of normal.
pub fn find(p: &[[f32; 3]], rate: f64) -> Vec<Found> {
    let of_beat = |t: usize| f64::from(p[t][NORMAL] + p[t][PREMATURE]);
    let steps: Vec<_> = (0..p.len()).filter(|&t| of_beat(t) > 0.5).collect();
    let mut found = Vec::<Found>::new();
    for run in steps.chunk_by(|a, b| a + 1 == *b) {
        let mass: f64 = run.iter().map(|&t| of_beat(t)).sum();
        let moment: f64 = run.iter().map(|&t| t as f64 * of_beat(t)).sum();
        let excess: f32 = run.iter().map(|&t| p[t][PREMATURE] - p[t][NORMAL]).sum();
        let beat = Found {
            // The middle of a step.
            step: moment / mass + 0.5,
            class: if excess > 0.0 { PREMATURE } else { NORMAL },
            mass,
        };
        match found.last_mut() {
            Some(last) if beat.step - last.step < REFRACTORY * rate => {
                if beat.mass > last.mass {
                    *last = beat;
                }
            }
            _ => found.push(beat),
        }
    }
    found
}

/// The class that is found for each annotated beat, and [`NOTHING`] for one that is not found; and the other way
/// round, what is found where there is no beat. Both are in the order of time. Each beat is matched once, with the
/// nearest, within the [`TOLERANCE`].
pub fn compare(annotated: &[Beat], found: &[Found], rate: f64) -> Confusion {
    let mut confusion = Confusion::new(3);
    let (mut i, mut j) = (0, 0);
    let apart = |i: usize, j: usize| (annotated[i].step - found[j].step).abs();
    while i < annotated.len() && j < found.len() {
        let distance = apart(i, j);
        let is_match = distance <= TOLERANCE * rate;
        if is_match
            && !(j + 1 < found.len() && apart(i, j + 1) < distance)
            && !(i + 1 < annotated.len() && apart(i + 1, j) < distance)
        {
            confusion.add(annotated[i].class, found[j].class);
            (i, j) = (i + 1, j + 1);
        } else if annotated[i].step < found[j].step {
            confusion.add(annotated[i].class, NOTHING);
            i += 1;
        } else {
            confusion.add(NOTHING, found[j].class);
            j += 1;
        }
    }
    annotated[i..]
        .iter()
        .for_each(|beat| confusion.add(beat.class, NOTHING));
    found[j..]
        .iter()
        .for_each(|beat| confusion.add(NOTHING, beat.class));
    confusion
}

/// Sensitivity, the share of annotated beats that are found, and positive predictivity, the share of those found that
/// are annotated, whatever the classes.
pub fn detection(confusion: &Confusion) -> (f64, f64) {
    let count = |e: &[usize], f: &[usize]| {
        let pairs = e
            .iter()
            .flat_map(|&e| f.iter().map(move |&f| confusion.count(e, f)));
        pairs.sum::<u64>() as f64
    };
    let (beats, all) = (&[NORMAL, PREMATURE][..], &[NOTHING, NORMAL, PREMATURE][..]);
    let right = count(beats, beats);
    (
        right / count(beats, all).max(1.0),
        right / count(all, beats).max(1.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat(step: f64, class: usize) -> Beat {
        Beat {
            step,
            class,
            symbol: 'N',
        }
    }

    fn found(step: f64, class: usize) -> Found {
        Found {
            step,
            class,
            mass: 1.0,
        }
    }

    #[test]
    fn a_run_of_steps_is_a_beat() {
        let mut p = vec![[1.0, 0.0, 0.0]; 60];
        p[10..13].fill([0.1, 0.8, 0.1]);
        p[14..15].fill([0.4, 0.6, 0.0]); // too near: a part of the same beat
        p[40..43].copy_from_slice(&[[0.2, 0.5, 0.3], [0.0, 0.4, 0.6], [0.2, 0.2, 0.6]]);
        let beats = find(&p, 60.0);
        assert_eq!(beats.len(), 2);
        assert!((beats[0].step - 11.5).abs() < 1e-6 && beats[0].class == NORMAL);
        assert!((beats[1].step - 41.5).abs() < 0.01 && beats[1].class == PREMATURE);
        assert_eq!(find(&[], 60.0), []);
    }

    #[test]
    fn beats_are_matched_once_with_the_nearest() {
        let annotated = [
            beat(10.0, NORMAL),
            beat(70.0, PREMATURE),
            beat(130.0, NORMAL),
            beat(190.0, NORMAL),
        ];
        let said = [
            found(3.0, NORMAL),
            found(9.0, NORMAL),
            found(79.0, NORMAL),
            found(140.0, NORMAL),
            found(190.0, PREMATURE),
        ];
        let confusion = compare(&annotated, &said, 60.0); // 9 steps apart at most
        let counts: Vec<_> = (0..3)
            .flat_map(|e| (0..3).map(move |f| (e, f)))
            .map(|(e, f)| confusion.count(e, f))
            .collect();
        assert_eq!(counts, [0, 2, 0, 1, 1, 1, 0, 1, 0]);
        assert_eq!(detection(&confusion), (3.0 / 4.0, 3.0 / 5.0));
        assert_eq!(compare(&annotated, &[], 60.0).count(NORMAL, NOTHING), 3);
    }
}
