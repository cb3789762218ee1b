//! [`Segments`]: how long a segment is, and which states between segments are kept.

use autograd::{Checkpoints, TapeBytes};

use crate::check;

/// How a long text is cut into segments that are computed again on the way back.
///
/// ```
/// use layers::Segments;
/// let fixed: Segments = 100.into(); // steps, with the state before every segment kept
/// let fitting = Segments::memory(10_000_000); // bytes: whatever takes the least time in these
/// # let _ = (fixed, fitting);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments(Choice);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Steps(usize),
    Memory(usize),
}

impl From<usize> for Segments {
    /// Segments of so many steps.
    fn from(steps: usize) -> Self {
        Segments(Choice::Steps(steps))
    }
}

impl Segments {
    /// No more than so many bytes for what grows with the text, and in these the least recomputation: the
    /// whole text recorded at once, or equal segments with the state before each kept, or with some of
    /// these kept and the others computed again (see [`Checkpoints`]), whichever length of a segment is
    /// best.
    ///
    /// What counts is what a pass adds to the parameters, their gradients and the text itself (16 bytes a
    /// symbol and target, twice while it is read): values, gradients and nodes of a segment, a copy of the
    /// parameters with what a sweep lays out beside it, and the states. A segment's bytes are estimated
    /// from two short ones, which are recorded and swept for that at each pass, at the time of 12 steps;
    /// the estimate is upwards, by a quarter for buffers, with what may be unused around them
    /// ([`TapeBytes::most_around`]), and to three times for lists of nodes, which may be about to grow.
    /// [`CharModel::least_memory`](crate::CharModel::least_memory) tells what has to be allowed.
    pub fn memory(bytes: usize) -> Self {
        Segments(Choice::Memory(bytes))
    }

    /// What to do for so many steps, with a state of so many bytes; `measure` tries a segment of so many steps.
    #[track_caller]
    pub(super) fn plan(
        self,
        steps: usize,
        state: usize,
        measure: impl Fn(usize) -> Measured,
    ) -> Plan {
        match self.0 {
            Choice::Steps(segment) => {
                check::segment(steps, segment);
                Plan::new(segment, Checkpoints::all(steps.div_ceil(segment)))
            }
            Choice::Memory(bytes) => {
                let usage = Usage::new(steps, measure);
                let least = usage.least(steps, state);
                assert!(
                    bytes >= least,
                    "a memory of {bytes} bytes: these {steps} steps take at least {least}"
                );
                Plan::within(bytes, steps, state, usage)
            }
        }
    }
}

/// States besides those that are kept: the present one, the last one and its gradient, on the tape and off.
const WORKING: usize = 6;

/// What [`Segments`] come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    Whole,
    Segments {
        steps: usize,
        checkpoints: Checkpoints,
    },
}

impl Plan {
    fn new(steps: usize, checkpoints: Checkpoints) -> Self {
        Plan::Segments { steps, checkpoints }
    }

    /// The least steps computed, of all lengths of a segment.
    fn within(bytes: usize, steps: usize, state: usize, usage: Usage) -> Self {
        if usage.of(steps) <= bytes {
            return Plan::Whole;
        }
        let plan = |segment: usize| {
            let room = bytes.checked_sub(usage.of(segment))? / state;
            let blocks = steps.div_ceil(segment);
            let slots = room.saturating_sub(WORKING).min(blocks);
            (slots > 0).then_some((segment, Checkpoints { blocks, slots }))
        };
        let cost = |&(segment, c): &(usize, Checkpoints)| c.forward_blocks() * segment as u128;
        let plans = (1..=steps).map_while(plan);
        let (segment, checkpoints) = plans.min_by_key(cost).expect("one step fits");
        Plan::new(segment, checkpoints)
    }
}

/// How many steps of a text are tried, which takes memory, too.
fn measured(steps: usize) -> usize {
    steps.min(8)
}

/// What a segment has been seen to take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    /// The tape that it is computed on.
    pub inside: TapeBytes,
    /// The tape that the text is on.
    pub outside: TapeBytes,
}

/// The bytes of a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    /// Whatever the steps.
    fixed: usize,
    fixed_buffers: usize,
    /// For each step.
    per_step: usize,
    buffers_per_step: usize,
}

impl Usage {
    pub fn new(steps: usize, measure: impl Fn(usize) -> Measured) -> Self {
        let buffers = |bytes: TapeBytes| bytes.total() - bytes.nodes - bytes.unused;
        let long = measured(steps);
        let short = long / 2;
        let (few, less) = match short {
            0 => (0, 0),
            _ => {
                let bytes = measure(short).inside;
                (bytes.nodes, buffers(bytes))
            }
        };
        let Measured { inside, outside } = measure(long);
        let buffers = buffers(inside);
        let grown = buffers.saturating_sub(less).div_ceil(long - short);
        Usage {
            fixed: few + outside.unused,
            fixed_buffers: buffers.saturating_sub(long * grown),
            per_step: 3 * inside.nodes.div_ceil(long),
            buffers_per_step: grown + grown / 4,
        }
    }

    fn of(self, steps: usize) -> usize {
        let buffers = self.fixed_buffers + steps * self.buffers_per_step;
        self.fixed + steps * self.per_step + TapeBytes::most_around(buffers)
    }

    /// The least memory for so many steps, with a state of so many bytes.
    pub fn least(self, steps: usize, state: usize) -> usize {
        self.of(measured(steps)) + (WORKING + 1) * state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With these bytes for a step, and 1,000 besides.
    const USAGE: Usage = Usage {
        fixed: 1000,
        fixed_buffers: 0,
        per_step: 100,
        buffers_per_step: 0,
    };

    #[test]
    fn more_memory_is_less_recomputation() {
        let (steps, state) = (1000, 10);
        let cost = |bytes| match Plan::within(bytes, steps, state, USAGE) {
            Plan::Whole => 0,
            Plan::Segments { steps, checkpoints } => {
                let kept = (checkpoints.slots + WORKING) * state;
                assert!(USAGE.of(steps) + kept <= bytes, "{steps} {checkpoints:?}");
                checkpoints.forward_blocks() * steps as u128
            }
        };
        let costs: Vec<_> = (1170..102_000).step_by(97).map(cost).collect();
        assert!(costs.is_sorted_by(|less, more| less >= more));
        assert_eq!((costs[0], costs.last()), (500_500, Some(&0)));
        assert!(costs.iter().any(|c| (1900..2000).contains(c)));
    }
}
