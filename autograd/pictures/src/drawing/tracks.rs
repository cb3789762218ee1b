//! Parallel lines that do not touch.

/// The distance between two tracks.
pub(super) const TRACK: f64 = 9.0;

/// Tracks of a channel or gutter, with what is taken of each.
#[derive(Default)]
pub(super) struct Tracks {
    taken: Vec<Vec<(f64, f64)>>,
}

impl Tracks {
    /// Takes an interval of the first track, from number `least` on, where it keeps the distance
    /// from all others.
    pub fn take(&mut self, (from, to): (f64, f64), distance: f64, least: usize) -> usize {
        let free = |track: &[(f64, f64)]| {
            let apart = |&(a, b): &(f64, f64)| b + distance <= from || to + distance <= a;
            track.iter().all(apart)
        };
        let found = (least..self.taken.len()).find(|&k| free(&self.taken[k]));
        let track = found.unwrap_or(self.taken.len().max(least));
        self.taken
            .resize_with(self.taken.len().max(track + 1), Vec::new);
        self.taken[track].push((from, to));
        track
    }

    pub fn len(&self) -> usize {
        self.taken.len()
    }
}
