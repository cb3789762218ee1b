//! [`Dual`]: a number with its derivative along a direction.

use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::kernels::strided::Real;
use crate::{Matrix, Scalar};

/// A dual number, x + ẋ ε with ε² = 0: a value with its derivative along a direction, the tangent.
///
/// Whatever is computed with dual numbers computes its own derivative beside its value: for a smooth
/// function f, f(x + ẋ ε) = f(x) + f′(x) ẋ ε. As dual numbers are a [`Scalar`], a tape of them runs
/// every operation and every rule as they are, and knows derivatives that have no rule of their own:
///
/// - on the way forward, the tangent of a result is its derivative along the direction that the
///   tangents of the inputs give: J ẋ, see [`jvp`](crate::jvp);
/// - on the way back, the tangent of a gradient is its derivative along that direction, the product
///   of the Hessian with it: H ẋ, see [`hessian_vector_product`](crate::hessian_vector_product).
///   (B. A. Pearlmutter, "Fast exact multiplication by the Hessian", 1994.)
///
/// ```
/// use autograd::{Dual, Matrix, Tape};
///
/// let tape = Tape::<Dual<f64>>::new();
/// let x = tape.var(Matrix::scalar(Dual::new(2.0, 1.0)));
/// let y = x.powi(3);
/// assert_eq!(y.value().item().tangent, 12.0); // dy/dx = 3 x²
/// let gradient = y.backward().of(x)[(0, 0)];
/// assert_eq!((gradient.value, gradient.tangent), (12.0, 12.0)); // d²y/dx² = 6 x
/// ```
///
/// # What is the same, and what is not
///
/// Values are computed as without tangents: element-wise functions, sums, losses and all that moves
/// elements give the same bits as a tape of `f64` (or of `f32`). Products of matrices go to another
/// kernel and agree with it to rounding.
///
/// The gradient of an LSTM takes 1.2 times as long as with `f64` for 4 units and a batch of one, and
/// about 3 times for 64 or 128 units and a batch of 32: a product of dual numbers is three of numbers.
///
/// Two dual numbers are equal if their values are, and are ordered by them: a branch that a function
/// takes is the one that it takes on the values. Where it has a kink, the tangent is that of the
/// branch taken; every operation here takes the one that its derivative takes.
///
/// # What an operation of your own has to heed
///
/// Written for any scalar (`impl<T: Scalar> Unary<T> for Swish`) with arithmetic and the functions
/// of [`Scalar`], it has tangents by itself. [`Scalar::to_f64`] drops the tangent: a function that
/// goes through `f64` and back is a constant to dual numbers, and its derivatives are silently zero.
/// The same goes for numbers that a rule takes from elsewhere than its operands.
/// [`gradcheck_second_order`](crate::gradcheck_second_order) finds both.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Dual<T> {
    /// The number, x.
    pub value: T,
    /// Its derivative along the direction, ẋ.
    pub tangent: T,
}

impl<T> Dual<T> {
    /// value + tangent ε.
    #[inline(always)]
    pub const fn new(value: T, tangent: T) -> Self {
        Dual { value, tangent }
    }
}

impl<T: Real> Dual<T> {
    /// A number that does not change along the direction: its tangent is zero.
    #[inline(always)]
    pub const fn constant(value: T) -> Self {
        Dual::new(value, T::ZERO)
    }

    /// f(x) with the tangent f′(x) ẋ.
    #[inline(always)]
    fn chain(self, value: T, slope: T) -> Self {
        Dual::new(value, slope * self.tangent)
    }
}

impl<T: Real> Matrix<Dual<T>> {
    /// The dual numbers of these values and tangents.
    ///
    /// ```
    /// use autograd::{Dual, Matrix};
    /// let x = Matrix::dual(&Matrix::from([[1.0, 2.0]]), &Matrix::from([[0.0, 1.0]]));
    /// assert_eq!(x[(0, 1)].tangent, 1.0);
    /// assert_eq!(x.values(), Matrix::from([[1.0, 2.0]]));
    /// assert_eq!(x.tangents(), Matrix::from([[0.0, 1.0]]));
    /// ```
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn dual(values: &Matrix<T>, tangents: &Matrix<T>) -> Self {
        let (shape, other) = (values.shape(), tangents.shape());
        assert_eq!(shape, other, "values {shape} with tangents {other}");
        let element = |r, c| Dual::new(values[(r, c)], tangents[(r, c)]);
        Self::from_fn(shape.rows, shape.cols, element)
    }

