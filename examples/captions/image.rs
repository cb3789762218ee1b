//! Images: read from PNG files, and made as small as the captioner sees them.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use png::{ColorType, Decoder, Encoder, Limits, Transformations};
use train::escaped;

use crate::picture::{Picture, SIDE};

/// Rows or columns of a file that can be read.
const MOST: usize = 4096;
const WHITE: [u8; 3] = [255; 3];

/// A picture of any size, over white.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
}

impl Image {
    /// Reads a PNG file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let file = fs::read(path).map_err(|e| format!("cannot read {}: {e}", escaped(path)))?;
        Self::decode(&file).map_err(|e| format!("{}: {e}", escaped(path)))
    }

    fn decode(file: &[u8]) -> Result<Self, String> {
        if file.is_empty() {
            return Err("an empty file, expected a PNG".into());
        }
        let damaged = |e: png::DecodingError| {
            let reason = escaped(e.to_string().trim_end_matches('.'));
            format!("no PNG, or a damaged one: {reason}")
        };
        let limits = Limits {
            bytes: MOST * MOST * 8,
        };
        let mut decoder = Decoder::new_with_limits(Cursor::new(file), limits);
        decoder.set_transformations(Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().map_err(damaged)?;
        let (width, height) = reader.info().size();
        let (width, height) = (width as usize, height as usize);
        if width.max(height) > MOST {
            return Err(format!(
                "{width} x {height} pixels, at most {MOST} x {MOST} can be read"
            ));
        }
        let mut samples = vec![0; width * height * 4];
        let frame = reader.next_frame(&mut samples).map_err(damaged)?;
        let samples = &samples[..frame.buffer_size()];
        let channels = frame.color_type.samples();
        let pixels = samples.chunks_exact(channels).map(over_white).collect();
        Ok(Image {
            width,
            height,
            pixels,
        })
    }

    /// A pixel, for tests.
    #[cfg(test)]
    pub fn of(colour: [u8; 3]) -> Self {
        Image {
            width: 1,
            height: 1,
            pixels: vec![colour],
        }
    }

    /// The squares of SIDE × SIDE pixels that it consists of, row by row.
    pub fn squares(&self) -> Result<Vec<Picture>, String> {
        let Image { width, height, .. } = *self;
        if width % SIDE != 0 || height % SIDE != 0 {
            return Err(format!(
                "{width} x {height} pixels, expected multiples of {SIDE}"
            ));
        }
        let row = |x: usize, y: usize| &self.pixels[y * width + x..][..SIDE];
        let square = |x, y| Picture((y..y + SIDE).flat_map(|y| row(x, y)).copied().collect());
        let corners = (0..height).step_by(SIDE);
        let corners = corners.flat_map(|y| (0..width).step_by(SIDE).map(move |x| (x, y)));
        Ok(corners.map(|(x, y)| square(x, y)).collect())
    }

    /// As the captioner sees it: each pixel is the mean of what it covers. What is no square is put in the middle of a
    /// white one.
    pub fn scaled(&self) -> Picture {
        let side = self.width.max(self.height);
        let margins = [self.width, self.height].map(|size| (side - size) as f64 / 2.0);
        let covered = |i: usize| [i, i + 1].map(|i| i as f64 * side as f64 / SIDE as f64);
        let columns: Vec<_> = (0..SIDE)
            .map(|i| overlaps(covered(i).map(|x| x - margins[0]), self.width))
            .collect();
        let area = (side as f64 / SIDE as f64).powi(2);
        let mut pixels = Vec::with_capacity(SIDE * SIDE);
        for i in 0..SIDE {
            let rows = overlaps(covered(i).map(|y| y - margins[1]), self.height);
            for columns in &columns {
                let mut ink = [0.0; 3];
                for &(y, height) in &rows {
                    for &(x, width) in columns {
                        let pixel = self.pixels[y * self.width + x];
                        let part = height * width / area;
                        (0..3).for_each(|c| ink[c] += part * f64::from(255 - pixel[c]));
                    }
                }
                pixels.push(ink.map(|ink| 255 - ink.round() as u8));
            }
        }
        Picture(pixels)
    }
}

/// Written.
impl Picture {
    /// As a PNG file.
    pub fn png(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, SIDE as u32, SIDE as u32);
        encoder.set_color(ColorType::Rgb);
        let writer = encoder.write_header();
        let written = writer.and_then(|mut w| w.write_image_data(self.0.as_flattened()));
        written.expect("a vector takes what is written");
        bytes
    }
}

/// The pixels of 0..size that a stretch touches, and how much of each.
fn overlaps([from, to]: [f64; 2], size: usize) -> Vec<(usize, f64)> {
    let touched = from.max(0.0) as usize..size.min(to.ceil().max(0.0) as usize);
    let part = |i: usize| to.min(i as f64 + 1.0) - from.max(i as f64);
    touched.map(|i| (i, part(i))).collect()
}

