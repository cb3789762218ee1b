//! The element type: `f32` to train, `f64` to check, dual numbers for higher derivatives. Everything
//! above is generic over it.

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::kernels::math;
use crate::kernels::product::Multiply;

/// A number that matrices are made of: [`f32`], [`f64`], or a [`Dual`](crate::Dual) number over one of
/// them.
///
/// `f32` functions are vectorisable approximations, accurate to a few units in the last place;
/// `f64` ones are the standard library's, because gradients are checked with them.
#[allow(missing_docs)] // each method is the function of its name
pub trait Scalar:
    Multiply
    + Copy
    + Debug
    + Default
    + Display
    + PartialEq
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Sum
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
{
    const ZERO: Self;
    const ONE: Self;
    const INFINITY: Self;
    /// The name of the type in a checkpoint or an error: "f32", "f64", "dual f64".
    const NAME: &'static str;
    /// Whether a number carries a derivative with it.
    const HAS_TANGENT: bool = false;

    /// The nearest number of this type, as a constant.
    fn from_f64(x: f64) -> Self;
    /// The value. A tangent is dropped: what has gone through `f64` and back is a constant.
    fn to_f64(self) -> f64;
    /// The same number as a constant: without its tangent, if it has one.
    #[inline(always)]
    fn detached(self) -> Self {
        self
    }
    fn exp(self) -> Self;
    fn ln(self) -> Self;
    fn tanh(self) -> Self;
    /// The logistic function σ(x) = 1 / (1 + e⁻ˣ).
    fn sigmoid(self) -> Self;
    /// ln(1 + eˣ), without overflow.
    fn softplus(self) -> Self;
    fn sqrt(self) -> Self;
    fn abs(self) -> Self;
    fn powi(self, n: i32) -> Self;
    fn is_finite(self) -> bool;
    fn is_nan(self) -> bool;
}

macro_rules! scalar {
    ($t:ident, $exp:path, $tanh:path, $sigmoid:path) => {
        impl Scalar for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const INFINITY: Self = $t::INFINITY;
            const NAME: &'static str = stringify!($t);

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn exp(self) -> Self {
                $exp(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                $t::ln(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                $tanh(self)
            }
            #[inline(always)]
            fn sigmoid(self) -> Self {
                $sigmoid(self)
            }
            #[inline(always)]
            fn softplus(self) -> Self {
                let positive = if self > 0.0 { self } else { 0.0 };
                positive + $t::ln_1p($t::exp(-$t::abs(self)))
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $t::sqrt(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $t::abs(self)
            }
            #[inline(always)]
            fn powi(self, n: i32) -> Self {
                $t::powi(self, n)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $t::is_finite(self)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                $t::is_nan(self)
            }
        }
    };
}

scalar!(f32, math::exp, math::tanh, math::sigmoid);
scalar!(f64, f64::exp, f64::tanh, sigmoid_f64);

fn sigmoid_f64(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
