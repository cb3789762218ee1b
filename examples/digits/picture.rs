//! What is heard over time: the spectrogram, and below it the probability of each digit and of the blank.

use std::fmt::Write;
use std::ops::Range;

use sound::{MelSpectrogram, Sound, shade};
use train::pictures::Svg;
use train::prelude::*;

use crate::features::{BANDS, FRAMES, RATE, spectrogram};
use crate::recogniser::{BLANK, Recogniser, SYMBOLS};

/// Where the panels are, in pixels.
const LEFT: f64 = 92.0;
const WIDTH: f64 = 1120.0;
const TOP: f64 = 112.0;
const SPECTROGRAM: f64 = 288.0;
const BETWEEN: f64 = 68.0;
const PROBABILITIES: f64 = 220.0;
const BELOW: f64 = 68.0;
/// Colours that are told apart by people who do not see all colours (Okabe and Ito 2008); digits that share one have
/// another dash.
const COLOURS: [&str; 5] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#111111"];
/// A digit whose probability stays below this is not drawn.
const SEEN: f32 = 0.05;
const INK: &str = r##"fill="#222" font-size="20""##;

/// The picture of a sound; `said` are the samples at which each digit is spoken, where that is known.
pub fn draw(
    recogniser: &Recogniser,
    sound: &Sound,
    title: &str,
    said: &[(usize, Range<usize>)],
) -> Svg {
    let x = |sample: usize| LEFT + WIDTH * sample as f64 / sound.samples.len() as f64;
    let hop = MelSpectrogram::new(RATE, BANDS).hop();
    let below = TOP + SPECTROGRAM + BETWEEN;
    let mut svg = Svg::new(LEFT + WIDTH + 28.0, below + PROBABILITIES + BELOW);
    svg.text((LEFT, 40.0), title, r##"fill="#222" font-size="26""##);
    for (digit, span) in said {
        let (from, to, y) = (x(span.start), x(span.end), TOP - 8.0);
        svg.line((from, y), (to, y), r##"stroke="#222" stroke-width="3""##);
        let middle = r##"fill="#222" font-size="24" text-anchor="middle""##;
        svg.text(((from + to) / 2.0, y - 10.0), &digit.to_string(), middle);
    }
    draw_spectrogram(&mut svg, &spectrogram(sound), |frame| x(frame * hop));
    let beliefs = recogniser.beliefs(sound);
    let middle = |step: usize| x(step * FRAMES * hop + FRAMES * hop / 2).min(LEFT + WIDTH);
    draw_axes(&mut svg, below, sound.seconds());
    for symbol in (0..SYMBOLS).rev() {
        draw_line(&mut svg, below, &beliefs, symbol, middle);
    }
    name_peaks(&mut svg, below, &beliefs, middle);
    svg
}

/// A column for each frame, low frequencies at the bottom.
fn draw_spectrogram(svg: &mut Svg, spectrogram: &Matrix, x: impl Fn(usize) -> f64) {
    let mut sorted = spectrogram.data().to_vec();
    sorted.sort_by(f32::total_cmp);
    let (low, high) = (sorted[sorted.len() / 10], sorted[sorted.len() - 1]);
    let height = SPECTROGRAM / BANDS as f64;
    svg.group(r#"shape-rendering="crispEdges""#, "", |svg| {
        for (t, row) in spectrogram.view().row_iter().enumerate() {
            let from = x(t);
            let width = (x(t + 1) - from).min(LEFT + WIDTH - from);
            for (band, s) in row.iter().enumerate() {
                let y = TOP + SPECTROGRAM - (band + 1) as f64 * height;
                let loud = (s - low) / (high - low).max(f32::MIN_POSITIVE);
                let [r, g, b] = shade(loud);
                let fill = format!(r##"fill="#{r:02x}{g:02x}{b:02x}""##);
                svg.rect((from, y), (width + 0.1, height), &fill);
            }
        }
    });
    let right = format!(r#"{INK} text-anchor="end""#);
    svg.text((LEFT - 10.0, TOP + 16.0), "4 kHz", &right);
    svg.text((LEFT - 10.0, TOP + SPECTROGRAM), "0", &right);
}

fn draw_axes(svg: &mut Svg, top: f64, seconds: f64) {
    svg.text((LEFT, top - 38.0), "probability of each digit", INK);
    let right = LEFT + WIDTH;
    svg.line(
        (right - 168.0, top - 44.0),
        (right - 118.0, top - 44.0),
        DASHED,
    );
    svg.text((right - 106.0, top - 38.0), "the blank", INK);
    for level in [0.0, 0.5, 1.0] {
        let y = top + PROBABILITIES * (1.0 - level);
        svg.line((LEFT, y), (right, y), r##"stroke="#ccc""##);
        let with = format!(r#"{INK} text-anchor="end""#);
        svg.text((LEFT - 10.0, y + 7.0), &level.to_string(), &with);
    }
    let every = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
    let every = every.into_iter().find(|every| seconds / every < 12.0);
    let every = every.unwrap_or(30.0);
    for i in 0..=(seconds / every) as usize {
        let x = LEFT + WIDTH * i as f64 * every / seconds;
        let y = top + PROBABILITIES;
        svg.line((x, y), (x, y + 6.0), r##"stroke="#222""##);
        let with = format!(r#"{INK} text-anchor="middle""#);
        svg.text((x, y + 28.0), &format!("{:.1}", i as f64 * every), &with);
    }
    let with = format!(r#"{INK} text-anchor="end""#);
    svg.text((right, top + PROBABILITIES + 56.0), "seconds", &with);
}

/// The line of the blank.
const DASHED: &str = r##"fill="none" stroke="#999" stroke-width="2" stroke-dasharray="6 5""##;

fn draw_line(svg: &mut Svg, top: f64, beliefs: &Matrix, symbol: usize, x: impl Fn(usize) -> f64) {
    let numbers = || (0..beliefs.row_count()).map(|t| beliefs[(t, symbol)]);
    if symbol != BLANK && numbers().all(|p| p < SEEN) {
        return;
    }
    let mut path = String::new();
    for (t, p) in numbers().enumerate() {
        let y = top + PROBABILITIES * (1.0 - f64::from(p));
        let command = if t == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{command} {:.1} {y:.1} ", x(t));
    }
    let colour = COLOURS[symbol % COLOURS.len()];
    let dash = if symbol < COLOURS.len() { "" } else { "10 3" };
    let line = format!(
        r#"fill="none" stroke="{colour}" stroke-width="3.5" stroke-linejoin="round" stroke-dasharray="{dash}""#
    );
    svg.path(&path, if symbol == BLANK { DASHED } else { &line });
}

/// The name of each digit above the steps at which it is the most probable symbol.
fn name_peaks(svg: &mut Svg, top: f64, beliefs: &Matrix, x: impl Fn(usize) -> f64) {
    let best = beliefs.view().row_argmax();
    let mut start = 0;
    for run in best.chunk_by(|a, b| a == b) {
        let (symbol, end) = (run[0], start + run.len());
        if symbol != BLANK {
            let place = (x(start) + x(end - 1)) / 2.0;
            let colour = COLOURS[symbol % COLOURS.len()];
            let with = format!(
                r#"fill="{colour}" font-size="24" font-weight="bold" text-anchor="middle""#
            );
            svg.text((place, top - 8.0), &symbol.to_string(), &with);
        }
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recogniser::Sizes;

    #[test]
    fn every_frame_and_every_peak_is_there() {
        let sizes = Sizes {
            hidden: 2,
            layers: 1,
            dropout: 0.0,
        };
        let recogniser = Recogniser::new(sizes, 1);
        let samples = (0..2000).map(|i| (i as f32 * 0.3).sin()).collect();
        let sound = Sound {
            rate: RATE,
            samples,
        };
        let picture = draw(&recogniser, &sound, "a tone", &[(7, 100..900)]).to_string();
        let frames = spectrogram(&sound).row_count();
        assert_eq!(picture.matches("<rect").count(), 1 + frames * BANDS);
        assert!(picture.contains(">7</text>") && picture.contains("a tone"));
        assert!(!picture.contains("NaN"));
    }

    #[test]
    fn silence_and_one_sample_can_be_drawn() {
        let sizes = Sizes {
            hidden: 2,
            layers: 1,
            dropout: 0.0,
        };
        let recogniser = Recogniser::new(sizes, 1);
        for count in [1, 5000] {
            let samples = vec![0.0; count];
            let sound = Sound {
                rate: RATE,
                samples,
            };
            let picture = draw(&recogniser, &sound, "", &[]).to_string();
            assert!(
                !picture.contains("NaN") && !picture.contains("inf"),
                "{count}"
            );
        }
    }
}
