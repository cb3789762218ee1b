//! How many bars of a tune are complete.

use crate::tune::{Line, Tune};

/// A bar's length and what it should be, in ticks.
#[derive(Clone, Copy)]
struct Filled {
    length: u32,
    whole: u32,
}

impl Filled {
    fn is_short(self) -> bool {
        self.length < self.whole
    }

    fn is_made_whole_by(self, other: Filled) -> bool {
        self.length + other.length == self.whole
    }
}

impl Tune {
    /// How many bars are as long as their meter says, and how many there are.
    ///
    /// A part of a tune, which ends at a double bar line or at a repeat, may begin with a pickup and end that much
    /// earlier: the two are one complete bar, if they make one together. A pickup may make the bar before it
    /// whole, where the tune goes on to the next part, or the last bar of its own part, which is repeated, or that
    /// of the tune. The pickup that a tune begins with is not counted. Nothing is, in free time.
    pub fn complete_bars(&self) -> (usize, usize) {
        let parts = self.parts();
        let last = parts.last().and_then(|part| part.last());
        let (mut complete, mut all) = (0, 0);
        for (i, part) in parts.iter().enumerate() {
            let [.., end] = part[..] else { continue };
            let before = i.checked_sub(1).and_then(|i| parts[i].last());
            let next = parts.get(i + 1).map(|part| part[0]);
            let pickup = part[0].is_short().then_some(part[0]);
            let ends = [before, Some(&end), last];
            let mut ends = ends.into_iter().flatten();
            let is_pickup = pickup.is_some_and(|pickup| {
                i == 0 || ends.any(|end| end.is_short() && end.is_made_whole_by(pickup))
            });
            let bars = if is_pickup { &part[1..] } else { &part[..] };
            all += bars.len();
            complete += bars.iter().filter(|bar| bar.length == bar.whole).count();
            let pickups = [pickup, next, Some(parts[0][0])];
            let mut pickups = pickups.into_iter().flatten();
            let ends_early = end.is_short() && pickups.any(|pickup| end.is_made_whole_by(pickup));
            complete += usize::from(!bars.is_empty() && ends_early);
        }
        (complete, all)
    }

    /// The bars of each part, those in free time left out.
    fn parts(&self) -> Vec<Vec<Filled>> {
        let mut parts = vec![Vec::new()];
        let mut begin = 0;
        for bar in &self.bars {
            let (length, whole) = (bar.end - begin, bar.whole());
            let part = parts.last_mut().expect("one part at least");
            if whole > 0 {
                part.push(Filled { length, whole });
            }
            if bar.line != Line::Single {
                parts.push(Vec::new());
            }
            begin = bar.end;
        }
        parts.retain(|part| !part.is_empty());
        parts
    }
}

#[cfg(test)]
mod tests {
    use crate::abc;

    fn bars(music: &str) -> (usize, usize) {
        let book = abc::read(&format!("X:1\nM:3/4\nL:1/4\nK:C\n{music}\n"));
        assert_eq!(book.skipped, []);
        book.tunes[0].complete_bars()
    }

    #[test]
    fn a_bar_is_complete_or_not() {
        assert_eq!(bars("CDE|FGA|c3|]"), (3, 3));
        assert_eq!(bars("CDE|FG|c3|]"), (2, 3));
        assert_eq!(bars("CDE|FGAB|c3|]"), (2, 3));
        assert_eq!(bars("CDEF|c3|]"), (1, 2), "no pickup is longer than a bar");
    }

    #[test]
    fn a_pickup_and_a_short_end_are_one_bar() {
        assert_eq!(bars("G|CDE|c2|]"), (2, 2));
        assert_eq!(bars("G|CDE|c|]"), (1, 2));
        assert_eq!(bars("CDE|c2:|G|CDE|c2|]"), (4, 4));
        assert_eq!(bars("CDE|c3:|G|CDE|c3|]"), (4, 5), "a pickup of nothing");
        assert_eq!(bars("G|CDE|c2:|[M:2/4]CD|EF|]"), (4, 4));
    }

    #[test]
    fn free_time_has_no_bars() {
        assert_eq!(
            abc::read("X:1\nM:none\nK:C\nCDE|F|\n").tunes[0].complete_bars(),
            (0, 0)
        );
    }
}
