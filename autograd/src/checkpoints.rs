//! [`Checkpoints`]: which states of a long chain to keep, so that it is swept with the least recomputation.

/// The plan for a chain of `blocks` with room for `slots` states, the first of which is the one before
/// the chain.
///
/// To sweep t blocks with m slots, go forward over y of them, keep the state there, sweep the t − y
/// blocks behind it with m − 1 slots, and then, from the first state again, the y before it with all m.
/// The blocks computed, each of which is at last recorded and swept, are
///
/// > C(t, m) = min_y { y + C(t − y, m − 1) + C(y, m) },  C(1, m) = 1,  C(t, 1) = t (t + 1) / 2
///
/// (Gruslys et al. 2016, *Memory-efficient backpropagation through time*). With
/// β(m, r) = (m + r)! / (m! r!) for the longest chain none of whose blocks goes forward more than r
/// times, and β(m, r − 1) < t ≤ β(m, r), that is
///
/// > C(t, m) = (r + 1) t − β(m + 1, r − 1)
///
/// (Griewank and Walther 2000, *Algorithm 799: revolve*).
///
/// ```
/// use autograd::Checkpoints;
/// let of = |blocks, slots| Checkpoints { blocks, slots }.forward_blocks();
/// assert_eq!((of(10, 10), of(10, 3), of(10, 1)), (19, 25, 55));
/// assert_eq!(of(1000, 10), 4_636); // a hundredth of the memory, for 2.3 times the blocks
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoints {
    /// How long the chain is.
    pub blocks: usize,
    /// How many states there is room for, that before the chain among them.
    pub slots: usize,
}

impl Checkpoints {
    /// Room for the state before every block: each is computed once more, and no more than that.
    pub fn all(blocks: usize) -> Self {
        let slots = blocks;
        Checkpoints { blocks, slots }
    }

    /// C(blocks, slots): the blocks that a sweep goes forward over, of which the first pass, which there
    /// is anyway, is one less than `blocks`.
    ///
    /// # Panics
    /// If there are no blocks or no slots.
    #[track_caller]
    pub fn forward_blocks(self) -> u128 {
        self.check();
        let (t, m) = (self.blocks as u128, self.slots as u128);
        if m == 1 {
            return t * (t + 1) / 2;
        }
        let r = repetitions(t, m);
        let spared = if r == 0 { 0 } else { beta(m + 1, r - 1) };
        (r + 1) * t - spared
    }

    /// The least y of those that give the minimum: such that no block before it goes forward more than
    /// r − 1 times, and none behind it more than r.
    pub(crate) fn split(self) -> usize {
        let (t, m) = (self.blocks as u128, self.slots as u128);
        let r = repetitions(t, m);
        let before = if r < 2 { 1 } else { beta(m, r - 2) };
        before.max(t.saturating_sub(beta(m - 1, r))) as usize
    }

    #[track_caller]
    pub(crate) fn check(self) {
        let Checkpoints { blocks, slots } = self;
        assert!(blocks > 0, "a chain of no blocks");
        assert!(
            slots > 0,
            "a chain of {blocks} blocks with room for no state"
        );
    }
}

/// The least r with t ≤ β(m, r), for m > 1.
fn repetitions(t: u128, m: u128) -> u128 {
    let (mut r, mut beta) = (0, 1);
    while beta < t {
        r += 1;
        beta = beta * (m + r) / r;
    }
    r
}

/// β(m, r).
fn beta(m: u128, r: u128) -> u128 {
    (1..=r).fold(1, |beta, i| beta * (m + i) / i)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C by its recursion, for all t and m up to a bound.
    fn least(bound: usize) -> Vec<Vec<u128>> {
        let mut c = vec![vec![0; bound + 1]; bound + 1];
        for t in 1..=bound {
            for m in 1..=bound {
                let splits = (1..t).map(|y| y as u128 + c[t - y][m - 1] + c[y][m]);
                c[t][m] = match (t, m) {
                    (1, _) => 1,
                    (_, 1) => (t * (t + 1) / 2) as u128,
                    _ => splits.min().expect("t > 1"),
                };
            }
        }
        c
    }

    #[test]
    fn the_closed_form_is_the_minimum_and_the_split_attains_it() {
        let c = least(60);
        for t in 1..=60 {
            for m in 1..=60 {
                let plan = |blocks, slots| Checkpoints { blocks, slots };
                assert_eq!(
                    plan(t, m).forward_blocks(),
                    c[t][m],
                    "{t} blocks, {m} slots"
                );
                if t > 1 && m > 1 {
                    let y = plan(t, m).split();
                    assert!((1..t).contains(&y), "{t} blocks, {m} slots: {y}");
                    let cost = y as u128 + c[t - y][m - 1] + c[y][m];
                    assert_eq!(cost, c[t][m], "{t} blocks, {m} slots, split at {y}");
                }
            }
        }
    }

    #[test]
    fn chains_of_any_length_have_a_cost() {
        let of = |blocks, slots| Checkpoints { blocks, slots }.forward_blocks();
        assert_eq!(of(100_000, 1), 5_000_050_000);
        assert_eq!(of(100_000, 100_000), 199_999);
        assert!(of(usize::MAX >> 24, 2) > of(usize::MAX >> 24, 3));
        assert_eq!(of(usize::MAX, usize::MAX), 2 * usize::MAX as u128 - 1);
    }
}
