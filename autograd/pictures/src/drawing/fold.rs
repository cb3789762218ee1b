//! Steps that there is no room for.

use std::ops::Range;

use crate::times::Times;

/// Steps that are one column, with one box.
#[derive(Clone, Debug)]
pub(super) struct Fold {
    pub steps: Range<usize>,
    /// What stands in the box: "12 steps".
    pub name: String,
}

/// The number of steps of the longest timeline.
pub(super) fn longest(times: &Times) -> usize {
    let lengths = times.timelines().map(|(steps, _)| steps.len());
    lengths.max().unwrap_or(0)
}

/// The middle of each timeline, so that it has no more than `most` columns; its ends always remain.
pub(super) fn folds(times: &Times, most: usize) -> Vec<Fold> {
    let shown = most.max(3) - 1;
    let timelines = times.timelines().map(|(steps, _)| steps);
    let long = timelines.filter(|steps| steps.len() > shown + 1);
    let fold = |steps: Range<usize>| {
        let steps = steps.start + shown.div_ceil(2)..steps.end - shown / 2;
        let name = format!("{} steps", steps.len());
        Fold { steps, name }
    };
    long.map(fold).collect()
}
