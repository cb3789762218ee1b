//! Functions of two elements: `+ - * /`, with a row vector or a scalar spread over the rows.

use std::sync::Arc;

use super::element::Element;
use super::{Operation, chain};
use crate::kernels::elementwise::{Function, assign, map};
use crate::kernels::reduce;
use crate::pool::unique;
use crate::{Inputs, Matrix, MatrixMut, MatrixView, Pullback, Scalar, Shape, Tape, Var};

/// A function of two elements, y = f(a, b), with its two derivatives.
pub trait Binary<T>: Send + 'static {
    /// The name of the operation.
    const NAME: &'static str;
    /// The derivatives by a and by b as Rust would spell them, to be printed.
    const DERIVATIVES: [&'static str; 2];
    /// The value y.
    fn f(&self, a: T, b: T) -> T;
    /// The derivative ∂y/∂a, in terms of a, b and y.
    fn da(&self, a: T, b: T, y: T) -> T;
    /// The derivative ∂y/∂b, in terms of a, b and y.
    fn db(&self, a: T, b: T, y: T) -> T;
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
            Err("the shapes must be equal, or one operand a row vector or a scalar".into())
        }
    }

    fn forward(&self, inputs: &Inputs<'_, T>, y: MatrixMut<'_, T>) {
        let spread = Spread::new(inputs, y.shape());
        map(spread.operands(), y, false, Value(&self.0));
    }

    fn backward(&self, p: &mut Pullback<'_, '_, '_, T>) {
        let (y, grad, tape) = (p.output(), p.grad(), p.inputs().tape);
        let spread = Spread::new(p.inputs(), y.shape());
        let [a, b] = spread.operands();
        let to_a = |to: MatrixMut<'_, T>, accumulate| {
            gather(tape, y.shape(), to, accumulate, |to, accumulate| {
                map([a, b, y, grad], to, accumulate, ChainA(&self.0));
            });
        };
        let to_b = |to: MatrixMut<'_, T>, accumulate| {
            gather(tape, y.shape(), to, accumulate, |to, accumulate| {
                map([a, b, y, grad], to, accumulate, ChainB(&self.0));
            });
        };
        match B::DERIVATIVES[0] {
            "1.0" => p.pass_on(0, to_a),
            _ => p.send(0, to_a),
        }
        match B::DERIVATIVES[1] {
            "1.0" => p.pass_on(1, to_b),
            _ => p.send(1, to_b),
        }
        spread.give_back(tape);
    }

    fn rule(&self, operand: usize) -> String {
        chain(B::DERIVATIVES[operand])
    }
}

/// Whether an operand of this shape can be spread over one of that shape.
fn spreads(small: Shape, large: Shape) -> bool {
    small == large || (small.rows == 1 && (small.cols == 1 || small.cols == large.cols))
}

/// Two operands brought to one shape. A row vector is read once per row (its stride is 0); a
/// scalar becomes such a row first.
struct Spread<'a, T> {
    values: [MatrixView<'a, T>; 2],
    rows: [Option<Arc<Matrix<T>>>; 2],
    shape: Shape,
}

impl<'a, T: Scalar> Spread<'a, T> {
    fn new(inputs: &Inputs<'a, T>, shape: Shape) -> Self {
        let values = [inputs.value(0), inputs.value(1)];
        let rows = values.map(|x| {
            let is_scalar = x.shape().len() == 1 && shape.cols > 1;
            is_scalar.then(|| {
                let mut row = inputs.tape.take_buffer(Shape::new(1, shape.cols));
                unique(&mut row).data_mut().fill(x.item());
                row
            })
        });
        Spread {
            values,
            rows,
            shape,
        }
    }

    fn operands(&self) -> [MatrixView<'_, T>; 2] {
        std::array::from_fn(|i| {
            let x = self.rows[i]
                .as_ref()
                .map_or(self.values[i], |row| row.view());
            if x.shape() == self.shape {
                x
            } else {
                x.broadcast_row(self.shape.rows)
            }
        })
    }

    fn give_back(self, tape: &Tape<T>) {
        self.rows
            .into_iter()
            .flatten()
            .for_each(|row| tape.give_back(row));
    }
}

/// The way back through a spread: what the rows of an operand receive is summed in the operand.
fn gather<T: Scalar>(
    tape: &Tape<T>,
    shape: Shape,
    mut to: MatrixMut<'_, T>,
    accumulate: bool,
    write: impl FnOnce(MatrixMut<'_, T>, bool),
) {
    if to.shape() == shape {
        return write(to, accumulate);
    }
    let mut row = tape.take_buffer(Shape::new(1, shape.cols));
    let sums = unique(&mut row);
    sums.data_mut().fill(T::ZERO);
    write(sums.view_mut().broadcast_row(shape.rows), true);
    if to.shape() == sums.shape() {
        assign(sums.view(), to, accumulate);
    } else {
        super::put(&mut to.row(0)[0], reduce::sum(sums.data()), accumulate);
    }
    tape.give_back(row);
}

struct Value<'a, B>(&'a B);

impl<T: Scalar, B: Binary<T>> Function<T, 2> for Value<'_, B> {
    #[inline(always)]
    fn call(&self, [a, b]: [T; 2]) -> T {
        self.0.f(a, b)
    }
}

struct ChainA<'a, B>(&'a B);

impl<T: Scalar, B: Binary<T>> Function<T, 4> for ChainA<'_, B> {
    #[inline(always)]
    fn call(&self, [a, b, y, grad]: [T; 4]) -> T {
        grad * self.0.da(a, b, y)
    }
}

struct ChainB<'a, B>(&'a B);

impl<T: Scalar, B: Binary<T>> Function<T, 4> for ChainB<'_, B> {
    #[inline(always)]
    fn call(&self, [a, b, y, grad]: [T; 4]) -> T {
        grad * self.0.db(a, b, y)
    }
}

impl<'t, T: Scalar> Var<'t, T> {
    /// Applies a function to each pair of elements; a row vector is spread over the rows of the
    /// other operand, a scalar over all its elements.
    #[track_caller]
    pub fn apply_with<B: Binary<T>>(self, function: B, other: Self) -> Self {
        self.tape.record(Elementwise(function), &[self, other])
    }
}

macro_rules! binary {
    ($($Name:ident, $method:ident($a:ident, $b:ident, $y:ident): y = $f:expr, da = $da:expr, db = $db:expr;)*) => {$(
        struct $Name;
        #[allow(unused_variables)] // few derivatives need all of these
        impl<T: Scalar> Binary<T> for $Name {
            const NAME: &'static str = stringify!($method);
            const DERIVATIVES: [&'static str; 2] = [stringify!($da), stringify!($db)];
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
        }
        impl<T: Scalar> std::ops::$Name for Var<'_, T> {
            type Output = Self;
            #[track_caller]
            fn $method(self, other: Self) -> Self {
                self.apply_with($Name, other)
            }
        }
    )*};
}

binary! {
    Add, add(a, b, y): y = a + b, da = 1.0, db = 1.0;
    Sub, sub(a, b, y): y = a - b, da = 1.0, db = -1.0;
    Mul, mul(a, b, y): y = a * b, da = b, db = a;
    Div, div(a, b, y): y = a / b, da = 1.0 / b, db = -y / b;
}
