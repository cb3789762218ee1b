//! What people see of a tape.
//!
//! | what | shows |
//! |---|---|
//! | [`Tape::program`](crate::Tape::program) | the tape as a program, one `let` a line |
//! | [`Tape::table`](crate::Tape::table) | the nodes with their values and gradients |
//! | [`Var::replay`](crate::Var::replay) | the reverse sweep, node by node |
//!
//! Nothing here costs anything until it is asked for.

mod notebook;
mod program;
mod replay;
mod svg;
mod table;

pub use program::{Line, Program};
pub use replay::{Event, Replay, Sent};
pub use svg::Svg;
pub use table::{Row, Table};
