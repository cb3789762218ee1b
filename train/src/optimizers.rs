//! The optimizers: what is common to all ([`Descent`]) stands once, and each is the rule of one
//! element on a page of its own.

mod adadelta;
mod adagrad;
mod adam;
mod average;
mod descent;
mod elements;
mod groups;
mod nadam;
mod radam;
mod rmsprop;
mod sgd;

pub use adadelta::{Adadelta, AdadeltaRule};
pub use adagrad::{Adagrad, AdagradRule};
pub use adam::{Adam, AdamRule};
pub use descent::{Descent, Step, UpdateRule};
pub use elements::Elements;
pub use groups::Group;
pub use nadam::{NAdam, NAdamRule};
pub use radam::{RAdam, RAdamRule};
pub use rmsprop::{RmsProp, RmsPropRule};
pub use sgd::{Sgd, SgdRule};
