//! Dual numbers: every operation on a tape of them, forward and back.
#![allow(clippy::eq_op)] // the same node as both operands is what some functions are about

use autograd::ops::Unary;
use autograd::ops::table::{Function, operations};
use autograd::{
    Dual, Matrix, Scalar, SecondOrderError, Shape, Tape, Var, gradcheck_second_order,
    hessian_vector_product, jvp,
};

type D = Dual<f64>;

/// Numbers of either sign, none of them near another or near a kink.
fn wave(k: usize, rows: usize, cols: usize) -> Matrix<f64> {
    Matrix::from_fn(rows, cols, |r, c| {
        let x = (0.7 * (r * cols + c) as f64 + k as f64).sin() * 1.3;
        x + 0.1 * x.signum()
    })
}

fn positive(k: usize, rows: usize, cols: usize) -> Matrix<f64> {
    wave(k, rows, cols).map(|x| x.abs() + 0.3)
}

fn constant<'t, T: Scalar>(v: Var<'t, T>, f: impl Fn(usize, usize) -> f64) -> Var<'t, T> {
    let Shape { rows, cols } = v.value().shape();
    v.tape()
        .constant(Matrix::from_fn(rows, cols, |r, c| T::from_f64(f(r, c))))
}

/// The values of a function and of its gradients from some seed.
fn run<T: Scalar>(f: Function<T>, inputs: &[Matrix<T>]) -> Vec<Matrix<T>> {
    let tape = Tape::new();
    let v: Vec<_> = inputs.iter().map(|x| tape.var(x.clone())).collect();
    let y = f(&v);
    let seed = wave(99, y.row_count(), y.col_count()).map(T::from_f64);
    let gradients = y.backward_from(&seed);
    let gradients = v.iter().map(|&v| gradients.of(v));
    std::iter::once(y.value().to_matrix())
        .chain(gradients)
        .collect()
}

/// That all values are those of a tape of `f64`: the same bits, but for products, which go to another
/// kernel, and are the same to rounding.
fn has_the_values_of_f64(name: &str, plain: Function<f64>, dual: Function<D>, x: &[Matrix<f64>]) {
    let along = |(k, x): (usize, &Matrix<f64>)| wave(40 + k, x.row_count(), x.col_count());
    let duals = x.iter().enumerate().map(|x| Matrix::dual(x.1, &along(x)));
    let has_products = ["matmul", "recompute"].iter().any(|p| name.contains(p));
    for (plain, dual) in run(plain, x)
        .iter()
        .zip(run(dual, &duals.collect::<Vec<_>>()))
    {
        let difference = plain.max_abs_diff(&dual.values());
        let mut pairs = plain.data().iter().zip(dual.data());
        let agree = match has_products {
            true => difference < 1e-12,
            false => pairs.all(|(x, y)| x.to_bits() == y.value.to_bits()),
        };
        assert!(agree, "{name}: values are off by {difference:e}");
    }
}

#[test]
fn every_operation_has_the_values_of_f64_and_second_derivatives() {
    for (plain, dual) in operations().iter().zip(operations::<D>()) {
        let inputs = plain.inputs(3, 4, 5);
        has_the_values_of_f64(plain.name, plain.function, dual.function, &inputs);
        // Squared, so that what is linear has some.
        let second = gradcheck_second_order(|v| (dual.function)(v).square(), &inputs);
        assert!(second.is_ok(), "{plain}: {}", second.unwrap_err());
    }
}

/// Functions on other shapes, and of several operations.
macro_rules! functions {
    ($($name:literal, [$($input:expr),*], |$v:ident| $y:expr;)*) => {$({
        fn f<'t, T: Scalar>($v: &[Var<'t, T>]) -> Var<'t, T> { $y }
        let inputs = [$($input),*];
        has_the_values_of_f64($name, f, f, &inputs);
        if let Err(error) = gradcheck_second_order(f, &inputs) {
            panic!("{}: {error}", $name);
        }
    })*};
}

#[test]
#[rustfmt::skip] // a table
fn functions_have_the_values_of_f64_and_second_derivatives() {
    let x = || wave(1, 3, 4);
    functions! {
        "row / matrix * scalar", [positive(1, 3, 4), wave(3, 1, 4), wave(4, 1, 1)], |v| v[1] / v[0] * v[2];
        "x / x", [positive(1, 3, 4)], |v| v[0] / v[0] * v[0];
        "matmul_t twice", [x(), wave(2, 5, 4)], |v| v[0].matmul_t(v[1]) + v[0].tanh().matmul_t(v[1]);
        "matmul of rows enough", [wave(1, 9, 4), wave(2, 4, 3)], |v| v[0].matmul(v[1]).tanh();
        "matmul of one row", [wave(1, 1, 7), wave(2, 7, 3)], |v| v[0].matmul(v[1]).tanh();
        "matmul_t of one row", [wave(1, 1, 7), wave(2, 3, 7)], |v| v[0].matmul_t(v[1]).tanh();
        "matmul_t of the same", [x()], |v| v[0].matmul_t(v[0]);
        "matmul_t by a weight at several steps", [wave(1, 3, 3), wave(2, 3, 3)], |v| {
            (0..4).fold(v[0], |h, _| (h.matmul_t(v[1]) * T::from_f64(0.3) + v[0]).tanh())
        };
        "views", [x(), wave(2, 3, 4)], |v| {
            let rows = Var::concat_rows(&[v[1], v[0].exp()]).rows(2..5).cols(1..4);
            Var::concat_cols(&[v[0].transpose().gather_rows(&[1, 1, 3]), rows]).square()
        };
        "infinite logits", [x()], |v| {
            let masked = constant(v[0], |_, c| if c == 2 { f64::NEG_INFINITY } else { 0.0 });
            (v[0] + masked).softmax() + (v[0] + masked).cross_entropy(&[0, 3, 1])
        };
    }
}

