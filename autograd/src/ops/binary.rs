//! Functions of two elements: `+ - * /` and `log_add_exp`, with a row vector, a column vector or a
//! scalar spread over the other operand.

use std::iter::Sum;
use std::ops::AddAssign;

use super::element::Element;
use super::formula::Formula;
use super::spread::{Spread, spreads};
use crate::kernels::elementwise::map;
use crate::{Inputs, MatrixMut, Operation, Pullback, Scalar, Shape, Sink, Var};

/// A function of two elements, y = f(a, b), with its two derivatives.
pub trait Binary<T>: Send + 'static {
    /// The name of the operation.
    const NAME: &'static str;
    /// The value y.
    fn f(&self, a: T, b: T) -> T;
    /// The derivative ∂y/∂a, in terms of a, b and y.
    fn da(&self, a: T, b: T, y: T) -> T;
    /// The derivative ∂y/∂b, in terms of a, b and y.
    fn db(&self, a: T, b: T, y: T) -> T;
    /// The derivatives by a and by b in print: "1 / b".
    fn derivatives(&self) -> [String; 2];
    /// What is sent to a and to b, in print: ȳ times the derivative.
    fn rules(&self) -> [String; 2] {
        self.derivatives().map(|d| format!("ȳ ⊙ ({d})"))
    }
    /// Whether the derivatives are 1 whatever a and b are: then ȳ is passed on as it is.
    fn passes_on(&self) -> [bool; 2] {
        [false; 2]
    }
}

/// A [`Binary`] function as an operation on matrices.
struct Elementwise<B>(B);

impl<T: Scalar, B: Binary<T>> Operation<T> for Elementwise<B> {
    fn name(&self) -> &'static str {
        B::NAME
    }

    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        let (a, b) = (inputs.shape(0), inputs.shape(1));
        if spreads(b, a) {
            Ok(a)
        } else if spreads(a, b) {
            Ok(b)
        } else {
            let spread = "a row vector, a column vector or a scalar";
            Err(format!("the shapes must be equal, or one operand {spread}"))
        }
    }

    fn forward(&self, inputs: &Inputs<'_, T>, mut y: MatrixMut<'_, T>) {
        let spread = Spread::new(inputs, y.shape());
        spread.each_part(|rows, operands| {
            let y = y.reborrow().rows(rows);
            map(
                operands,
                y,
                false,
                #[inline(always)]
                |[a, b]| self.0.f(a, b),
            );
        });
    }

    fn backward(&self, back: &mut Pullback<'_, T>) {
        let (y, grad) = (back.output(), back.grad());
        let spread = Spread::new(back.inputs(), y.shape());
        let to_a = |to: Sink<'_, T>| {
            spread.send(to, |rows, [a, b], to| {
                let inputs = [a, b, y.rows(rows.clone()), grad.rows(rows)];
                to.map(
                    inputs,
                    #[inline(always)]
                    |[a, b, y, grad]| grad * self.0.da(a, b, y),
                );
            });
        };
        let to_b = |to: Sink<'_, T>| {
            spread.send(to, |rows, [a, b], to| {
                let inputs = [a, b, y.rows(rows.clone()), grad.rows(rows)];
                to.map(
                    inputs,
                    #[inline(always)]
                    |[a, b, y, grad]| grad * self.0.db(a, b, y),
                );
            });
        };
        match self.0.passes_on()[0] {
            true => back.pass_on(0, to_a),
            false => back.send(0, to_a),
        }
        match self.0.passes_on()[1] {
            true => back.pass_on(1, to_b),
            false => back.send(1, to_b),
        }
    }

    fn rule(&self, operand: usize) -> String {
        self.0.rules()[operand].clone()
    }
}

impl<'t, T: Scalar> Var<'t, T> {
    /// Applies a function to each pair of elements; a row vector is spread over the rows of the
    /// other operand, a column vector over its columns, a scalar over all its elements.
    #[track_caller]
    pub fn apply_with<B: Binary<T>>(self, function: B, other: Self) -> Self {
        self.tape.record(Elementwise(function), &[self, other])
    }
}

