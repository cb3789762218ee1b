//! How a nested formula is written: as text and as LaTeX.

use std::fmt;

use super::NestedFormula;
use crate::inspect::show;
use crate::{Matrix, NodeInfo, Scalar};

/// The most elements that a matrix is written out with.
const READABLE: usize = 36;

/// What differs between text and LaTeX.
struct Script {
    times: &'static str,
    open: &'static str,
    close: &'static str,
    name: fn(&NodeInfo, bool) -> String,
    /// ∂a/∂b, or ∂⁺a/∂b.
    derivative: fn(&str, &str, bool) -> String,
    matrix: fn(&Matrix<f64>) -> String,
    /// The factor I ⊗ a.
    identity_times: &'static str,
}

const TEXT: Script = Script {
    times: " · ",
    open: " (",
    close: ")",
    name: text_name,
    derivative: |a, b, immediate| format!("∂{}{a}/∂{b}", if immediate { "⁺" } else { "" }),
    matrix: text_matrix,
    identity_times: "I ⊗ ",
};

const LATEX: Script = Script {
    times: " \\cdot ",
    open: " \\left(",
    close: "\\right)",
    name: latex_name,
    derivative: |a, b, immediate| {
        let plus = if immediate { "^{+}" } else { "" };
        format!("\\frac{{\\partial{plus} {a}}}{{\\partial {b}}}")
    },
    matrix: latex_matrix,
    identity_times: "I \\otimes ",
};

/// The factors of a formula, written out.
struct Factors {
    direct: Option<String>,
    head: String,
    jacobians: Vec<String>,
    immediate: Vec<String>,
}

impl Factors {
    /// head (immediate_T + jacobian_T (… immediate_0)).
    fn nest(&self, script: &Script, times: &str) -> String {
        let Script { open, close, .. } = script;
        let mut inner = self.immediate.first().cloned().unwrap_or_default();
        let mut single = true;
        let apply = |factor: &str, inner: &str, single: bool| match single {
            true => format!("{factor}{times}{inner}"),
            false => format!("{factor}{open}{inner}{close}"),
        };
        for (immediate, jacobian) in self.immediate.iter().skip(1).zip(&self.jacobians) {
            inner = format!("{immediate} + {}", apply(jacobian, &inner, single));
            single = false;
        }
        let nested = (!inner.is_empty()).then(|| apply(&self.head, &inner, single));
        let terms: Vec<_> = self.direct.iter().cloned().chain(nested).collect();
        match terms.is_empty() {
            true => "0".into(),
            false => terms.join(" + ").replace("+ -", "- "),
        }
    }
}

impl<T: Scalar> NestedFormula<T> {
    /// Whether the states play no part: the parameter is used by the error alone.
    fn is_direct(&self) -> bool {
        let mut elements = self.immediate.iter().flat_map(Matrix::data);
        elements.all(|&x| x == T::ZERO)
    }

    fn symbols(&self, script: &Script) -> Factors {
        let Script {
            name, derivative, ..
        } = script;
        let states: Vec<_> = self.states.iter().map(|s| state_name(script, s)).collect();
        let (error, parameter) = (name(&self.error, false), name(&self.parameter, false));
        let last = states.last().cloned().unwrap_or_default();
        let pairs = states.iter().zip(states.iter().skip(1));
        let immediate = states.iter().map(|s| derivative(s, &parameter, true));
        let shown = !self.is_direct();
        Factors {
            direct: self
                .direct
                .as_ref()
                .map(|_| derivative(&error, &parameter, true)),
            head: derivative(&error, &last, false),
            jacobians: pairs
                .map(|(before, s)| derivative(s, before, false))
                .collect(),
            immediate: immediate.filter(|_| shown).collect(),
        }
    }

    fn numbers(&self, script: &Script) -> Factors {
        let write = |m: &Matrix<T>| (script.matrix)(&in_f64(m));
        let immediate = self
            .immediate
            .iter()
            .map(|m| self.write_immediate(script, m));
        let shown = !self.is_direct();
        Factors {
            direct: self.direct.as_ref().map(write),
            head: write(&self.head),
            jacobians: self.jacobians.iter().map(write).collect(),
            immediate: immediate.filter(|_| shown).collect(),
        }
    }