#[test]
fn tangents_are_cut_where_gradients_are() {
    fn cut<'t, T: Scalar>(v: &[Var<'t, T>]) -> Var<'t, T> {
        v[0].detach() * v[0] + v[0].square().detach()
    }
    fn weighted<'t, T: Scalar>(v: &[Var<'t, T>]) -> Var<'t, T> {
        v[0].cross_entropy_weighted(&[0, 3, 1], v[1])
    }
    fn masked<'t, T: Scalar>(v: &[Var<'t, T>]) -> Var<'t, T> {
        v[0].dropout(v[1], 0.5) + v[0].select(v[1], v[0])
    }
    let x = wave(1, 3, 4);
    // d/dx of detach(x) x + detach(x²) is detach(x), which has no derivative itself.
    let along = [wave(5, 3, 4)];
    let (value, tangent) = jvp(cut, std::slice::from_ref(&x), &along);
    assert_eq!(value, x.map(|x| x * x + x * x));
    assert_eq!(
        tangent,
        Matrix::from_fn(3, 4, |r, c| x[(r, c)] * along[0][(r, c)])
    );
    let (gradient, product) =
        hessian_vector_product(|v| cut(v).sum(), std::slice::from_ref(&x), &along);
    assert_eq!((&gradient[0], product[0].norm()), (&x, 0.0));
    type F = for<'t> fn(&[Var<'t, D>]) -> Var<'t, D>;
    for (f, second) in [
        (weighted as F, positive(6, 3, 1)),
        (masked as F, wave(6, 3, 4)),
    ] {
        let zeros = Matrix::zeros(3, 4);
        let along = wave(7, second.row_count(), second.col_count());
        let (_, tangent) = jvp(f, &[x.clone(), second.clone()], &[zeros, along]);
        assert_eq!(
            tangent.norm(),
            0.0,
            "a tangent of weights or of a mask counts"
        );
    }
}

/// At a kink the tangent is that of the branch whose derivative the rule takes; where a function is
/// infinitely steep, both are infinite; far out nothing is lost to an overflow.
#[test]
fn kinks_have_one_derivative_on_both_ways() {
    macro_rules! agree {
        ($($x:expr, |$v:ident| $y:expr;)*) => {$(
            let x: Matrix<f64> = Matrix::from([$x]);
            let one = x.map(|_| 1.0);
            let (_, forward) = jvp(|$v| $y, std::slice::from_ref(&x), std::slice::from_ref(&one));
            let zero = x.map(|_| 0.0);
            let (reverse, _) = hessian_vector_product(|$v| $y.sum(), &[x], &[zero]);
            assert_eq!(forward, reverse[0], "{}", stringify!($y));
        )*};
    }
    agree! {
        [0.0, 1.0, -1.0], |v| v[0].relu();
        [0.0, 1.0, -1.0], |v| v[0].abs();
        [0.5, 1.0, 2.0], |v| v[0].clamp(Dual::constant(0.5), Dual::constant(1.0));
        [0.0, 1.0], |v| v[0].powi(0);
        [0.0, 1.0], |v| v[0].powi(1);
        [0.0, 2.0], |v| v[0].powi(2);
        [0.0, 1.0], |v| v[0].powi(-1);
        [0.0, 1.0], |v| v[0].sqrt();
        [0.0, 1.0], |v| v[0].ln();
        [800.0, -800.0], |v| v[0].exp();
        [800.0, -800.0], |v| v[0].sigmoid() + v[0].tanh() + v[0].softplus();
    }
    // Where two classes are as good as equal, or equal.
    type F = for<'t> fn(&[Var<'t, D>]) -> Var<'t, D>;
    let functions: [F; 2] = [|v| v[0].cross_entropy(&[2]), |v| v[0].row_max()];
    let close = f64::from_bits(1e-3_f64.to_bits() + 1);
    for logits in [
        vec![1e-3, close, -2.0],
        vec![close, 1e-3, -2.0],
        vec![0.0, -0.0, 0.0],
        vec![0.0; 20],
    ] {
        for (f, c) in functions.into_iter().flat_map(|f| [(f, 0), (f, 1), (f, 2)]) {
            let x = [Matrix::from_fn(1, logits.len(), |_, i| logits[i])];
            let along = [Matrix::from_fn(1, logits.len(), |_, i| {
                f64::from(u8::from(i == c))
            })];
            let (_, forward) = jvp(f, &x, &along);
            let (reverse, _) = hessian_vector_product(f, &x, &along);
            let difference = forward.view().item() - reverse[0][(0, c)];
            assert!(
                difference.abs() < 1e-15,
                "class {c} of {logits:?}: {difference:e}"
            );
        }
    }
}

