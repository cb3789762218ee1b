//! One element of any scalar type, with which the tables spell their formulas: `1.0 - y * y`.

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::Scalar;

/// A scalar that mixes with float literals.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Element<T>(pub T);

impl<T: Scalar> From<f64> for Element<T> {
    #[inline(always)]
    fn from(x: f64) -> Self {
        Element(T::from_f64(x))
    }
}

macro_rules! arithmetic {
    ($($Trait:ident $method:ident $op:tt;)*) => {$(
        impl<T: Scalar> $Trait for Element<T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Element(self.0 $op other.0)
            }
        }
        impl<T: Scalar> $Trait<f64> for Element<T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: f64) -> Self {
                Element(self.0 $op T::from_f64(other))
            }
        }
        impl<T: Scalar> $Trait<Element<T>> for f64 {
            type Output = Element<T>;
            #[inline(always)]
            fn $method(self, other: Element<T>) -> Element<T> {
                Element(T::from_f64(self) $op other.0)
            }
        }
    )*};
}

arithmetic! {
    Add add +;
    Sub sub -;
    Mul mul *;
    Div div /;
}

impl<T: Scalar> Neg for Element<T> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Element(-self.0)
    }
}

impl<T: Scalar> PartialEq<f64> for Element<T> {
    #[inline(always)]
    fn eq(&self, other: &f64) -> bool {
        self.0 == T::from_f64(*other)
    }
}

impl<T: Scalar> PartialOrd<f64> for Element<T> {
    #[inline(always)]
    fn partial_cmp(&self, other: &f64) -> Option<Ordering> {
        self.0.partial_cmp(&T::from_f64(*other))
    }
}

macro_rules! functions {
    ($($name:ident)*) => {$(
        #[inline(always)]
        pub fn $name(self) -> Self {
            Element(self.0.$name())
        }
    )*};
}

impl<T: Scalar> Element<T> {
    functions!(tanh sigmoid softplus exp ln sqrt abs);

    #[inline(always)]
    pub fn powi(self, n: i32) -> Self {
        Element(self.0.powi(n))
    }

    /// The derivative n xⁿ⁻¹ of a power; that of x⁰ is 0 at 0 too, where x⁻¹ is infinite.
    #[inline(always)]
    pub fn powi_derivative(self, n: i32) -> Self {
        if n == 0 {
            0.0.into()
        } else {
            f64::from(n) * self.powi(n - 1)
        }
    }

    /// The number if it is positive, and 0 if not, with no tangent; NaN stays NaN.
    #[inline(always)]
    pub fn positive_part(self) -> Self {
        if self <= 0.0 { 0.0.into() } else { self }
    }

    /// 1 if it is positive, 0 if not.
    #[inline(always)]
    pub fn positive(self) -> Self {
        if self > 0.0 { 1.0 } else { 0.0 }.into()
    }

    /// −1, 0 or 1.
    #[inline(always)]
    pub fn sign(self) -> Self {
        let negative = if self < 0.0 { -1.0 } else { 0.0 };
        if self > 0.0 { 1.0 } else { negative }.into()
    }

    /// 1 within the bounds and on them, 0 beyond.
    #[inline(always)]
    pub fn within(self, low: Self, high: Self) -> Self {
        if self < low || self > high { 0.0 } else { 1.0 }.into()
    }

    /// ln(eᵃ + eᵇ), without overflow; of −∞ and b it is b.
    #[inline(always)]
    pub fn log_add_exp(self, other: Self) -> Self {
        let gap = other.minus(self);
        if gap > 0.0 {
            other + (-gap).softplus()
        } else {
            self + gap.softplus()
        }
    }

    /// The share of eᵃ in eᵃ + eᵇ: σ(a − b).
    #[inline(always)]
    pub fn share(self, other: Self) -> Self {
        self.minus(other).sigmoid()
    }

    /// The difference of two logarithms, which is 0 of −∞ and −∞.
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        let difference = self - other;
        if self == other && difference.0.is_nan() {
            0.0.into()
        } else {
            difference
        }
    }

    /// The larger of two; NaN if this is NaN.
    #[inline(always)]
    pub fn max(self, other: impl Into<Self>) -> Self {
        let other = other.into();
        if self.0 < other.0 { other } else { self }
    }

    /// The smaller of two; NaN if this is NaN.
    #[inline(always)]
    pub fn min(self, other: impl Into<Self>) -> Self {
        let other = other.into();
        if self.0 > other.0 { other } else { self }
    }
}
