//! Every kernel against a plain sum in f64 and against `matrixmultiply`, by every set of
//! instructions that this machine has, at sizes around every edge of tiles, blocks and pieces.

use std::sync::Arc;

use super::*;
use crate::MatrixView;
use crate::kernels::operands::{Left, RightOfRow, Start};
use crate::kernels::simd::Lanes;
use crate::kernels::strided::{Real, StridedMut};
use crate::{Matrix, Shape};

fn instruction_sets() -> Vec<Arch> {
    #[allow(unused_mut)]
    let mut sets = vec![Arch::Scalar];
    #[cfg(target_arch = "x86_64")]
    {
        sets.extend(pulp::x86::V3::try_new().map(Arch::V3));
        sets.extend(pulp::x86::V4::try_new().map(Arch::V4));
    }
    #[cfg(target_arch = "aarch64")]
    sets.extend(pulp::aarch64::Neon::try_new().map(Arch::Neon));
    sets
}

/// A matrix amid NaN: whatever reads beside it shows.
struct Amid<T>(Matrix<T>, Shape);

impl<T: Real> Amid<T> {
    fn new(rows: usize, cols: usize, f: impl Fn(usize, usize) -> T) -> Self {
        let mut whole = Matrix::filled(rows + 2, cols + 3, T::from_f64(f64::NAN));
        for r in 0..rows {
            for c in 0..cols {
                whole[(r + 1, c + 2)] = f(r, c);
            }
        }
        Amid(whole, Shape::new(rows, cols))
    }

    fn view(&self) -> MatrixView<'_, T> {
        self.0.rows(1..1 + self.1.rows).cols(2..2 + self.1.cols)
    }

    fn view_mut(&mut self) -> MatrixMut<'_, T> {
        let all = self.0.view_mut();
        all.rows(1..1 + self.1.rows).cols(2..2 + self.1.cols)
    }

    /// What there is now; nothing beside it may have been written.
    fn result(&self) -> Matrix<T> {
        let outside = self.0.shape().len() - self.1.len();
        let nan = self.0.data().iter().filter(|x| x.is_nan()).count();
        let inside = self.view().iter().filter(|x| x.is_nan()).count();
        assert_eq!(nan - inside, outside, "written beside the result");
        self.view().to_matrix()
    }
}

/// Numbers of either sign and no pattern that a wrong index would meet again.
fn wave<T: Scalar>(k: usize) -> impl Fn(usize, usize) -> T {
    move |r, c| T::from_f64((0.3 + (r * 37 + c * 101 + k) as f64).sin())
}

/// A product, and what it is to a plain sum.
struct Case<T> {
    a: Amid<T>,
    b: Amid<T>,
    d: Amid<T>,
    /// A B.
    product: Matrix<f64>,
    /// |A| |B|, which rounding errors are relative to.
    magnitude: Matrix<f64>,
    /// A B by matrixmultiply.
    peer: Matrix<f64>,
}

impl<T: Real> Case<T> {
    fn new(m: usize, k: usize, n: usize) -> Self {
        let (a, b, d) = (Amid::new(m, k, wave(1)), Amid::new(k, n, wave(2)), wave(3));
        let mut peer = Matrix::zeros(m, n);
        let to = StridedMut::from(peer.view_mut());
        T::gemm(a.view().into(), b.view().into(), false, to);
        let (x, y) = (a.view().to_matrix(), b.view().to_matrix().transpose());
        let sum = |f: fn(f64) -> f64| {
            Matrix::from_fn(m, n, |r, c| {
                let pairs = x.view().row(r).iter().zip(y.view().row(c));
                pairs.map(|(&x, &y)| f(x.to_f64() * y.to_f64())).sum()
            })
        };
        let (product, magnitude) = (sum(|x| x), sum(f64::abs));
        let case = Case {
            a,
            b,
            d: Amid::new(m, n, d),
            product,
            magnitude,
            peer: Matrix::from_fn(m, n, |r, c| peer[(r, c)].to_f64()),
        };
        case.check("matrixmultiply", &peer, |_, _| 0.0);
        case
    }

