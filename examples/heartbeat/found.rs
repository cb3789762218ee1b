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

/// An annotated beat and what was found there, or one without the other.
pub type Pair<'a> = (Option<&'a Beat>, Option<&'a Found>);

/// Each annotated beat with the one that was found nearest to it, within the [`TOLERANCE`]. Both are in the order of
/// time, and in one pair each.
pub fn pairs<'a>(annotated: &'a [Beat], found: &'a [Found], rate: f64) -> Vec<Pair<'a>> {
    let (mut pairs, mut i, mut j) = (Vec::new(), 0, 0);
    let apart = |i: usize, j: usize| match (annotated.get(i), found.get(j)) {
        (Some(a), Some(f)) => (a.step - f.step).abs(),
        _ => f64::INFINITY,
    };
    while i < annotated.len() || j < found.len() {
        let distance = apart(i, j);
        let is_nearest = distance <= apart(i + 1, j) && distance <= apart(i, j + 1);
        let is_match = distance <= TOLERANCE * rate && is_nearest;
        let is_first = |step: Option<f64>, other: Option<f64>| {
            step.is_some_and(|step| other.is_none_or(|other| step < other))
        };
        let (a, f) = (annotated.get(i), found.get(j));
        let takes_annotated = is_match || is_first(a.map(|a| a.step), f.map(|f| f.step));
        let takes_found = is_match || !takes_annotated;
        pairs.push((a.filter(|_| takes_annotated), f.filter(|_| takes_found)));
        i += usize::from(takes_annotated);
        j += usize::from(takes_found);
    }
    pairs
}

/// Which class was found for which: [`NOTHING`] for a beat that was not found, and where one was found that is none.
pub fn confusion(pairs: &[Pair<'_>]) -> Confusion {
    let mut confusion = Confusion::new(3);
    for (annotated, found) in pairs {
        let annotated = annotated.map_or(NOTHING, |beat| beat.class);
        confusion.add(annotated, found.map_or(NOTHING, |beat| beat.class));
    }
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
        let counted = confusion(&pairs(&annotated, &said, 60.0)); // 9 steps apart at most
        let counts: Vec<_> = (0..3)
            .flat_map(|e| (0..3).map(move |f| (e, f)))
            .map(|(e, f)| counted.count(e, f))
            .collect();
        assert_eq!(counts, [0, 2, 0, 1, 1, 1, 0, 1, 0]);
        assert_eq!(detection(&counted), (3.0 / 4.0, 3.0 / 5.0));
        assert_eq!(
            confusion(&pairs(&annotated, &[], 60.0)).count(NORMAL, NOTHING),
            3
        );
    }
}