    /// The values alone.
    pub fn values(&self) -> Matrix<T> {
        self.map(|x| x.value)
    }

    /// The tangents alone.
    pub fn tangents(&self) -> Matrix<T> {
        self.map(|x| x.tangent)
    }
}

/// Equal in value.
impl<T: PartialEq> PartialEq for Dual<T> {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// By value.
impl<T: PartialOrd> PartialOrd for Dual<T> {
    #[inline(always)]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

/// As `2.5+1ε`, with the formatter's precision.
impl<T: fmt::Display> fmt::Display for Dual<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dual { value, tangent } = self;
        match f.precision() {
            Some(digits) => write!(f, "{value:.digits$}{tangent:+.digits$}ε"),
            None => write!(f, "{value}{tangent:+}ε"),
        }
    }
}

impl<T: Real> Add for Dual<T> {
    type Output = Self;
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Dual::new(self.value + b.value, self.tangent + b.tangent)
    }
}

impl<T: Real> Sub for Dual<T> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Dual::new(self.value - b.value, self.tangent - b.tangent)
    }
}

impl<T: Real> Mul for Dual<T> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        let tangent = self.value * b.tangent + self.tangent * b.value;
        Dual::new(self.value * b.value, tangent)
    }
}

impl<T: Real> Div for Dual<T> {
    type Output = Self;
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        let y = self.value / b.value;
        Dual::new(y, (self.tangent - y * b.tangent) / b.value)
    }
}

impl<T: Real> Neg for Dual<T> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Dual::new(-self.value, -self.tangent)
    }
}

macro_rules! assign {
    ($($Trait:ident $method:ident $op:tt;)*) => {$(
        impl<T: Real> $Trait for Dual<T> {
            #[inline(always)]
            fn $method(&mut self, b: Self) {
                *self = *self $op b;
            }
        }
    )*};
}

assign! {
    AddAssign add_assign +;
    SubAssign sub_assign -;
    MulAssign mul_assign *;
    DivAssign div_assign /;
}

impl<T: Real> Sum for Dual<T> {
    #[inline(always)]
    fn sum<I: Iterator<Item = Self>>(xs: I) -> Self {
        let nothing: T = std::iter::empty().sum(); // it is −0, which changes no bit of a sum
        xs.fold(Dual::new(nothing, nothing), |sum, x| sum + x)
    }
}

impl<T: Real> Scalar for Dual<T> {
    const ZERO: Self = Dual::constant(T::ZERO);
    const ONE: Self = Dual::constant(T::ONE);
    const INFINITY: Self = Dual::constant(T::INFINITY);
    const NAME: &'static str = T::DUAL_NAME;
    const HAS_TANGENT: bool = true;

    #[inline(always)]
    fn from_f64(x: f64) -> Self {
        Dual::constant(T::from_f64(x))
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self.value.to_f64()
    }
    #[inline(always)]
    fn detached(self) -> Self {
        Dual::constant(self.value)
    }
    #[inline(always)]
    fn exp(self) -> Self {
        let y = self.value.exp();
        self.chain(y, y)
    }
    #[inline(always)]
    fn ln(self) -> Self {
        self.chain(self.value.ln(), T::ONE / self.value)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        let y = self.value.tanh();
        self.chain(y, T::ONE - y * y)
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        let y = self.value.sigmoid();
        self.chain(y, y * (T::ONE - y))
    }
    #[inline(always)]
    fn softplus(self) -> Self {
        self.chain(self.value.softplus(), self.value.sigmoid())
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        let y = self.value.sqrt();
        self.chain(y, T::from_f64(0.5) / y)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        let slope = match self.value.partial_cmp(&T::ZERO) {
            Some(Ordering::Greater) => T::ONE,
            Some(Ordering::Less) => -T::ONE,
            _ => T::ZERO,
        };
        self.chain(self.value.abs(), slope)
    }
    #[inline(always)]
    fn powi(self, n: i32) -> Self {
        let slope = match n {
            0 => T::ZERO, // at 0 too
            _ => T::from_f64(f64::from(n)) * self.value.powi(n - 1),
        };
        self.chain(self.value.powi(n), slope)
    }
    #[inline(always)]
    fn is_finite(self) -> bool {
        self.value.is_finite() && self.tangent.is_finite()
    }
    /// By value, like a comparison.
    #[inline(always)]
    fn is_nan(self) -> bool {
        self.value.is_nan()
    }
}
