//! What an edge is as a line.

use super::model::Flow;

/// Edges from one box of one kind: they are one line that branches.
pub(super) type Net = (usize, Flow);

/// The way of an edge, as far as it is known before the tracks' positions are.
pub(super) struct Wire {
    pub net: Net,
    /// Where it leaves its box, from the left of the column; bars are left anywhere.
    pub exit: Option<f64>,
    /// Where it enters one.
    pub entry: Option<f64>,
    /// Where it climbs or descends, unless that is within one channel.
    pub via: Option<Via>,
    /// The channels that it turns in: that above its source, that below its target.
    pub channels: (usize, usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Via {
    /// Left of a column, on a track counted from the right.
    Gutter(usize, usize),
    /// In a column, at a distance from its left.
    Lane(usize, f64),
}
