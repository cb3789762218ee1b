//! What of a picture goes into the captioner: patches, and colours.

use train::prelude::Matrix;

/// Rows, and columns, that the captioner sees.
pub const SIDE: usize = 36;
/// Rows, and columns, of a patch, and how far it is from one to the next: they overlap.
const PATCH: usize = 6;
const STRIDE: usize = 3;
/// Patches in a row of them, and in all rows.
const ACROSS: usize = (SIDE - PATCH) / STRIDE + 1;
pub const PATCHES: usize = ACROSS * ACROSS;
/// Red, green, blue and outline of a pixel.
const CHANNELS: usize = 4;
/// The channels of each pixel of a patch, then a 1 for its row and one for its column.
pub const PATCH_NUMBERS: usize = PATCH * PATCH * CHANNELS + 2 * ACROSS;
/// Colours are counted in REGIONS × REGIONS parts of a picture: 4 shades of each of red, green and blue.
const REGIONS: usize = 3;
const SHADES: usize = 4;
const KINDS: usize = SHADES * SHADES * SHADES;
pub const COLOURS: usize = REGIONS * REGIONS * KINDS;
/// Mean and standard deviation of ink, which is 0 for white and 1 for black, in OpenMoji's pictures.
const MEAN: f32 = 0.2;
const DEVIATION: f32 = 0.33;
/// What is lighter than this is no part of an outline.
const OUTLINE: f32 = 0.4;

/// What the captioner sees: SIDE × SIDE pixels, row by row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Picture(pub Vec<[u8; 3]>);

impl Picture {
    /// The patches, row by row, `[PATCHES, PATCH_NUMBERS]`: their pixels, and where they are.
    pub fn patches(&self) -> Matrix {
        let mut patches = Matrix::zeros(PATCHES, PATCH_NUMBERS);
        for patch in 0..PATCHES {
            let (row, column) = (patch / ACROSS, patch % ACROSS);
            let mut view = patches.view_mut();
            let (pixels, place) = view.row(patch).split_at_mut(PATCH * PATCH * CHANNELS);
            for (y, pixels) in pixels.chunks_exact_mut(PATCH * CHANNELS).enumerate() {
                let first = (row * STRIDE + y) * SIDE + column * STRIDE;
                for (x, &pixel) in pixels.chunks_exact_mut(CHANNELS).zip(&self.0[first..]) {
                    x.copy_from_slice(&channels(pixel));
                }
            }
            place[row] = 1.0;
            place[ACROSS + column] = 1.0;
        }
        patches
    }

    /// How much of each region has each colour, as the root of its share (Swain and Ballard 1991).
    ///
    /// Skin tones lie on a line from light to dark: to a network that sees red, green and blue, the one in the middle is
    /// like both of its neighbours. Here each is a colour of its own, and of a couple it is told whose it is.
    pub fn colours(&self) -> Vec<f32> {
        let mut shares = vec![0.0; COLOURS];
        let region = |i: usize| i * REGIONS / SIDE;
        let pixels_of_region = (SIDE / REGIONS).pow(2) as f32;
        for (i, pixel) in self.0.iter().enumerate() {
            let shade = |&light: &u8| usize::from(light) * SHADES / 256;
            let colour = pixel
                .iter()
                .fold(0, |colour, light| colour * SHADES + shade(light));
            let place = region(i / SIDE) * REGIONS + region(i % SIDE);
            shares[place * KINDS + colour] += 1.0 / pixels_of_region;
        }
        shares.into_iter().map(f32::sqrt).collect()
    }
}

/// Red, green and blue as ink, and how much of an outline a pixel is, with mean 0 and variance 1, about.
///
/// Outlines are black, and darker than any skin: they look the same whatever the tone, so that what is learned of one
/// tone holds for others.
fn channels(pixel: [u8; 3]) -> [f32; CHANNELS] {
    let light = pixel.map(|light| f32::from(light) / 255.0);
    let lightest = light.into_iter().fold(0.0, f32::max);
    let outline = (1.0 - lightest / OUTLINE).max(0.0);
    let [r, g, b] = light.map(|light| (1.0 - light - MEAN) / DEVIATION);
    [r, g, b, 3.0 * outline - 0.5]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(pixel: impl Fn(usize, usize) -> [u8; 3]) -> Picture {
        Picture(
            (0..SIDE * SIDE)
                .map(|i| pixel(i % SIDE, i / SIDE))
                .collect(),
        )
    }

    #[test]
    fn patches_overlap_and_know_where_they_are() {
        let patches = picture(|x, y| [(y * 7 + x) as u8, 255, 0]).patches();
        assert_eq!(patches.shape().to_string(), "[121, 166]");
        let red = |patch: usize, y: usize, x: usize| {
            let ink = patches[(patch, (y * 6 + x) * 4)] * DEVIATION + MEAN;
            (255.0 * (1.0 - ink)).round()
        };
        assert_eq!(red(12, 0, 0), 24.0); // the second row, and the second column
        assert_eq!(red(12, 0, 0), red(0, 3, 3));
        assert_eq!(red(120, 5, 5), (35 * 7 + 35 - 256) as f32);
        let places: Vec<_> = (144..166).filter(|&i| patches[(13, i)] == 1.0).collect();
        assert_eq!(places, [145, 157]); // the second row, and the third column
    }

    #[test]
    fn outlines_are_black_whatever_the_tone() {
        let outline = |pixel| channels(pixel)[3];
        assert_eq!(outline([0; 3]), 2.5);
        let (light, dark) = ([250, 220, 188], [106, 70, 47]);
        assert_eq!([outline(light), outline(dark)], [-0.5; 2]);
        assert!((outline([51, 20, 0]) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn colours_have_their_shares_in_each_region() {
        let half = picture(|_, y| [if y < 18 { 255 } else { 63 }, 255, 0]);
        let (yellow, green) = (3 * 16 + 3 * 4, 3 * 4);
        for (i, root) in half.colours().into_iter().enumerate() {
            let share = match (i / KINDS / 3, i % KINDS) {
                (0, colour) if colour == yellow => 1.0,
                (1, colour) if colour == yellow || colour == green => 0.5,
                (2, colour) if colour == green => 1.0,
                _ => 0.0,
            };
            assert!((root * root - share).abs() < 1e-4, "{i}: {root}");
        }
    }
}