/// Red, green and blue of grey or coloured samples, behind which there may be how opaque they are.
fn over_white(samples: &[u8]) -> [u8; 3] {
    let (colour, opacity) = match *samples {
        [grey] => ([grey; 3], 255),
        [grey, opacity] => ([grey; 3], opacity),
        [r, g, b] => ([r, g, b], 255),
        [r, g, b, opacity] => ([r, g, b], opacity),
        _ => (WHITE, 0),
    };
    colour.map(|light| {
        let ink = u32::from(255 - light) * u32::from(opacity);
        255 - ((ink + 127) / 255) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(width: usize, height: usize, light: impl Fn(usize, usize) -> u8) -> Image {
        let pixel = |i: usize| [light(i % width, i / width), 255, 0];
        let pixels = (0..width * height).map(pixel).collect();
        Image {
            width,
            height,
            pixels,
        }
    }

    /// A PNG with samples as they are given.
    fn png(width: u32, height: u32, colour: ColorType, samples: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, width, height);
        encoder.set_color(colour);
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(samples).expect("the samples");
        writer.finish().expect("the end");
        bytes
    }

    #[test]
    fn what_is_transparent_is_white() {
        let decoded = |colour, samples: &[u8]| Image::decode(&png(2, 1, colour, samples)).unwrap();
        let half = decoded(ColorType::Rgba, &[255, 0, 0, 255, 9, 9, 9, 0]);
        assert_eq!(half.pixels, [[255, 0, 0], WHITE]);
        let grey = decoded(ColorType::GrayscaleAlpha, &[0, 128, 7, 255]);
        assert_eq!(grey.pixels, [[127; 3], [7; 3]]);
        assert_eq!(
            decoded(ColorType::Grayscale, &[3, 4]).pixels,
            [[3; 3], [4; 3]]
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        let picture = image(SIDE, SIDE, |x, y| (x * 7 + y) as u8).scaled();
        let read = Image::decode(&picture.png()).unwrap();
        assert_eq!(read.squares().unwrap(), [picture]);
    }

    #[test]
    fn a_pixel_is_the_mean_of_what_it_covers() {
        let as_it_is = image(SIDE, SIDE, |x, y| (x * 6 + y + 1) as u8);
        assert_eq!(as_it_is.scaled().0, as_it_is.pixels);
        let thrice = image(108, 108, |x, y| ((x / 3) * 6 + y / 3 + x % 3) as u8);
        assert_eq!(thrice.scaled().0, as_it_is.pixels);
        // 54 pixels for 36: each covers one and a half.
        let uneven = image(54, 54, |x, _| [0, 60, 120][x % 3]).scaled();
        assert_eq!(uneven.0[0][0], 20);
        assert_eq!(uneven.0[1][0], 100);
        let one = image(1, 1, |_, _| 77).scaled();
        assert!(one.0.iter().all(|pixel| *pixel == [77, 255, 0]));
    }

    #[test]
    fn what_is_no_square_lies_in_the_middle() {
        let wide = image(72, 36, |_, _| 10).scaled();
        let row = |y: usize| wide.0[y * SIDE];
        assert_eq!(
            [row(8), row(9), row(26), row(27)],
            [WHITE, [10, 255, 0], [10, 255, 0], WHITE]
        );
        let high = image(5, 15, |_, _| 10).scaled();
        assert_eq!(
            [high.0[11], high.0[12], high.0[23], high.0[24]],
            [WHITE, [10, 255, 0], [10, 255, 0], WHITE]
        );
    }

    #[test]
    fn a_damaged_file_is_refused_in_one_line() {
        let whole = png(30, 30, ColorType::Rgb, &[1; 2700]);
        let refused = |file: &[u8]| Image::decode(file).unwrap_err();
        assert_eq!(refused(b""), "an empty file, expected a PNG");
        let mut flipped = whole.clone();
        flipped[45] ^= 1;
        for file in [
            &b"GIF89a"[..],
            &whole[..4],
            &whole[..20],
            &whole[..whole.len() - 20],
            &flipped,
        ] {
            let message = refused(file);
            assert!(
                message.starts_with("no PNG, or a damaged one: "),
                "{message}"
            );
            assert!(!message.contains('\n'), "{message}");
        }
        let large = png(5000, 1, ColorType::Grayscale, &[1; 5000]);
        assert_eq!(
            refused(&large),
            "5000 x 1 pixels, at most 4096 x 4096 can be read"
        );
        let odd = Image::decode(&whole).unwrap().squares().unwrap_err();
        assert_eq!(odd, "30 x 30 pixels, expected multiples of 36");
    }
}
