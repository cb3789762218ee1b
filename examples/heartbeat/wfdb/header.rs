//! The header of a record, header(5): a line about the record, and one about each signal.
//!
//! ```text
//! 100 2 360 650000
//! 100.dat 212 200 11 1024 995 -22131 0 MLII
//! 100.dat 212 200 11 1024 1011 20052 0 V5
//! ```

use train::escaped;

/// What the header says.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    pub name: String,
    /// Samples a second.
    pub frequency: f64,
    /// Samples of each signal, if it says so.
    pub length: Option<usize>,
    pub signals: Vec<SignalHeader>,
}

/// The line of a signal.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalHeader {
    pub file: String,
    /// Where in the file the samples begin, in bytes.
    pub offset: usize,
    pub gain: f64,
    pub baseline: i64,
    pub unit: String,
    pub checksum: Option<i64>,
    pub name: String,
}

/// What the format has where nothing is said.
const FREQUENCY: f64 = 250.0;
const GAIN: f64 = 200.0;
const UNIT: &str = "mV";

impl Header {
    /// From the text of the file.
    ///
    /// # Errors
    /// One line, with the number of the line that cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lines = text
            .lines()
            .enumerate()
            .map(|(i, line)| (i + 1, line.trim()));
        let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let (number, line) = lines.next().ok_or("no line about the record")?;
        let (mut header, count) = record(line).map_err(|e| format!("line {number}: {e}"))?;
        let signals = lines.take(count).map(|(number, line)| {
            SignalHeader::parse(line).map_err(|e| format!("line {number}: {e}"))
        });
        header.signals = signals.collect::<Result<_, _>>()?;
        match header.signals.len() {
            found if found < count => Err(format!("{count} signals, and {found} lines about them")),
            0 => Err("a record of no signals".into()),
            _ => Ok(header),
        }
    }
}

/// The header without its signals, and how many there should be.
fn record(line: &str) -> Result<(Header, usize), String> {
    let mut fields = line.split_whitespace();
    let name = fields.next().unwrap_or_default();
    if name.contains('/') {
        return Err(format!(
            "{}: a record of several segments is not read",
            escaped(name)
        ));
    }
    let count = fields
        .next()
        .ok_or("expected a name and the number of signals")?;
    let count = parse(count, "the number of signals")?;
    let frequency = match fields.next() {
        Some(field) => parse(upto(field, &['/', '(']), "the samples a second")?,
        None => FREQUENCY,
    };
    if !(frequency.is_finite() && frequency > 0.0) {
        return Err(format!("{frequency} samples a second"));
    }
    let length = fields
        .next()
        .map(|field| parse(field, "the number of samples"))
        .transpose()?;
    let header = Header {
        name: name.into(),
        frequency,
        length: length.filter(|&length| length > 0),
        signals: Vec::new(),
    };
    Ok((header, count))
}

impl SignalHeader {
    /// `100.dat 212+16 200(1024)/mV 11 1024 995 -22131 0 MLII`: the file, the format and the offset, the gain with
    /// baseline and unit, the bits and the zero of the converter, the first sample, the checksum, the size of blocks
    /// and the name. From the gain on, fields may be missing at the end.
    fn parse(line: &str) -> Result<Self, String> {
        let (fields, name) = split(line, 8);
        let field = |i: usize| fields.get(i).copied();
        let integer = |i, what| field(i).map(|text| parse::<i64>(text, what)).transpose();
        let (file, format) = (field(0).unwrap_or_default(), field(1));
        if file.contains(['/', '\\']) || file == ".." || file == "~" {
            return Err(format!(
                "{}: expected a file beside the header",
                escaped(file)
            ));
        }
        let offset = offset(format.ok_or("expected a file and its format")?)?;
        let zero = integer(4, "the zero of the converter")?;
        let (gain, baseline, unit) = scale(field(2).unwrap_or_default())?;
        Ok(SignalHeader {
            file: file.into(),
            offset,
            gain,
            baseline: baseline.or(zero).unwrap_or(0),
            unit,
            checksum: integer(6, "the checksum")?,
            name: name.into(),
        })
    }
}

/// So many fields, and the rest of the line.
fn split(line: &str, count: usize) -> (Vec<&str>, &str) {
    let (mut fields, mut rest) = (Vec::new(), line.trim());
    while fields.len() < count && !rest.is_empty() {
        let (field, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        fields.push(field);
        rest = behind.trim_start();
    }
    (fields, rest)
}

/// `212`, or `212+16` with an offset in bytes. Several samples a frame (`212x4`) and skewed signals (`212:3`) are not
/// read.
fn offset(field: &str) -> Result<usize, String> {
    let (format, offset) = field.split_once('+').unwrap_or((field, "0"));
    match format {
        "212" | "212x1" | "212:0" | "212x1:0" => parse(offset, "an offset in bytes"),
        _ => Err(format!("format {}: only 212 is read", escaped(format))),
    }
}

/// Gain, baseline and unit of `200(1024)/mV`.
fn scale(field: &str) -> Result<(f64, Option<i64>, String), String> {
    let (numbers, unit) = field.split_once('/').unwrap_or((field, UNIT));
    let (gain, baseline) = match numbers.split_once('(') {
        Some((gain, rest)) => (gain, Some(rest.trim_end_matches(')'))),
        None => (numbers, None),
    };
    let gain = if gain.is_empty() {
        0.0
    } else {
        parse(gain, "a gain")?
    };
    if !f64::is_finite(gain) {
        return Err(format!("a gain of {gain}"));
    }
    let baseline = baseline.map(|text| parse(text, "a baseline")).transpose()?;
    Ok((if gain == 0.0 { GAIN } else { gain }, baseline, unit.into()))
}

/// What comes before one of these.
fn upto<'a>(field: &'a str, ends: &[char]) -> &'a str {
    field.split(ends).next().unwrap_or_default()
}

fn parse<N: std::str::FromStr>(text: &str, what: &str) -> Result<N, String> {
    text.parse()
        .map_err(|_| format!("{}: expected {what}", escaped(text)))
}
