//! How values, gradients and events look in a notebook.

use std::fmt;

use super::html::{self, escape, escape_lines};
use super::text::write_aligned;
use super::{Event, Program, Sent, show};
use crate::{Gradients, Matrix, Scalar, Var};

impl<T: Scalar> Matrix<T> {
    /// Displays the matrix in a notebook.
    pub fn evcxr_display(&self) {
        show("text/html", &html::matrix(self.view()), self);
    }
}

impl<T: Scalar> Var<'_, T> {
    /// Displays the node with its value in a notebook.
    pub fn evcxr_display(&self) {
        let (info, shape) = (self.info(), self.shape());
        let html = format!(
            "<p>{}: {shape}</p>{}",
            escape(&info.to_string()),
            html::matrix(self.value())
        );
        show("text/html", &html, &format_args!("{self:?}"));
    }
}

/// The gradients of all variables: shape, norm and the numbers.
impl<T: Scalar> fmt::Display for Gradients<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["variable", "shape", "norm", "gradient"].map(String::from);
        let line = |(label, gradient): (String, Matrix<T>)| {
            let norm = format!("{:.4e}", gradient.norm());
            vec![
                label,
                gradient.shape().to_string(),
                norm,
                gradient.to_string().replace("\n", ""),
            ]
        };
        let lines: Vec<_> = self.of_variables().map(line).collect();
        write_aligned(f, &head, &lines)
    }
}

impl<T: Scalar> Gradients<'_, T> {
    /// The variables that have received a gradient, by name.
    fn of_variables(&self) -> impl Iterator<Item = (String, Matrix<T>)> {
        let tape = self.tape();
        let node = |index| {
            let var = tape.node(index);
            let info = var.info();
            let is_variable = info.parents.is_empty() && info.needs_gradient;
            let gradient = self.get(var).filter(|_| is_variable)?;
            Some((info.label(), gradient.to_matrix()))
        };
        (0..tape.len()).filter_map(node)
    }

    /// Displays the gradients of all variables in a notebook.
    pub fn evcxr_display(&self) {
        let row = |(label, gradient): (String, Matrix<T>)| {
            let (label, shape, norm) = (escape(&label), gradient.shape(), gradient.norm());
            let numbers = html::matrix(gradient.view());
            format!(
                "<tr><td>{label}</td><td>{shape}</td><td>{norm:.4e}</td><td>{numbers}</td></tr>"
            )
        };
        let rows: String = self.of_variables().map(row).collect();
        let head = "<tr><th>variable</th><th>shape</th><th>norm</th><th>gradient</th></tr>";
        show(
            "text/html",
            &format_args!("<table>{head}{rows}</table>"),
            self,
        );
    }
}

impl Program {
    /// Displays the program in a notebook.
    pub fn evcxr_display(&self) {
        let text = self.to_string();
        show(
            "text/html",
            &format_args!("<pre>{}</pre>", escape_lines(&text)),
            self,
        );
    }
}

impl<T: Scalar> Event<T> {
    /// The event as HTML: the node, its gradient, and what it sends by which rule.
    pub fn html(&self) -> String {
        let sent = |sent: &Sent<T>| {
            let (to, update) = (escape(&sent.to.label()), escape(&sent.update));
            let part = html::matrix(sent.contribution.view());
            let total = html::matrix(sent.total.view());
            format!(
                "<tr><td colspan=\"2\">to <b>{to}</b>: {update}</td></tr>\
                 <tr><td>contribution</td><td>{part}</td></tr>\
                 <tr data-to=\"{}\"><td>in all so far</td><td class=\"total\">{total}</td></tr>",
                sent.to.index
            )
        };
        let rows: String = self.sent.iter().map(sent).collect();
        let node = escape(&self.node.to_string());
        let gradient = html::matrix(self.gradient.view());
        format!(
            "<p><b>{node}</b> has its gradient ȳ</p>{gradient}<p>and sends</p><table>{rows}</table>"
        )
    }

    /// Displays the event in a notebook.
    pub fn evcxr_display(&self) {
        show("text/html", &self.html(), self);
    }
}
