//! The tape as the short typed program that it is.

use std::fmt;

use crate::{NodeInfo, Scalar, Tape};

/// One `let` a line, made by [`Tape::program`]; prints itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    lines: Vec<Line>,
}

/// One node as a line of a program.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Line {
    /// What is known about the node.
    pub node: NodeInfo,
    /// The right side of the `let`: "tanh(z.1)".
    pub expression: String,
}

impl<T: Scalar> Tape<T> {
    /// What has been recorded, as a program.
    ///
    /// ```
    /// # use autograd::{Matrix, Tape};
    /// let tape = Tape::<f64>::new();
    /// let w = tape.var(Matrix::scalar(0.5)).named("W");
    /// let h = tape.constant(Matrix::scalar(1.0)).named("h0");
    /// let _step = tape.step(1);
    /// h.matmul_t(w).tanh().named("h");
    /// assert_eq!(
    ///     tape.program().to_string(),
    ///     "let W: [1, 1] = variable
    /// let h0: [1, 1] = constant
    /// let %2.1: [1, 1] = matmul_t(h0, W)   # t = 1
    /// let h.1: [1, 1] = tanh(%2.1)   # t = 1
    /// "
    /// );
    /// ```
    #[inline(never)]
    pub fn program(&self) -> Program {
        let line = |index| {
            let node = self.info(index);
            let expression = self.expression(&node);
            Line { node, expression }
        };
        Program {
            lines: (0..self.len()).map(line).collect(),
        }
    }

    /// "rows(zx, 4..8)": the operation, its operands by name, and its own arguments.
    fn expression(&self, node: &NodeInfo) -> String {
        if node.parents.is_empty() {
            return node.operation.into();
        }
        let mut arguments: Vec<_> = node.parents.iter().map(|&p| self.info(p).label()).collect();
        arguments.extend(Some(self.arguments(node.index)).filter(|a| !a.is_empty()));
        format!("{}({})", node.operation, arguments.join(", "))
    }
}

impl Program {
    /// The lines, one for each node.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { node, expression } = self;
        write!(f, "let {}: {} = {expression}", node.label(), node.shape)?;
        match node.time {
            Some(t) => write!(f, "   # t = {t}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
