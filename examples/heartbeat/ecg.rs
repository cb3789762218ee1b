//! An ECG as a network reads it: a row of numbers at each step, and where the beats are.

use train::prelude::*;
use train::program::Outcome;

use crate::wfdb::{Annotation, Record, Signal};

/// The classes of a step.
pub const NOTHING: usize = 0;
pub const NORMAL: usize = 1;
pub const PREMATURE: usize = 2;
pub const CLASSES: [&str; 3] = ["nothing", "normal", "premature"];

/// Steps a second below which a beat is not seen.
const SLOWEST: f64 = 10.0;

/// A record at a lower rate, each of its signals with mean 0 and variance 1.
pub struct Ecg {
    /// Steps a second.
    pub rate: f64,
    /// `[T, F]`, a column for each signal.
    pub x: Matrix<f32>,
    pub beats: Vec<Beat>,
    /// Of the first signal.
    pub lead: Lead,
}

/// A beat that somebody has annotated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beat {
    pub step: f64,
    /// [`NORMAL`], which stands for all that are not early, or [`PREMATURE`].
    pub class: usize,
    /// As cardiologists write it: N is normal, A an atrial premature beat, V a ventricular one.
    pub symbol: char,
}

/// What it takes to draw a signal.
pub struct Lead {
    pub name: String,
    pub unit: String,
    mean: f64,
    deviation: f64,
}

impl Ecg {
    /// As many samples are averaged for a step as give about this rate.
    ///
    /// # Errors
    /// If there is hardly a step a beat, or no beat.
    pub fn new(record: &Record, rate: f64) -> Outcome<Self> {
        let factor = (record.frequency / rate).round().max(1.0) as usize;
        let columns: Vec<_> = record.signals.iter().map(|s| average(s, factor)).collect();
        let rate = record.frequency / factor as f64;
        if rate < SLOWEST || columns[0].is_empty() {
            let (frequency, length) = (record.frequency, record.length());
            return Err(format!(
                "{length} samples, {frequency} a second: expected {SLOWEST} a second or more"
            )
            .into());
        }
        let scales: Vec<_> = columns.iter().map(|column| scale(column)).collect();
        let standard = |t: usize, s: usize| ((columns[s][t] - scales[s].0) / scales[s].1) as f32;
        let x = Matrix::from_fn(columns[0].len(), columns.len(), standard);

        let annotated = record.annotations.iter().filter(|a| a.is_beat());
        let beat = |a: &Annotation| Beat {
            step: a.sample as f64 / factor as f64,
            class: if a.is_premature() { PREMATURE } else { NORMAL },
            symbol: a.symbol(),
        };
        let mut beats: Vec<_> = annotated.map(beat).collect();
        if beats.is_empty() {
            return Err("no beats are annotated".into());
        }
        beats.sort_by(|a, b| a.step.total_cmp(&b.step));
        let (first, (mean, deviation)) = (&record.signals[0], scales[0]);
        Ok(Ecg {
            rate,
            x,
            beats,
            lead: Lead {
                name: first.name.clone(),
                unit: first.unit.clone(),
                mean,
                deviation,
            },
        })
    }

    pub fn steps(&self) -> usize {
        self.x.row_count()
    }

    /// So many seconds in steps.
    pub fn seconds(&self, seconds: f64) -> usize {
        (seconds * self.rate).round() as usize
    }

    /// The rows from `start` to before `end`.
    pub fn part(&self, start: usize, end: usize) -> Matrix<f32> {
        Matrix::from_fn(end - start, self.x.col_count(), |t, s| {
            self.x[(start + t, s)]
        })
    }

    /// The first signal at a step, in its unit.
    pub fn physical(&self, step: usize) -> f64 {
        f64::from(self.x[(step, 0)]) * self.lead.deviation + self.lead.mean
    }

    /// The class of each step: that of a beat from so many seconds before it to as many after it.
    pub fn classes(&self, reach: f64) -> Vec<usize> {
        let (mut classes, reach) = (vec![NOTHING; self.steps()], reach * self.rate);
        for beat in &self.beats {
            let start = (beat.step - reach).max(0.0).ceil() as usize;
            let end = ((beat.step + reach) as usize + 1).min(self.steps());
            classes[start.min(end)..end].fill(beat.class);
        }
        classes
    }

    pub fn count(&self, class: usize) -> usize {
        self.beats.iter().filter(|beat| beat.class == class).count()
    }
}

