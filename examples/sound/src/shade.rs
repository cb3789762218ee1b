//! [`shade`]: colours of a spectrogram.

/// In the order in which all eyes find them brighter (the map "viridis" of Smith and van der Walt 2015, at five
/// places).
const SHADES: [[f32; 3]; 5] = [
    [68.0, 1.0, 84.0],
    [59.0, 82.0, 139.0],
    [33.0, 145.0, 140.0],
    [94.0, 201.0, 98.0],
    [253.0, 231.0, 37.0],
];

/// A colour, red, green and blue, for a number from 0, silent, to 1, loud.
///
/// ```
/// assert_eq!(sound::shade(0.5), [33, 145, 140]);
/// ```
pub fn shade(number: f32) -> [u8; 3] {
    let place = number.clamp(0.0, 1.0) * (SHADES.len() - 1) as f32;
    let i = (place as usize).min(SHADES.len() - 2);
    std::array::from_fn(|c| {
        let (from, to) = (SHADES[i][c], SHADES[i + 1][c]);
        (from + (place - i as f32) * (to - from)).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_go_from_dark_to_bright() {
        assert_eq!([shade(-1.0), shade(0.0)], [[68, 1, 84]; 2]);
        assert_eq!([shade(1.0), shade(9.0)], [[253, 231, 37]; 2]);
    }
}