    /// ∂⁺h_t/∂U, in short where each element of the state depends on its own row of U alone, and
    /// all in the same way: I ⊗ x_tᵀ.
    fn write_immediate(&self, script: &Script, m: &Matrix<T>) -> String {
        let m = in_f64(m);
        let (n, cols) = (self.parameter.shape.rows, self.parameter.shape.cols);
        let row = Matrix::from_fn(1, cols, |_, c| m[(0, c)]);
        let expected = |i: usize, jc: usize| {
            if jc / cols == i {
                row[(0, jc % cols)]
            } else {
                0.0
            }
        };
        let is_short = n > 1 && m.row_count() == n && m == Matrix::from_fn(n, n * cols, expected);
        match is_short {
            true => format!("{}{}", script.identity_times, (script.matrix)(&row)),
            false => (script.matrix)(&m),
        }
    }

    fn is_readable(&self) -> bool {
        let mut all = self.immediate.iter().chain(&self.jacobians);
        all.all(|m| m.shape().len() <= READABLE)
    }

    fn is_scalar(&self) -> bool {
        let mut all = self
            .immediate
            .iter()
            .chain(&self.jacobians)
            .chain([&self.head]);
        all.all(|m| m.shape().len() == 1)
    }

    /// The formula with its numbers as LaTeX, for a formula of its own: `$$…$$`.
    pub fn latex(&self) -> String {
        let symbols = self.symbols(&LATEX).nest(&LATEX, " ");
        let (error, parameter) = (
            latex_name(&self.error, false),
            latex_name(&self.parameter, false),
        );
        let left = (LATEX.derivative)(&error, &parameter, false);
        let value = latex_matrix(&in_f64(&self.value()));
        let numbers = match (self.is_scalar(), self.is_readable()) {
            (true, _) => format!(
                "&= {} \\\\\n",
                self.numbers(&LATEX).nest(&LATEX, LATEX.times)
            ),
            (_, true) => format!("&= {} \\\\\n", self.numbers(&LATEX).nest(&LATEX, "\\, ")),
            _ => String::new(),
        };
        format!(
            "\\begin{{aligned}}\n{left} &= {symbols} \\\\\n{numbers}&= {value}\n\\end{{aligned}}"
        )
    }

    /// Displays the formula in a notebook.
    pub fn evcxr_display(&self) {
        show("text/latex", &format_args!("$${}$$", self.latex()), self);
    }
}

/// The formula, its numbers, and what it comes to. Matrices that are too large to stand within it are
/// listed below.
impl<T: Scalar> fmt::Display for NestedFormula<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (error, parameter) = (
            text_name(&self.error, false),
            text_name(&self.parameter, false),
        );
        let left = (TEXT.derivative)(&error, &parameter, false);
        let indent = " ".repeat(left.chars().count());
        let (symbols, numbers) = (self.symbols(&TEXT), self.numbers(&TEXT));
        writeln!(f, "{left} = {}", symbols.nest(&TEXT, " "))?;
        let value = text_matrix(&in_f64(&self.value()));
        if self.is_scalar() {
            writeln!(f, "{indent} = {}", numbers.nest(&TEXT, TEXT.times))?;
            return write!(f, "{indent} = {value}");
        }
        writeln!(f, "{indent} = {value}, where")?;
        let direct = symbols.direct.iter().zip(&numbers.direct);
        let jacobians = symbols.jacobians.iter().zip(&numbers.jacobians);
        let immediate = symbols.immediate.iter().zip(&numbers.immediate);
        let head = [(&symbols.head, &numbers.head)].into_iter();
        let all = direct
            .chain(head.filter(|_| !self.is_direct()))
            .chain(jacobians.rev());
        let lines: Vec<_> = all
            .chain(immediate.rev())
            .map(|(symbol, number)| format!("  {symbol} = {number}"))
            .collect();
        write!(f, "{}", lines.join("\n"))
    }
}

