//! The time steps of a tape from left to right.

use std::collections::HashMap;
use std::ops::Range;

use autograd::Moment;

use crate::svg::shorten;

/// The most characters of a timeline's name in a heading.
const NAME: usize = 22;

/// All steps, timeline after timeline in order of their first use. A step is called by its position
/// here.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Times {
    timelines: Vec<Timeline>,
}

#[derive(Clone, Debug, PartialEq)]
struct Timeline {
    name: String,
    /// Its steps, in order.
    steps: Vec<usize>,
    /// The position of the first of them.
    start: usize,
    /// Which were recorded first, and next.
    first: usize,
    next: Option<usize>,
}

impl Timeline {
    fn new(moment: &Moment) -> Self {
        Timeline {
            name: moment.timeline().into(),
            steps: Vec::new(),
            start: 0,
            first: moment.t(),
            next: None,
        }
    }

    fn range(&self) -> Range<usize> {
        self.start..self.start + self.steps.len()
    }
}

impl Times {
    /// Of moments in the order in which they were recorded.
    pub fn new<'m>(moments: impl Iterator<Item = &'m Moment>) -> Self {
        let mut timelines: Vec<Timeline> = Vec::new();
        let mut known = HashMap::new();
        for moment in moments {
            let timeline = *known.entry(moment.timeline()).or_insert_with(|| {
                timelines.push(Timeline::new(moment));
                timelines.len() - 1
            });
            let (timeline, t) = (&mut timelines[timeline], moment.t());
            if timeline.next.is_none() && t != timeline.first {
                timeline.next = Some(t);
            }
            if timeline.steps.last() != Some(&t) {
                timeline.steps.push(t);
            }
        }
        let mut start = 0;
        for timeline in &mut timelines {
            timeline.steps.sort_unstable();
            timeline.steps.dedup();
            timeline.start = start;
            start += timeline.steps.len();
        }
        Times { timelines }
    }

    /// The number of steps.
    pub fn len(&self) -> usize {
        self.timelines.last().map_or(0, |last| last.range().end)
    }

    /// The step of a moment that is among these.
    pub fn step(&self, moment: &Moment) -> usize {
        let own = |timeline: &&Timeline| timeline.name == moment.timeline();
        let timeline = self.timelines.iter().find(own).expect("one of these");
        timeline.start + timeline.steps.partition_point(|&t| t < moment.t())
    }

    fn of(&self, step: usize) -> &Timeline {
        let later = self.timelines.partition_point(|of| of.start <= step);
        &self.timelines[later - 1]
    }

    /// The time of a step.
    pub fn t(&self, step: usize) -> usize {
        let timeline = self.of(step);
        timeline.steps[step - timeline.start]
    }

    /// Whether a timeline was recorded from this step on.
    pub fn starts(&self, step: usize) -> bool {
        self.of(step).first == self.t(step)
    }

    /// Whether the timeline of a step was recorded towards earlier ones; there may be no step.
    pub fn backwards(&self, step: usize) -> bool {
        let towards_earlier = |of: &Timeline| of.next.is_some_and(|next| next < of.first);
        step < self.len() && towards_earlier(self.of(step))
    }

    /// How a step is written by another: "ₜ₋₁" if it is the one before.
    pub fn subscript(&self, step: usize, user: usize) -> &'static str {
        match (self.of(step) == self.of(user), self.t(step), self.t(user)) {
            (true, t, user) if t + 1 == user => "ₜ₋₁",
            (true, t, user) if t == user + 1 => "ₜ₊₁",
            _ => "",
        }
    }

    /// "t = 3", "decoder: t = 3", or "t = 3 … 9" of several.
    pub fn heading(&self, steps: Range<usize>) -> String {
        let timeline = match self.of(steps.start).name.as_str() {
            "" => String::new(),
            name => shorten(name, NAME) + ": ",
        };
        let (first, last) = (self.t(steps.start), self.t(steps.end - 1));
        match steps.len() {
            1 => format!("{timeline}t = {first}"),
            _ => format!("{timeline}t = {first} … {last}"),
        }
    }

    /// The steps of each timeline, and its name.
    pub fn timelines(&self) -> impl Iterator<Item = (Range<usize>, &str)> {
        let timelines = self.timelines.iter();
        timelines.map(|timeline| (timeline.range(), timeline.name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use autograd::{Matrix, Tape};

    use super::*;

    #[test]
    fn steps_are_in_order_of_time_and_timelines_in_order_of_use() {
        let tape = Tape::<f64>::new();
        let x = tape.var(Matrix::scalar(1.0));
        for (timeline, steps) in [("b", [5, 4, 9]), ("a", [0, 1, 2]), ("b", [6, 9, 4])] {
            let _timeline = tape.timeline(timeline);
            for t in steps {
                x.tanh().at(t);
            }
        }
        x.tanh().at(3); // the tape's own time, used last
        let moments: Vec<_> = (0..tape.len()).map(|i| tape.node(i).moment()).collect();
        let times = Times::new(moments.iter().flatten());
        let headings: Vec<_> = (0..times.len()).map(|s| times.heading(s..s + 1)).collect();
        let expected = [
            "b: t = 4", "b: t = 5", "b: t = 6", "b: t = 9", "a: t = 0", "a: t = 1", "a: t = 2",
            "t = 3",
        ];
        assert_eq!(headings, expected);
        let found = moments.iter().flatten().map(|m| times.step(m));
        assert_eq!(found.collect::<Vec<_>>(), [1, 0, 3, 4, 5, 6, 2, 3, 0, 7]);
        let steps = 0..times.len();
        let starts: Vec<_> = steps.clone().filter(|&s| times.starts(s)).collect();
        assert_eq!(starts, [1, 4, 7]);
        let backwards: Vec<_> = steps.filter(|&s| times.backwards(s)).collect();
        assert_eq!(backwards, [0, 1, 2, 3]);
        let subscripts = [(0, 1), (1, 0), (2, 3), (3, 4)].map(|(a, b)| times.subscript(a, b));
        assert_eq!(subscripts, ["ₜ₋₁", "ₜ₊₁", "", ""]);
        assert_eq!(times.heading(4..7), "a: t = 0 … 2");
    }
}