    /// Each of k products and k sums rounds once, at most, and so does adding to D; the sum in f64
    /// that they are held against may be off by as much again.
    fn check(&self, what: &str, c: &Matrix<T>, d: impl Fn(usize, usize) -> f64) {
        let k = self.a.1.cols;
        let epsilon = match T::NAME {
            "f32" => f64::from(f32::EPSILON), // twice the largest relative error of rounding
            _ => f64::EPSILON,
        };
        for r in 0..c.row_count() {
            for j in 0..c.col_count() {
                let found = c[(r, j)].to_f64();
                let bound = (k + 2) as f64 * epsilon * (self.magnitude[(r, j)] + d(r, j).abs());
                for exact in [self.product[(r, j)], self.peer[(r, j)]] {
                    let exact = exact + d(r, j);
                    assert!(
                        (found - exact).abs() <= bound,
                        "{what}: element {:?} of {} {}: {found} instead of {exact}",
                        (r, j),
                        self.a.1,
                        self.b.1
                    );
                }
            }
        }
    }
}

fn packed<T: Real>(width: usize, capacity: usize, n: usize) -> Packed<T> {
    let size = Packed::<T>::size(width, capacity, n);
    let buffer = Matrix::filled(1, size, T::from_f64(f64::NAN));
    Packed::empty(Arc::new(buffer), width, capacity, n)
}

/// What there is to start from, as a name with a number for each element.
const STARTS: [&str; 4] = ["zero", "C", "D", "a row of D"];

fn check_shape<T: Real>(m: usize, k: usize, n: usize) {
    let case = Case::<T>::new(m, k, n);
    let (a, b, d) = (case.a.view(), case.b.view(), case.d.view());
    check_gathered(&case);
    let (a_t, b_t) = (a.to_matrix().transpose(), b.to_matrix().transpose());
    let rounded = b.to_matrix().map(round);
    for arch in instruction_sets() {
        let layout = Layout::of::<T>(arch);
        let mut by_rows = packed(layout.cols, k + 1, n);
        if k > 1 {
            by_rows.push_rows(b.rows(0..k / 2));
        }
        by_rows.push_rows(b.rows(k / 2..k));
        let mut by_cols = packed(layout.cols, k, n);
        if k > 1 {
            by_cols.push_cols(b_t.cols(0..k / 2));
        }
        by_cols.push_cols(b_t.cols(k / 2..k));
        let mut strips = packed(layout.rows, k + 2, m);
        strips.push_rows(a_t.view());
        for start_from in STARTS {
            let start = |row: std::ops::Range<usize>| match start_from {
                "zero" => Start::Zero,
                "C" => Start::Accumulate,
                "D" => Start::From(d.rows(row)),
                _ => Start::From(d.rows(0..1).broadcast_row(row.len())),
            };
            let added = |r: usize, c: usize| match start_from {
                "zero" => 0.0,
                "a row of D" => d[(0, c)].to_f64(),
                _ => d[(r, c)].to_f64(),
            };
            // What is there before is NaN unless it is to be added to.
            let before = |r: usize, c: usize| match start_from {
                "C" => d[(r, c)],
                _ => T::from_f64(f64::NAN),
            };
            let mut results = Vec::new();
            for (a, b) in [
                (Left::Rows(a), &by_rows),
                (Left::Rows(a), &by_cols),
                (Left::Strips(&strips), &by_rows),
            ] {
                let mut c = Amid::new(m, n, before);
                gemm::multiply(arch, a, b, start(0..m), c.view_mut());
                results.push(c.result());
            }
            case.check(&format!("{arch:?} from {start_from}"), &results[0], added);
            assert!(
                results[1] == results[0] && results[2] == results[0],
                "{arch:?}: the layout of an operand changes the result"
            );
            // One row is computed to the bit as it is among others.
            let last = m - 1;
            for b in [RightOfRow::Plain(b), RightOfRow::Panels(&by_cols)] {
                let mut y = Amid::new(1, n, |_, c| before(last, c));
                gemv::multiply(arch, a.row(last), b, start(last..m), y.view_mut());
                assert!(
                    y.result() == results[0].rows(last..m).to_matrix(),
                    "{arch:?} from {start_from}: row {last} of [{m}, {k}] [{k}, {n}] alone"
                );
            }
            // And with half the bits of B as with a B that has been rounded.
            let alone = |b| {
                let mut y = Amid::new(1, n, |_, c| before(last, c));
                gemv::multiply(arch, a.row(last), b, start(last..m), y.view_mut());
                y.result()
            };
            assert!(
                alone(RightOfRow::Halves(
                    &by_cols.halves(|len| Arc::new(Matrix::zeros(1, len)))
                )) == alone(RightOfRow::Plain(rounded.view())),
                "{arch:?} from {start_from}: row {last} of [{m}, {k}] [{k}, {n}] with half the bits"
            );
        }
    }
}

