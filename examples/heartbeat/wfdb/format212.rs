//! Samples in format 212, signal(5): of 12 bits in two's complement, two of them in three bytes.
//!
//! | byte | bits |
//! |---|---|
//! | 0 | the lower 8 of the first sample |
//! | 1 | below: the upper 4 of the first; above: the upper 4 of the second |
//! | 2 | the lower 8 of the second |

/// What stands where there is no sample.
pub const NO_SAMPLE: i16 = -2048;

/// The samples of so many signals, interleaved: `length` of each, or as many as there are.
///
/// # Errors
/// If there are fewer bytes than that takes.
pub fn decode(
    bytes: &[u8],
    offset: usize,
    signals: usize,
    length: Option<usize>,
) -> Result<Vec<i16>, String> {
    let found = bytes.get(offset..);
    let found =
        found.ok_or_else(|| format!("{} bytes, and samples from byte {offset} on", bytes.len()))?;
    let length = length.unwrap_or(2 * found.len() / 3 / signals);
    let count = length.saturating_mul(signals);
    // Checked before anything is allocated. The last sample, where their number is odd, takes two bytes.
    let Some(packed) = found.get(..count.saturating_mul(3).div_ceil(2)) else {
        return Err(format!(
            "{} bytes, too few for {length} samples of {signals} signals in format 212",
            found.len()
        ));
    };
    if count == 0 {
        return Err(format!(
            "{} bytes, too few for a sample of {signals} signals",
            found.len()
        ));
    }
    let pairs = packed.chunks(3).flat_map(|chunk| {
        let byte = |i: usize| u16::from(chunk.get(i).copied().unwrap_or(0));
        [
            byte(0) | (byte(1) & 0x0f) << 8,
            byte(2) | (byte(1) & 0xf0) << 4,
        ]
    });
    Ok(pairs.take(count).map(signed).collect())
}

/// Of 12 bits, of which the upper one is the sign.
fn signed(bits: u16) -> i16 {
    (bits << 4) as i16 >> 4
}