/// Whether a derivative of the table is the number 1.
trait IsOne {
    fn is_one(&self) -> bool;
}

impl IsOne for f64 {
    #[inline(always)]
    fn is_one(&self) -> bool {
        *self == 1.0
    }
}

impl<T> IsOne for Element<T> {
    #[inline(always)]
    fn is_one(&self) -> bool {
        false // it depends on the operands
    }
}

macro_rules! binary {
    ($($Name:ident, $method:ident($a:ident, $b:ident, $y:ident): y = $f:expr, da = $da:expr, db = $db:expr;)*) => {$(
        struct $Name;
        #[allow(unused_variables)] // few derivatives need all of these
        impl<T: Scalar> Binary<T> for $Name {
            const NAME: &'static str = stringify!($method);
            #[inline(always)]
            fn f(&self, a: T, b: T) -> T {
                let ($a, $b) = (Element(a), Element(b));
                Element::from($f).0
            }
            #[inline(always)]
            fn da(&self, a: T, b: T, y: T) -> T {
                let ($a, $b, $y) = (Element(a), Element(b), Element(y));
                Element::from($da).0
            }
            #[inline(always)]
            fn db(&self, a: T, b: T, y: T) -> T {
                let ($a, $b, $y) = (Element(a), Element(b), Element(y));
                Element::from($db).0
            }
            fn derivatives(&self) -> [String; 2] {
                self.formulas().map(|formula| formula.to_string())
            }
            fn rules(&self) -> [String; 2] {
                self.formulas().map(|formula| formula.rule())
            }
            #[inline(always)]
            fn passes_on(&self) -> [bool; 2] {
                let [$a, $b, $y] = [Element(T::ZERO); 3];
                [$da.is_one(), $db.is_one()]
            }
        }
        impl $Name {
            #[allow(unused_variables)] // few derivatives need all of these
            fn formulas(&self) -> [Formula; 2] {
                let [$a, $b, $y] = &["a", "b", "y"].map(Formula::name);
                [Formula::from($da), Formula::from($db)]
            }
        }
    )*};
}

binary! {
    Add, add(a, b, y): y = a + b, da = 1.0, db = 1.0;
    Sub, sub(a, b, y): y = a - b, da = 1.0, db = -1.0;
    Mul, mul(a, b, y): y = a * b, da = b, db = a;
    Div, div(a, b, y): y = a / b, da = 1.0 / b, db = -y / b;
    LogAddExp, log_add_exp(a, b, y): y = a.log_add_exp(b), da = a.share(b), db = b.share(a);
}

macro_rules! operators {
    ($($Name:ident $method:ident;)*) => {$(
        impl<T: Scalar> std::ops::$Name for Var<'_, T> {
            type Output = Self;
            #[track_caller]
            fn $method(self, other: Self) -> Self {
                self.apply_with($Name, other)
            }
        }
    )*};
}

operators! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
}

impl<T: Scalar> Var<'_, T> {
    /// ln(eᵃ + eᵇ) of each pair of elements, without overflow: the sum of two numbers that are given by
    /// their logarithms. −∞ is the logarithm of 0; of two such, each has half of the derivative.
    #[track_caller]
    pub fn log_add_exp(self, other: Self) -> Self {
        self.apply_with(LogAddExp, other)
    }
}

/// `sum += x` records a sum and makes `sum` the handle to it.
impl<T: Scalar> AddAssign for Var<'_, T> {
    #[track_caller]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// The sum of some nodes, such as the errors of all steps.
///
/// # Panics
/// If there are none: of what tape would the sum be?
impl<T: Scalar> Sum for Var<'_, T> {
    fn sum<I: Iterator<Item = Self>>(nodes: I) -> Self {
        nodes
            .reduce(|sum, x| sum + x)
            .expect("a sum of at least one node")
    }
}
