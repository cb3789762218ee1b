//! What a gradient check may find.

use std::fmt;

use thiserror::Error;

use super::Entry;

/// Why a check failed: the function, if it was named, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{}{problem}", function.as_ref().map_or(String::new(), |name| format!("{name}: ")))]
pub struct GradCheckError {
    pub(super) function: Option<String>,
    pub(super) problem: Problem,
}

impl GradCheckError {
    /// The name that the check was given.
    pub fn function(&self) -> Option<&str> {
        self.function.as_deref()
    }

    /// What is wrong.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// What is wrong with a function, or with the point that it was checked at.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// The tape and the differences disagree.
    #[error("{worst}{}", others(*.failed, *.compared))]
    Mismatch {
        /// The entry that is furthest beyond what is tolerated.
        worst: Entry,
        /// How many entries fail, with this one.
        failed: usize,
        /// Of how many.
        compared: usize,
    },
    /// The function has no derivative at this point.
    #[error(
        "input {input}, element {element:?} = {at}: there is no derivative here: {reason}; check the \
         function elsewhere"
    )]
    NoDerivative {
        /// The number of the input.
        input: usize,
        /// Row and column of its element.
        element: (usize, usize),
        /// Its value.
        at: f64,
        /// How the function behaves there.
        reason: NoDerivative,
    },
    /// No step is so small that the differences agree with each other.
    #[error(
        "derivative of output {:?} by input {}, element {:?}: differences give {:e}, give or take \
         {:.1e}, with any step: there is a kink close by, or the function varies too fast, or is too \
         coarse; check it elsewhere, or with another step",
        .0.output, .0.input, .0.element, .0.numeric, .0.uncertainty
    )]
    Unsettled(Entry),
    /// A value of the function is NaN or infinite, here and close by.
    #[error("output {output:?} is {value}")]
    NotFinite {
        /// Row and column of the output's element.
        output: (usize, usize),
        /// Its value.
        value: f64,
    },
    /// An operation leaves an element of its result as it found it, or reads one that was never
    /// written.
    #[error("output {output:?} is never written, or comes from what is never written")]
    Unwritten {
        /// Row and column of the output's element.
        output: (usize, usize),
    },
    /// A rule leaves an element of what it sends as it found it.
    #[error("input {input}, element {element:?}: its gradient is never written")]
    Unsent {
        /// The number of the input.
        input: usize,
        /// Row and column of its element.
        element: (usize, usize),
    },
    /// What is sent is not proportional to ȳ: a rule forgets it, or adds something.
    #[error(
        "input {input}, element {element:?}: from another seed comes a gradient of {found:e}, which \
         should be {expected:e}: a rule is not linear in ȳ"
    )]
    NotLinear {
        /// The number of the input.
        input: usize,
        /// Row and column of its element.
        element: (usize, usize),
        /// The gradient.
        found: f64,
        /// What the gradients from other seeds make it.
        expected: f64,
    },
    /// A rule overwrites what other uses of its operand have sent.
    #[error(
        "input {input}, element {element:?}: if it is used elsewhere too, its gradient is {found:e} \
         and not {expected:e}: a rule overwrites where it has to add"
    )]
    Overwritten {
        /// The number of the input.
        input: usize,
        /// Row and column of its element.
        element: (usize, usize),
        /// The gradient.
        found: f64,
        /// The sum of what all uses send.
        expected: f64,
    },
    /// Two evaluations at the same point differ.
    #[error("two evaluations of the function at the same point differ by {difference:e}")]
    NotDeterministic {
        /// The largest difference.
        difference: f64,
    },
}

/// How a function behaves at a point where it has no derivative.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum NoDerivative {
    /// The slopes to the left and to the right differ, as those of |x| at 0.
    #[error("a kink, with slopes {left:.6} and {right:.6}")]
    Kink {
        /// The slope to the left.
        left: f64,
        /// The slope to the right.
        right: f64,
    },
    /// The slope grows without bound, as that of √x at 0: or the function jumps.
    #[error("the slope grows without bound, and is {slope:.1e} close by")]
    Infinite {
        /// The slope between this point and one close by.
        slope: f64,
    },
    /// The function is not finite here, or on one side of here, as ln x at 0.
    #[error("the function is not finite, {left} to the left and {right} to the right")]
    Undefined {
        /// The value a little to the left.
        left: f64,
        /// The value a little to the right.
        right: f64,
    },
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry {
            input,
            element,
            output,
            analytic,
            numeric,
            ..
        } = self;
        write!(
            f,
            "derivative of output {output:?} by input {input}, element {element:?}: {analytic:e} by \
             the tape, {numeric:e} by differences, relative error {:.1e}",
            self.relative_error()
        )
    }
}

fn others(failed: usize, compared: usize) -> String {
    match failed {
        1 => String::new(),
        _ => format!("; {failed} of {compared} derivatives fail"),
    }
}
