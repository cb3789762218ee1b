//! Functions of each element, one line of a table each.
//!
//! From its line come the operation, its kernel, its reverse rule, the printed rule and the method
//! of [`Var`] that records it.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::element::Element;
use super::formula::Formula;
use crate::kernels::elementwise::map;
use crate::{Dual, Inputs, MatrixMut, Operation, Pullback, Scalar, Shape, Var};

/// A function of one element, y = f(x), with its derivative: the short way to an element-wise
/// operation of your own.
///
/// ```
/// use autograd::{Matrix, Scalar, gradcheck, ops::Unary};
///
/// /// x σ(x), called swish.
/// struct Swish;
///
/// impl<T: Scalar> Unary<T> for Swish {
///     const NAME: &'static str = "swish";
///     fn f(&self, x: T) -> T {
///         x * x.sigmoid()
///     }
///     fn df(&self, x: T, y: T) -> T {
///         y + x.sigmoid() * (T::ONE - y)
///     }
///     fn derivative(&self) -> String {
///         "y + σ(x) ⊙ (1 − y)".into()
///     }
/// }
///
/// gradcheck(|v| v[0].apply(Swish), &[Matrix::from([[-2.0, 0.3], [0.0, 1.5]])]).unwrap();
/// ```
pub trait Unary<T>: Send + 'static {
    /// The name of the operation.
    const NAME: &'static str;
    /// The value y.
    fn f(&self, x: T) -> T;
    /// The derivative dy/dx, in terms of x and y.
    fn df(&self, x: T, y: T) -> T;
    /// The derivative in print: "1 − y²".
    fn derivative(&self) -> String;
    /// What is sent to x, in print: ȳ times the derivative.
    fn rule(&self) -> String {
        format!("ȳ ⊙ ({})", self.derivative())
    }
    /// The numbers that the function was made with, in print.
    fn arguments(&self) -> String {
        String::new()
    }
}

/// A [`Unary`] function as an operation on matrices.
struct Elementwise<U>(U);

impl<T: Scalar, U: Unary<T>> Operation<T> for Elementwise<U> {
    fn name(&self) -> &'static str {
        U::NAME
    }
    fn shape(&self, inputs: &Inputs<'_, T>) -> Result<Shape, String> {
        Ok(inputs.shape(0))
    }
    fn forward(&self, inputs: &Inputs<'_, T>, y: MatrixMut<'_, T>) {
        map(
            [inputs.value(0)],
            y,
            false,
            #[inline(always)]
            |[x]| self.0.f(x),
        );
    }
    fn backward(&self, back: &mut Pullback<'_, T>) {
        let inputs = [back.input(0), back.output(), back.grad()];
        back.send(0, |to| {
            to.map(
                inputs,
                #[inline(always)]
                |[x, y, grad]| grad * self.0.df(x, y),
            )
        });
    }
    fn rule(&self, _: usize) -> String {
        self.0.rule()
    }
    fn arguments(&self) -> String {
        self.0.arguments()
    }
}

impl<'t, T: Scalar> Var<'t, T> {
    /// Applies a function to each element.
    #[track_caller]
    pub fn apply<U: Unary<T>>(self, function: U) -> Self {
        self.tape.record(Elementwise(function), &[self])
    }
}

