//! What was said beside what people say: waveforms, and under each its spectrogram.

use std::fmt::Write;

use png::{BitDepth, ColorType, Encoder};
use sound::{MelSpectrogram, Sound, shade};
use train::pictures::Svg;
use train::program::Outcome;

use crate::corpus::RATE;

/// Where the panels are, in pixels.
const LEFT: f64 = 132.0;
const TOP: f64 = 84.0;
const WIDTH: f64 = 216.0;
const BETWEEN: f64 = 16.0;
const WAVE: f64 = 56.0;
const SPECTROGRAM: f64 = 112.0;
const BELOW: f64 = 22.0;
/// Panels beside each other.
const COLUMNS: usize = 5;
/// Bands of a spectrogram.
const BANDS: usize = 32;
/// From the loudest down, what is seen of a spectrogram: in natural logarithms of energy, 52 dB.
const SEEN: f32 = 12.0;
const INK: &str = r##"fill="#222" font-size="22""##;

/// Sounds of the same kind, each with what it says.
pub struct Row {
    pub label: &'static str,
    pub colour: &'static str,
    pub sounds: Vec<(String, Sound)>,
}

/// The sounds of all rows, five beside each other, all at the same scale of time.
pub fn sheet(title: &str, rows: &[Row]) -> Outcome<Svg> {
    let columns = rows.iter().map(|row| row.sounds.len()).max().unwrap_or(0);
    let blocks = columns.div_ceil(COLUMNS);
    let seconds = rows.iter().flat_map(|row| &row.sounds);
    let seconds = seconds.fold(0.1, |most, (_, sound)| sound.seconds().max(most));
    let panel = WAVE + SPECTROGRAM + BELOW;
    let block = 40.0 + panel * rows.len() as f64;
    let width = LEFT + COLUMNS as f64 * (WIDTH + BETWEEN) + 12.0;
    let mut svg = Svg::new(width, TOP + block * blocks as f64 + 20.0);
    svg.text((24.0, 42.0), title, r##"fill="#222" font-size="26""##);
    for (r, row) in rows.iter().enumerate() {
        for (i, (name, sound)) in row.sounds.iter().enumerate() {
            let x = LEFT + (i % COLUMNS) as f64 * (WIDTH + BETWEEN);
            let top = TOP + (i / COLUMNS) as f64 * block;
            let y = top + 24.0 + r as f64 * panel;
            if r == 0 {
                let with = r##"fill="#222" font-size="24" font-weight="bold""##;
                svg.text((x, top + 10.0), name, with);
            }
            if i % COLUMNS == 0 {
                let with = format!(r#"fill="{}" font-size="22""#, row.colour);
                svg.text((24.0, y + WAVE + SPECTROGRAM / 2.0), row.label, &with);
            }
            let wide = (WIDTH * sound.seconds() / seconds).ceil();
            wave(&mut svg, (x, y), wide, sound, row.colour);
            let png = spectrogram(sound, wide as usize)?;
            svg.image((x, y + WAVE), (wide, SPECTROGRAM), &png);
        }
    }
    let bottom = TOP + block * blocks as f64 + 6.0;
    let text = format!("panels: {seconds:.2} s at most, 0 to 4 kHz in mel; bright is loud");
    svg.text((LEFT, bottom), &text, INK);
    Ok(svg)
}

/// From the least to the greatest sample of each pixel.
fn wave(svg: &mut Svg, (x, y): (f64, f64), width: f64, sound: &Sound, colour: &str) {
    let samples = &sound.samples;
    let pixels = (width as usize).clamp(1, samples.len().max(1));
    let mut path = String::new();
    for pixel in 0..pixels {
        let of = samples.len() * pixel / pixels..samples.len() * (pixel + 1) / pixels;
        let [low, high] =
            [f32::min, f32::max].map(|f| samples[of.clone()].iter().copied().fold(0.0, f));
        let height = |sample: f32| y + WAVE / 2.0 * (1.0 - f64::from(sample)) - 2.0;
        let x = x + width * pixel as f64 / pixels as f64;
        let _ = write!(path, "M{x:.1} {:.1}V{:.1}", height(high), height(low) + 0.5);
    }
    svg.path(
        &path,
        &format!(r#"fill="none" stroke="{colour}" stroke-width="1""#),
    );
}

/// Low frequencies at the bottom, as a PNG of so many pixels.
fn spectrogram(sound: &Sound, width: usize) -> Outcome<Vec<u8>> {
    let seen = MelSpectrogram::new(RATE, BANDS).of(&sound.samples);
    let loudest = seen.data().iter().copied().fold(f32::MIN, f32::max);
    let height = SPECTROGRAM as usize;
    let mut pixels = Vec::new();
    for y in (0..height).rev() {
        let columns = (0..width).map(|x| (x * seen.row_count() / width, y * BANDS / height));
        pixels.extend(columns.flat_map(|place| shade(1.0 + (seen[place] - loudest) / SEEN)));
    }
    let mut png = Vec::new();
    let mut encoder = Encoder::new(&mut png, width as u32, height as u32);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sound_has_a_wave_and_a_spectrogram() {
        let tone = |count: usize| Sound {
            rate: RATE,
            samples: (0..count).map(|i| (0.3 * i as f32).sin()).collect(),
        };
        let row = |label, counts: &[usize]| Row {
            label,
            colour: "#0072b2",
            sounds: counts.iter().map(|&n| (n.to_string(), tone(n))).collect(),
        };
        let rows = [
            row("real", &[800, 1200, 2000, 900, 100, 1]),
            row("said", &[400]),
        ];
        let picture = sheet("tones", &rows).expect("a picture").to_string();
        assert_eq!(picture.matches("<image").count(), 7);
        assert_eq!(picture.matches("<path").count(), 7);
        assert!(picture.contains("0.25 s at most") && picture.contains(">2000<"));
        assert!(!picture.contains("NaN") && !picture.contains("inf"));
        assert!(sheet("nothing", &[]).is_ok());
    }
}
