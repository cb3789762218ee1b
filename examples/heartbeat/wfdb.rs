//! Records of PhysioNet: signals and what somebody has written beside them, as the WFDB library has them
//! (<https://physionet.org/physiotools/wag/>, header(5), signal(5), annot(5)).
//!
//! A record `100` is three files: `100.hea` says what signals there are, `100.dat` holds their samples, here in
//! format 212, two samples of 12 bits in three bytes, and `100.atr` the annotations.

mod annotations;
mod format212;
mod header;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use train::escaped;

pub use annotations::Annotation;
use header::{Header, SignalHeader};

/// Signals of one length, with annotations.
#[derive(Clone, Debug)]
pub struct Record {
    pub name: String,
    /// Samples a second.
    pub frequency: f64,
    pub signals: Vec<Signal>,
    /// In the order of time; all of them lie within the record.
    pub annotations: Vec<Annotation>,
    /// What is not as it should be, and can be read all the same.
    pub remarks: Vec<String>,
}

/// What one lead has measured.
#[derive(Clone, Debug)]
pub struct Signal {
    pub name: String,
    pub unit: String,
    /// Units of the converter for one of the physical unit.
    pub gain: f64,
    /// What the converter gives for 0.
    pub baseline: i64,
    /// As the converter has given them.
    pub samples: Vec<i16>,
}

impl Signal {
    /// The sample in the physical unit, (sample − baseline) / gain; none where there was no signal.
    pub fn physical(&self, index: usize) -> Option<f64> {
        let sample = self.samples[index];
        let value = (f64::from(sample) - self.baseline as f64) / self.gain;
        (sample != format212::NO_SAMPLE).then_some(value)
    }
}

impl Record {
    /// Reads a record, by its name or the path of its header: `mitdb/100` or `mitdb/100.hea`.
    ///
    /// # Errors
    /// One line, with the file that is missing, cut or of another format.
    pub fn read(path: &Path) -> Result<Self, String> {
        let path = match path.extension() {
            Some(extension) if extension == "hea" => path.to_path_buf(),
            _ => with_extension(path, "hea"),
        };
        let header = open(&path)?;
        let header = Header::parse(&String::from_utf8_lossy(&header));
        let header = header.map_err(|e| format!("{}: {e}", escaped(&path)))?;
        let signals = read_signals(&header, &path)?;
        let length = signals.first().map_or(0, |signal| signal.samples.len());

        let path = with_extension(&path.with_extension(""), "atr");
        let annotations = Annotation::read_all(&open(&path)?, header.frequency, length);
        Ok(Record {
            remarks: remarks(&header.signals, &signals),
            name: header.name,
            frequency: header.frequency,
            signals,
            annotations: annotations.map_err(|e| format!("{}: {e}", escaped(&path)))?,
        })
    }

    /// Samples of each signal.
    pub fn length(&self) -> usize {
        self.signals[0].samples.len()
    }
}

/// `a.b` with the extension `hea` is `a.b.hea`.
fn with_extension(path: &Path, extension: &str) -> PathBuf {
    let mut path = path.as_os_str().to_os_string();
    path.push(".");
    path.push(extension);
    path.into()
}

fn open(path: &Path) -> Result<Vec<u8>, String> {
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", escaped(path)))?;
    match bytes.is_empty() {
        true => Err(format!("{}: the file is empty", escaped(path))),
        false => Ok(bytes),
    }
}

/// Signals that share a file are interleaved there: a sample of each, then the next of each.
fn read_signals(header: &Header, path: &Path) -> Result<Vec<Signal>, String> {
    let mut signals = Vec::new();
    for group in header.signals.chunk_by(|a, b| a.file == b.file) {
        let path = path.with_file_name(&group[0].file);
        let bytes = open(&path)?;
        let samples = format212::decode(&bytes, group[0].offset, group.len(), header.length);
        let samples = samples.map_err(|e| format!("{}: {e}", escaped(&path)))?;
        let of = |(i, header): (usize, &SignalHeader)| Signal {
            name: header.name.clone(),
            unit: header.unit.clone(),
            gain: header.gain,
            baseline: header.baseline,
            samples: samples
                .iter()
                .skip(i)
                .step_by(group.len())
                .copied()
                .collect(),
        };
        signals.extend(group.iter().enumerate().map(of));
    }
    let lengths = || signals.iter().map(|signal| signal.samples.len());
    match lengths().min() == lengths().max() {
        true => Ok(signals),
        false => Err(format!("{}: its signals differ in length", escaped(path))),
    }
}

/// The checksum of a signal is the sum of its samples, of which 16 bits are kept.
fn remarks(headers: &[SignalHeader], signals: &[Signal]) -> Vec<String> {
    let differs = |(header, signal): (&SignalHeader, &Signal)| {
        let sum = signal.samples.iter().map(|&x| i64::from(x)).sum::<i64>() as i16;
        let expected = header.checksum.filter(|&expected| expected as i16 != sum)?;
        let name = escaped(&signal.name);
        Some(format!(
            "signal {name} has the checksum {sum}, and by the header {expected}: it may be damaged"
        ))
    };
    headers.iter().zip(signals).filter_map(differs).collect()
}
