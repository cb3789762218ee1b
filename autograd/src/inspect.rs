//! What people see of a tape.
//!
//! | what | shows |
//! |---|---|
//! | [`Tape::program`](crate::Tape::program) | the tape as a program, one `let` a line |
//! | [`Tape::table`](crate::Tape::table) | the nodes with their values and gradients |
//! | [`Tape::drawing`](crate::Tape::drawing) | the graph, unrolled over time |
//! | [`Tape::overview`](crate::Tape::overview) | how large the gradients are, on tapes too long to draw |
//! | [`Var::replay`](crate::Var::replay) | the reverse sweep, node by node |
//!
//! Nothing here costs anything until it is asked for.

mod drawing;
mod notebook;
mod overview;
mod program;
mod replay;
mod svg;
mod table;

pub use drawing::Drawing;
pub use overview::Overview;
pub use program::{Line, Program};
pub use replay::{Event, Replay, Sent};
pub use svg::Svg;
pub use table::{Row, Table};