fn in_f64<T: Scalar>(m: &Matrix<T>) -> Matrix<f64> {
    Matrix::from_fn(m.row_count(), m.col_count(), |r, c| m[(r, c)].to_f64())
}

/// h_2, or (h_2, c_2); with scopes where the names alone are the same.
fn state_name(script: &Script, state: &[NodeInfo]) -> String {
    let names = |whole| state.iter().map(move |s| (script.name)(s, whole));
    let mut short: Vec<_> = names(false).collect();
    let same = |i: usize| short[i + 1..].contains(&short[i]);
    if (0..short.len()).any(same) {
        short = names(true).collect();
    }
    match short.len() {
        1 => short.swap_remove(0),
        _ => format!("({})", short.join(", ")),
    }
}

/// "h", or "lstm1/h".
fn plain_name(node: &NodeInfo, whole: bool) -> String {
    let name = node
        .name
        .map_or_else(|| format!("%{}", node.index), str::to_string);
    match whole && !node.scope.is_empty() {
        true => format!("{}/{name}", node.scope),
        false => name,
    }
}

fn text_name(node: &NodeInfo, whole: bool) -> String {
    let digits = node.time.map_or_else(String::new, |t| t.to_string());
    let lowered = digits
        .bytes()
        .map(|d| char::from_u32(0x2080 + u32::from(d - b'0')));
    plain_name(node, whole) + &lowered.flatten().collect::<String>()
}

fn latex_name(node: &NodeInfo, whole: bool) -> String {
    let plain = plain_name(node, whole);
    let is_letter = plain.len() == 1 && plain.chars().all(|c| c.is_ascii_alphabetic());
    let name = match is_letter {
        true => plain,
        false => format!("\\text{{{}}}", latex_text(&plain)),
    };
    match node.time {
        Some(t) => format!("{name}_{{{t}}}"),
        None => name,
    }
}

/// A text within `\text{…}`. What has a meaning in LaTeX or, as formulas are put into pages, in HTML
/// is replaced by what looks like it.
fn latex_text(text: &str) -> String {
    let look_alike = |c| match c {
        '\\' => '∖',
        '{' => '❴',
        '}' => '❵',
        '$' => '＄',
        '&' => '＆',
        '#' => '＃',
        '%' => '％',
        '^' => 'ˆ',
        '_' => 'ˍ',
        '~' => '∼',
        '<' => '‹',
        '>' => '›',
        '"' | '\'' | '`' => '′',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(look_alike).collect()
}

/// A number with four digits, without zeros at its end.
fn number(x: f64) -> String {
    if x != 0.0 && (x.abs() < 1e-3 || x.abs() >= 1e6) {
        return format!("{x:.3e}");
    }
    let digits = format!("{x:.4}");
    digits
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_string()
}

fn text_matrix(m: &Matrix<f64>) -> String {
    if m.shape().len() == 1 {
        return number(m.data()[0]);
    }
    if m.shape().len() > READABLE {
        return m.to_string().replace('\n', "");
    }
    let row = |r| {
        m.view()
            .row(r)
            .iter()
            .map(|&x| number(x))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let rows: Vec<_> = (0..m.row_count()).map(row).collect();
    format!("[{}]", rows.join("; "))
}

fn latex_matrix(m: &Matrix<f64>) -> String {
    let number = |&x: &f64| match number(x).split_once('e') {
        Some((digits, power)) => format!("{digits} \\cdot 10^{{{power}}}"),
        None => number(x),
    };
    if m.shape().len() == 1 {
        return number(&m.data()[0]);
    }
    if m.shape().len() > READABLE {
        return format!("\\text{{a matrix {}}}", m.shape());
    }
    let row = |r| {
        m.view()
            .row(r)
            .iter()
            .map(number)
            .collect::<Vec<_>>()
            .join(" & ")
    };
    let rows: Vec<_> = (0..m.row_count()).map(row).collect();
    format!("\\begin{{pmatrix}}{}\\end{{pmatrix}}", rows.join(" \\\\ "))
}
