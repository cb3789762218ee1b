//! What is measured of tunes.

use scores::Tune;

/// The share of bars that are as long as their meter says, as [`Tune::complete_bars`] counts them.
pub fn complete_bars(tunes: &[Tune]) -> f64 {
    let bars = tunes.iter().map(Tune::complete_bars);
    let (complete, all) = bars.fold((0, 0), |sum, bars| (sum.0 + bars.0, sum.1 + bars.1));
    complete as f64 / all.max(1) as f64
}

/// The share of tunes whose last note is the tonic.
pub fn end_on_tonic(tunes: &[Tune]) -> f64 {
    let ends = |tune: &&Tune| {
        let last = tune
            .events
            .iter()
            .rev()
            .find_map(|event| event.pitches.last());
        last.is_some_and(|pitch| pitch % 12 == tune.key.tonic)
    };
    tunes.iter().filter(ends).count() as f64 / tunes.len().max(1) as f64
}

/// Notes without rests: pitch and length of each.
pub fn notes(tune: &Tune) -> Vec<(u8, u32)> {
    let sounding = tune.events.iter();
    sounding
        .filter_map(|event| Some((*event.pitches.last()?, event.length)))
        .collect()
}

/// How many notes long the longest stretch is that two tunes have in common: of all suffixes of what ends at a note of
/// the one and at a note of the other, c_ij = c_{i-1,j-1} + 1 where the notes are equal, else 0; the largest c_ij.
pub fn in_common<N: PartialEq>(one: &[N], other: &[N]) -> usize {
    let mut longest = 0;
    let mut before = vec![0; other.len() + 1];
    for a in one {
        let mut diagonal = 0;
        for (b, c) in other.iter().zip(&mut before[1..]) {
            let above = *c;
            *c = if a == b { diagonal + 1 } else { 0 };
            diagonal = above;
            longest = longest.max(*c);
        }
    }
    longest
}

/// The longest stretch in common with any of these tunes.
pub fn longest_in_common<'a>(
    notes: &[(u8, u32)],
    others: impl IntoIterator<Item = &'a Vec<(u8, u32)>>,
) -> usize {
    let lengths = others.into_iter().map(|other| in_common(notes, other));
    lengths.max().unwrap_or(0)
}

/// The middle one, and the largest.
pub fn median_and_most(mut lengths: Vec<usize>) -> (usize, usize) {
    lengths.sort_unstable();
    let middle = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    (middle, lengths.last().copied().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scores::abc;

    #[test]
    fn the_longest_stretch_in_common() {
        assert_eq!(in_common(b"abcabd", b"xabdab"), 3);
        assert_eq!(in_common(b"aaaa", b"aaa"), 3);
        assert_eq!(in_common(b"abc", b"xyz"), 0);
        assert_eq!(in_common(b"", b"a"), 0);
        assert_eq!(median_and_most(vec![5, 1, 3]), (3, 5));
    }

    #[test]
    fn shares_of_bars_and_of_ends() {
        let tunes =
            abc::read("X:1\nM:2/4\nL:1/4\nK:G\nGA|BG|]\n\nX:2\nM:2/4\nL:1/4\nK:G\nGA|B|G2|A2|]\n")
                .tunes;
        assert_eq!(complete_bars(&tunes), 5.0 / 6.0);
        assert_eq!(end_on_tonic(&tunes), 0.5);
    }
}
