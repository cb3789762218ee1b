//! An ECG as a network reads it: a row of numbers at each step, and where the beats are.

use train::prelude::*;
use train::program::Outcome;

use crate::wfdb::{Record, Signal};

/// The classes of a step.
pub const NOTHING: usize = 0;
pub const NORMAL: usize = 1;
pub const PREMATURE: usize = 2;
pub const CLASSES: [&str; 3] = ["nothing", "normal", "premature"];

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
    /// If there are no beats, or only a few.
    pub fn new(record: &Record, rate: f64) -> Outcome<Self> {
        let factor = (record.frequency / rate).round().max(1.0) as usize;
        let columns: Vec<_> = record.signals.iter().map(|s| average(s, factor)).collect();
        let scales: Vec<_> = columns.iter().map(|column| scale(column)).collect();
        let standard = |t: usize, s: usize| ((columns[s][t] - scales[s].0) / scales[s].1) as f32;
        let x = Matrix::from_fn(columns[0].len(), columns.len(), standard);

        let annotated = record.annotations.iter().filter(|a| a.is_beat());
        let beat = |a: &crate::wfdb::Annotation| Beat {
            step: a.sample as f64 / factor as f64,
            class: if a.is_premature() { PREMATURE } else { NORMAL },
            symbol: a.symbol(),
        };
        let mut beats: Vec<_> = annotated.map(beat).collect();
        beats.sort_by(|a, b| a.step.total_cmp(&b.step));
        let (first, (mean, deviation)) = (&record.signals[0], scales[0]);
        Ok(Ecg {
            rate: record.frequency / factor as f64,
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