/// The mean of each so many samples; where there was no signal it stays as it was.
fn average(signal: &Signal, factor: usize) -> Vec<f64> {
    let (steps, mut last) = (signal.samples.len() / factor, 0.0);
    let of_step = |step: usize| {
        let samples = (step * factor..(step + 1) * factor).filter_map(|i| signal.physical(i));
        let (sum, count) = samples.fold((0.0, 0), |(sum, count), x| (sum + x, count + 1));
        if count > 0 {
            last = sum / f64::from(count);
        }
        last
    };
    (0..steps).map(of_step).collect()
}

/// Mean and standard deviation; of a signal that does not move, 1.
fn scale(column: &[f64]) -> (f64, f64) {
    let count = column.len().max(1) as f64;
    let mean = column.iter().sum::<f64>() / count;
    let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    (mean, if variance > 0.0 { variance.sqrt() } else { 1.0 })
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// An ECG of one signal, its step's number, with beats at these steps.
    pub fn counting(steps: usize, rate: f64, beats: &[(f64, usize)]) -> Ecg {
        let beat = |&(step, class): &(f64, usize)| Beat {
            step,
            class,
            symbol: 'N',
        };
        Ecg {
            rate,
            x: Matrix::from_fn(steps, 1, |t, _| t as f32),
            beats: beats.iter().map(beat).collect(),
            lead: Lead {
                name: "I".into(),
                unit: "mV".into(),
                mean: 0.0,
                deviation: 1.0,
            },
        }
    }

    fn record(samples: &[i16], beats: &[(usize, u8)]) -> Record {
        let signal = Signal {
            name: "I".into(),
            unit: "mV".into(),
            gain: 2.0,
            baseline: 1,
            samples: samples.into(),
        };
        let annotation = |&(sample, code): &(usize, u8)| Annotation {
            sample,
            code,
            subtype: 0,
            channel: 0,
            number: 0,
            text: String::new(),
        };
        Record {
            name: "r".into(),
            frequency: 30.0,
            signals: vec![signal],
            annotations: beats.iter().map(annotation).collect(),
            remarks: Vec::new(),
        }
    }

    #[test]
    fn samples_are_averaged_and_where_there_are_none_it_stays() {
        // In mV: 1 and 3, none, 5 and none; the last one has no partner.
        let samples = [3, 7, -2048, -2048, 11, -2048, 9];
        let ecg = Ecg::new(&record(&samples, &[(5, 8), (0, 28), (1, 1)]), 15.0).expect("an ECG");
        assert_eq!((ecg.rate, ecg.steps()), (15.0, 3));
        let values: Vec<_> = (0..3).map(|t| ecg.physical(t)).collect();
        let differs = |(a, b): (&f64, f64)| (a - b).abs() > 1e-6;
        assert!(
            !values.iter().zip([2.0, 2.0, 5.0]).any(differs),
            "{values:?}"
        );
        assert!(ecg.x.data().iter().sum::<f32>().abs() < 1e-6);
        // In the order of time, and a change of rhythm is no beat.
        let beats: Vec<_> = ecg
            .beats
            .iter()
            .map(|b| (b.step, b.class, b.symbol))
            .collect();
        assert_eq!(beats, [(0.5, NORMAL, 'N'), (2.5, PREMATURE, 'A')]);
        assert_eq!((ecg.count(NORMAL), ecg.count(PREMATURE)), (1, 1));
    }

    #[test]
    fn a_signal_that_does_not_move_is_zero() {
        let ecg = Ecg::new(&record(&[5; 8], &[(1, 1)]), 30.0).expect("an ECG");
        assert_eq!(ecg.x.data(), [0.0; 8]);
    }

    #[test]
    fn what_has_no_beats_or_is_too_slow_is_refused() {
        let refused = |record: &Record| Ecg::new(record, 30.0).err().expect("refused").to_string();
        assert_eq!(
            refused(&record(&[1, 2], &[(0, 28)])),
            "no beats are annotated"
        );
        for frequency in [0.1, 1e300] {
            let slow = Record {
                frequency,
                ..record(&[1, 2], &[(0, 1)])
            };
            assert!(
                refused(&slow).ends_with("expected 10 a second or more"),
                "{}",
                refused(&slow)
            );
        }
    }

    #[test]
    fn steps_around_a_beat_are_of_its_class() {
        let ecg = counting(10, 10.0, &[(0.2, NORMAL), (5.5, PREMATURE), (9.9, NORMAL)]);
        assert_eq!(ecg.classes(0.1), [1, 1, 0, 0, 0, 2, 2, 0, 0, 1]);
    }
}
