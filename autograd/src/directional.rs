//! Derivatives along a direction, by dual numbers: [`jvp`] and [`hessian_vector_product`].

use crate::kernels::strided::Real;
use crate::{Dual, Matrix, Tape, Var};

/// The value of a function, and its derivative along a direction: f(x) and J ẋ, where J = ∂f/∂x is
/// the Jacobian. One pass forward, and no sweep back.
///
/// `directions` has a matrix ẋ of the shape of each input. `T` is `f32` or `f64`.
///
/// ```
/// use autograd::{Matrix, jvp};
/// let x = [Matrix::<f64>::from([[3.0, 4.0]])];
/// let along = [Matrix::from([[1.0, 0.0]])];
/// let (y, derivative) = jvp(|v| v[0].square().sum().sqrt() * 2.0, &x, &along);
/// assert_eq!(y.view().item(), 10.0); // 2 ‖x‖
/// assert!((derivative.view().item() - 1.2).abs() < 1e-15); // 2 x₀ / ‖x‖
/// ```
///
/// # Panics
/// If there are no inputs, or a direction has not the shape of its input.
#[track_caller]
pub fn jvp<T: Real, F>(
    f: F,
    inputs: &[Matrix<T>],
    directions: &[Matrix<T>],
) -> (Matrix<T>, Matrix<T>)
where
    F: for<'t> FnOnce(&[Var<'t, Dual<T>>]) -> Var<'t, Dual<T>>,
{
    let tape = Tape::new();
    let y = f(&variables("jvp", &tape, inputs, directions));
    let y = y.value().to_matrix();
    (y.values(), y.tangents())
}

/// The gradient of a function of one number, and the gradient's derivative along a direction:
/// ∇f(x) and H ẋ, where H = ∂²f/∂x² is the Hessian of all inputs together, which is never computed.
/// One pass forward and one sweep back, each in dual numbers.
///
/// `direction` has a matrix ẋ of the shape of each input. `T` is `f32` or `f64`.
///
/// The function is written for a tape of [`Dual`] numbers only, as a closure may be. Plain numbers in
/// it stay as they are (`0.5 * v[0]`); a matrix of data becomes one of constants,
/// `m.map(Dual::constant)`. To use it with a tape of plain numbers too, write it over any
/// [`Scalar`](crate::Scalar), `fn error<'t, T: Scalar>(v: &[Var<'t, T>]) -> Var<'t, T>`.
///
/// The largest eigenvalue of a Hessian, by power iteration:
///
/// ```
/// use autograd::{Dual, Matrix, Var, hessian_vector_product};
///
/// // E(x, b) = ½ x A xᵀ + Σ b², whose Hessian has A and 2 on its diagonal.
/// let a = Matrix::from([[3.0, 1.0], [1.0, 3.0]]).map(Dual::constant);
/// let point = [Matrix::from([[0.2, -0.4]]), Matrix::from([[1.0]])];
/// let mut direction = vec![Matrix::from([[1.0, 0.0]]), Matrix::from([[1.0]])];
/// let mut eigenvalue = 0.0;
/// for _ in 0..40 {
///     let (_, product) = hessian_vector_product(
///         |v| {
///             let x_a = v[0].matmul(v[0].tape().constant(a.clone()));
///             0.5 * x_a.matmul_t(v[0]) + v[1].square().sum()
///         },
///         &point,
///         &direction,
///     );
///     eigenvalue = product.iter().map(|m| m.norm().powi(2)).sum::<f64>().sqrt();
///     direction = product.iter().map(|m| m * (1.0 / eigenvalue)).collect();
/// }
/// assert!((eigenvalue - 4.0_f64).abs() < 1e-9);
/// ```
///
/// # Panics
/// If there are no inputs, a direction has not the shape of its input, or the function gives more
/// than one number.
#[track_caller]
pub fn hessian_vector_product<T: Real, F>(
    f: F,
    inputs: &[Matrix<T>],
    direction: &[Matrix<T>],
) -> (Vec<Matrix<T>>, Vec<Matrix<T>>)
where
    F: for<'t> FnOnce(&[Var<'t, Dual<T>>]) -> Var<'t, Dual<T>>,
{
    let tape = Tape::new();
    let variables = variables("hessian_vector_product", &tape, inputs, direction);
    let gradients = f(&variables).backward();
    let gradients = variables.iter().map(|&v| gradients.of(v));
    gradients.map(|g| (g.values(), g.tangents())).unzip()
}

/// A variable for each input, with its direction as its tangent.
#[track_caller]
fn variables<'t, T: Real>(
    name: &str,
    tape: &'t Tape<Dual<T>>,
    inputs: &[Matrix<T>],
    directions: &[Matrix<T>],
) -> Vec<Var<'t, Dual<T>>> {
    assert!(!inputs.is_empty(), "{name} of a function without inputs");
    assert_eq!(
        inputs.len(),
        directions.len(),
        "{name}: each input has a direction"
    );
    let pairs = inputs.iter().zip(directions);
    let dual = |(x, along): (&Matrix<T>, &Matrix<T>)| tape.var(Matrix::dual(x, along));
    pairs.map(dual).collect()
}