/// The nearest number of so many binary digits behind the first as an element of half the bits has.
fn round<T: Real>(x: T) -> T {
    let digits = if T::NAME == "f32" { 7 } else { 20 };
    let x = x.to_f64();
    let last = 2f64.powi(x.abs().log2().floor() as i32 - digits);
    T::from_f64((x / last).round_ties_even() * last)
}

#[test]
fn halves_of_any_number() {
    let half = |x: f32| f32::from_bits(f32::pair(x, 0.0).to_bits() << 16);
    for x in [
        0.0,
        -0.0,
        1.0,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MIN_POSITIVE,
    ] {
        assert_eq!(half(x).is_sign_negative(), x.is_sign_negative(), "{x}");
        assert!(
            (half(x) - x).abs() <= x.abs() / 128.0 || half(x) == x,
            "{x}: {}",
            half(x)
        );
    }
    assert_eq!(half(1.0 + 1.0 / 256.0), 1.0, "to the even one");
    assert_eq!(
        half(1.0 + 3.0 / 256.0),
        1.0 + 4.0 / 256.0,
        "to the even one"
    );
    assert_eq!(half(f32::MAX), f32::INFINITY);
    assert!(half(f32::NAN).is_nan());
    assert!(
        half(f32::from_bits(0x7f80_0001)).is_nan(),
        "of the lower bits alone"
    );
}

/// Rows that have not been laid out go to matrixmultiply, split over threads.
fn check_gathered<T: Real>(case: &Case<T>) {
    let a = case.a.view().to_matrix().transpose();
    let (b, d) = (case.b.view(), case.d.view());
    let product = |start, before: &dyn Fn(usize, usize) -> T| {
        let mut c = Amid::new(d.row_count(), d.col_count(), before);
        multiply_gathered(a.view(), b, start, c.view_mut());
        c.result()
    };
    let nan = |_, _| T::from_f64(f64::NAN);
    let alone = product(Start::Zero, &nan);
    assert_eq!(alone.map(T::to_f64), case.peer, "threads change a bit");
    let added = |r, c| d[(r, c)].to_f64();
    let accumulated = product(Start::Accumulate, &|r, c| d[(r, c)]);
    case.check("added to C", &accumulated, added);
    case.check("from D", &product(Start::From(d), &nan), added);
}

fn check_shapes(m: &[usize], k: &[usize], n: &[usize]) {
    for &m in m {
        for &k in k {
            for &n in n {
                check_shape::<f32>(m, k, n);
                check_shape::<f64>(m, k, n);
            }
        }
    }
}

/// Tiles have 1, 2, 4, 6, 8 or 12 rows and two registers of 1 to 16 elements; products of one row
/// have eight registers side by side.
#[test]
fn around_the_edges_of_tiles() {
    let rows = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 23, 25];
    let cols = [
        1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129,
    ];
    check_shapes(&rows, &[1, 2, 5], &cols);
    check_shapes(&[1], &[1, 16, 17, 18], &cols);
}

/// With many steps, a block of A ends after 72, or 12, rows.
#[test]
fn around_the_edges_of_blocks() {
    check_shapes(&[71, 72, 73, 145], &[1000], &[3]);
    check_shapes(&[12, 13, 25], &[5500], &[33]);
}

/// Work is halved by rows from 2²¹ multiplications on, and that of one row by columns from 2¹⁹ on.
#[test]
fn around_the_edges_of_threads_pieces() {
    check_shapes(&[23, 24, 25, 49], &[300], &[301]);
    check_shapes(&[1], &[2100], &[255, 256, 257, 385]);
    // Of matrixmultiply from 2²⁰ multiplications on.
    check_shapes(&[31, 32, 33], &[300], &[110]);
}