macro_rules! unary {
    ($($(#[$doc:meta])* $Name:ident, $method:ident($x:ident, $y:ident $(; $p:ident: $pt:ty)*):
       y = $f:expr, dy = $df:expr;)*) => {$(
        struct $Name<T> {
            $($p: $pt,)*
            of: std::marker::PhantomData<T>,
        }
        impl<T: Scalar> Unary<T> for $Name<T> {
            const NAME: &'static str = stringify!($method);
            #[inline(always)]
            fn f(&self, x: T) -> T {
                let $x = Element(x);
                $(let $p = Parameter::element(self.$p);)*
                Element::from($f).0
            }
            #[inline(always)]
            #[allow(unused_variables)] // few derivatives need all of these
            fn df(&self, x: T, y: T) -> T {
                let ($x, $y) = (Element(x), Element(y));
                $(let $p = Parameter::element(self.$p);)*
                Element::from($df).0
            }
            fn derivative(&self) -> String {
                self.formula().to_string()
            }
            fn rule(&self) -> String {
                self.formula().rule()
            }
            fn arguments(&self) -> String {
                let numbers: &[String] = &[$(self.$p.to_string()),*];
                numbers.join(", ")
            }
        }
        impl<T: Scalar> $Name<T> {
            #[allow(unused_variables)] // few derivatives need all of these
            fn formula(&self) -> Formula {
                let ($x, $y) = (&Formula::name("x"), &Formula::name("y"));
                $(let $p = Parameter::formula(self.$p);)*
                Formula::from($df)
            }
        }
        impl<'t, T: Scalar> Var<'t, T> {
            $(#[$doc])*
            #[track_caller]
            pub fn $method(self $(, $p: $pt)*) -> Self {
                self.apply($Name { $($p,)* of: std::marker::PhantomData })
            }
        }
    )*};
}

/// A number that a function of the table was recorded with, as its formulas use it.
trait Parameter {
    type Element;
    type Formula;
    fn element(self) -> Self::Element;
    fn formula(self) -> Self::Formula;
}

impl<T: Scalar> Parameter for T {
    type Element = Element<T>;
    type Formula = Formula;
    #[inline(always)]
    fn element(self) -> Element<T> {
        Element(self)
    }
    fn formula(self) -> Formula {
        Formula::number(self)
    }
}

impl Parameter for i32 {
    type Element = i32;
    type Formula = i32;
    #[inline(always)]
    fn element(self) -> i32 {
        self
    }
    fn formula(self) -> i32 {
        self
    }
}

unary! {
    /// The hyperbolic tangent of each element.
    Tanh, tanh(x, y): y = x.tanh(), dy = 1.0 - y * y;
    /// The logistic function σ(x) = 1 / (1 + e⁻ˣ) of each element.
    Sigmoid, sigmoid(x, y): y = x.sigmoid(), dy = y * (1.0 - y);
    /// The positive part of each element; the derivative at 0 is taken as 0.
    Relu, relu(x, y): y = x.positive_part(), dy = x.positive();
    /// ln(1 + eˣ) of each element, without overflow.
    Softplus, softplus(x, y): y = x.softplus(), dy = x.sigmoid();
    /// eˣ of each element.
    Exp, exp(x, y): y = x.exp(), dy = y;
    /// The natural logarithm of each element.
    Ln, ln(x, y): y = x.ln(), dy = 1.0 / x;
    /// The square root of each element.
    Sqrt, sqrt(x, y): y = x.sqrt(), dy = 0.5 / y;
    /// The square of each element.
    Square, square(x, y): y = x * x, dy = 2.0 * x;
    /// The absolute value of each element; the derivative at 0 is taken as 0.
    Abs, abs(x, y): y = x.abs(), dy = x.sign();
    /// A whole power of each element.
    Powi, powi(x, y; n: i32): y = x.powi(n), dy = x.powi_derivative(n);
    /// Each element kept within bounds; the derivative is 1 within and on them, 0 beyond.
    Clamp, clamp(x, y; low: T; high: T): y = x.max(low).min(high), dy = x.within(low, high);
    /// −x.
    Negate, negate(x, y): y = -x, dy = -1.0;
    /// x + c, also written with an operator.
    Shift, shift(x, y; c: T): y = x + c, dy = 1.0;
    /// c x, also written with an operator.
    Scale, scale(x, y; c: T): y = x * c, dy = c;
    /// c − x, also written with an operator.
    ReverseSub, sub_from(x, y; c: T): y = c - x, dy = -1.0;
    /// c / x, also written with an operator.
    ReverseDiv, div_into(x, y; c: T): y = c / x, dy = -y / x;
}

impl<T: Scalar> Neg for Var<'_, T> {
    type Output = Self;
    #[track_caller]
    fn neg(self) -> Self {
        self.negate()
    }
}

macro_rules! with_number {
    ($($Trait:ident $method:ident: $record:ident($c:ident) = $number:expr, reversed $reversed:ident;)*) => {$(
        impl<T: Scalar> $Trait<T> for Var<'_, T> {
            type Output = Self;
            #[track_caller]
            fn $method(self, $c: T) -> Self {
                self.$record($number)
            }
        }
        with_number!(@reverse $Trait $method $reversed f32);
        with_number!(@reverse $Trait $method $reversed f64);
        with_number!(@dual $Trait $method $reversed f32);
        with_number!(@dual $Trait $method $reversed f64);
    )*};
    // A formula with numbers in it reads the same with dual numbers.
    (@dual $Trait:ident $method:ident $reversed:ident $t:ident) => {
        impl $Trait<$t> for Var<'_, Dual<$t>> {
            type Output = Self;
            #[track_caller]
            fn $method(self, c: $t) -> Self {
                $Trait::$method(self, Dual::constant(c))
            }
        }
        impl<'t> $Trait<Var<'t, Dual<$t>>> for $t {
            type Output = Var<'t, Dual<$t>>;
            #[track_caller]
            fn $method(self, x: Var<'t, Dual<$t>>) -> Var<'t, Dual<$t>> {
                $Trait::$method(Dual::constant(self), x)
            }
        }
        with_number!(@reverse $Trait $method $reversed Dual<$t>);
    };
    (@reverse $Trait:ident $method:ident $reversed:ident $t:ty) => {
        impl<'t> $Trait<Var<'t, $t>> for $t {
            type Output = Var<'t, $t>;
            #[track_caller]
            fn $method(self, x: Var<'t, $t>) -> Var<'t, $t> {
                x.$reversed(self)
            }
        }
    };
}

with_number! {
    Add add: shift(c) = c, reversed shift;
    Sub sub: shift(c) = -c, reversed sub_from;
    Mul mul: scale(c) = c, reversed scale;
    Div div: scale(c) = T::ONE / c, reversed div_into;
}