#[test]
fn a_lost_tangent_and_a_wrong_one_are_found() {
    /// sin x by way of f64, in its value or in its derivative.
    struct Sin {
        value: bool,
    }
    impl<T: Scalar> Unary<T> for Sin {
        const NAME: &'static str = "sin";
        fn f(&self, x: T) -> T {
            let y = T::from_f64(x.to_f64().sin());
            if self.value {
                return y;
            }
            // sin(a) = sin(x) + (a − x) cos(x) along the direction: right to the first order.
            y + (x - x.detached()) * T::from_f64(x.to_f64().cos())
        }
        fn df(&self, x: T, _: T) -> T {
            T::from_f64(x.to_f64().cos())
        }
        fn derivative(&self) -> String {
            "cos(x)".into()
        }
    }
    let x = [wave(1, 2, 2)];
    let outcome = gradcheck_second_order(|v| v[0].apply(Sin { value: true }), &x);
    assert!(
        matches!(outcome, Err(SecondOrderError::Forward { .. })),
        "{outcome:?}"
    );
    let outcome = gradcheck_second_order(|v| v[0].apply(Sin { value: false }), &x);
    assert!(
        matches!(outcome, Err(SecondOrderError::Mismatch(_))),
        "{outcome:?}"
    );
}

#[test]
fn a_jump_of_the_gradient_is_recognised() {
    let outcome = gradcheck_second_order(|v| v[0].relu(), &[Matrix::from([[1.0, 1e-5]])]);
    assert!(
        matches!(outcome, Err(SecondOrderError::Jump(e)) if e.by_element == (0, 1)),
        "{outcome:?}"
    );
}

#[test]
fn single_precision_has_second_derivatives_too() {
    let x = [wave(1, 5, 6), wave(2, 7, 6)];
    let along = [wave(3, 5, 6), wave(4, 7, 6)];
    fn f<'t, T: Scalar>(v: &[Var<'t, T>]) -> Var<'t, T> {
        v[0].matmul_t(v[1]).tanh().square().mean()
    }
    let (_, exact) = hessian_vector_product(f, &x, &along);
    let single = |m: &[Matrix<f64>]| m.iter().map(|m| m.map(|x| x as f32)).collect::<Vec<_>>();
    let (_, product) = hessian_vector_product(f, &single(&x), &single(&along));
    for (exact, product) in exact.iter().zip(&product) {
        let difference = product.map(f64::from).max_abs_diff(exact);
        assert!(difference < 1e-6, "{difference:e}");
    }
}

/// Above the sizes where products are split, and where they go from a plain loop to another kernel.
#[test]
fn large_products_are_those_of_their_parts() {
    for (m, k, n) in [
        (1, 300, 40),
        (5, 30, 40),
        (6, 30, 40),
        (70, 300, 65),
        (300, 90, 64),
    ] {
        let (a, b) = (wave(1, m, k), wave(2, n, k));
        let (da, db) = (wave(3, m, k), wave(4, n, k));
        let tape = Tape::<D>::new();
        let product = tape
            .constant(Matrix::dual(&a, &da))
            .matmul_t(tape.constant(Matrix::dual(&b, &db)));
        let product = product.value().to_matrix();
        let plain = |a: &Matrix<f64>, b: &Matrix<f64>| {
            let tape = Tape::<f64>::new();
            let (a, b) = (tape.constant(a.clone()), tape.constant(b.clone()));
            a.matmul_t(b).value().to_matrix()
        };
        // k terms of size up to 2, each rounded twice.
        let bound = 8.0 * k as f64 * f64::EPSILON * 2.0;
        assert!(product.values().max_abs_diff(&plain(&a, &b)) < bound);
        let tangent = plain(&a, &db) + plain(&da, &b);
        assert!(
            product.tangents().max_abs_diff(&tangent) < 2.0 * bound,
            "{m} {k} {n}"
        );
    }
}

#[test]
fn numbers_are_compared_and_printed() {
    let (a, b) = (D::new(1.0, 2.0), D::new(1.0, -3.0));
    assert!(a == b && a <= b && b < D::constant(1.5));
    assert_eq!(format!("{a} {b:.2}"), "1+2ε 1.00-3.00ε");
    assert_eq!(D::NAME, "dual f64");
    assert!(!D::new(1.0, f64::NAN).is_finite() && !D::new(1.0, f64::NAN).is_nan());
    assert_eq!(a.detached().tangent, 0.0);
    let tape = Tape::<D>::new();
    let x = tape.var(Matrix::scalar(a));
    let y = (1.0 - (2.0 * x + 3.0) / 4.0) * 0.5 + 8.0 / x - x / 2.0;
    assert_eq!(y.value().item(), D::constant(-0.125 + 8.0 - 0.5));
    assert_eq!(y.value().item().tangent, 2.0 * (-0.25 - 8.0 - 0.5));
}
