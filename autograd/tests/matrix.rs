//! Matrices off the tape: arithmetic, conversions, what they print as, and what they refuse.

use std::panic::{AssertUnwindSafe, catch_unwind};

use autograd::{Matrix, Scalar, Tape};
use proptest::prelude::*;

/// A matrix of any size and any numbers, NaN and infinities among them.
fn any_matrix<T: Scalar>(
    numbers: impl Strategy<Value = T> + Clone,
) -> impl Strategy<Value = Matrix<T>> {
    (1..8_usize, 1..8_usize).prop_flat_map(move |(rows, cols)| {
        let elements = prop::collection::vec(numbers.clone(), rows * cols);
        elements.prop_map(move |data| Matrix::from_vec(rows, cols, data).unwrap())
    })
}

/// Two matrices of one shape.
fn pairs() -> impl Strategy<Value = (Matrix<f64>, Matrix<f64>)> {
    any_matrix(-9.0..9.0_f64).prop_flat_map(|a| {
        let elements = prop::collection::vec(-9.0..9.0_f64, a.shape().len());
        elements.prop_map(move |data| {
            let b = Matrix::from_vec(a.row_count(), a.col_count(), data).unwrap();
            (a.clone(), b)
        })
    })
}

/// What a compiler makes of `Matrix::from([[…], […]])`.
fn evaluate<T: Scalar>(source: &str, number: impl Fn(&str) -> Option<T>) -> Option<Matrix<T>> {
    let source = source.split_whitespace().collect::<String>();
    let rows = source
        .strip_prefix("Matrix::from([[")?
        .strip_suffix("]])")?;
    let row = |row: &str| row.split(',').map(&number).collect::<Option<Vec<T>>>();
    let rows = rows.split("],[").map(row).collect::<Option<Vec<_>>>()?;
    Matrix::try_from(rows).ok()
}

macro_rules! literal {
    ($t:ident) => {
        |text: &str| match text {
            concat!(stringify!($t), "::NAN") => Some($t::NAN),
            concat!(stringify!($t), "::INFINITY") => Some($t::INFINITY),
            concat!(stringify!($t), "::NEG_INFINITY") => Some($t::NEG_INFINITY),
            // A literal without a point or an exponent is an integer.
            _ if !text.contains(['.', 'e']) => None,
            _ => text.parse::<$t>().ok(),
        }
    };
}

macro_rules! same_bits {
    ($a:expr, $b:expr) => {
        $a.shape() == $b.shape()
            && $a
                .data()
                .iter()
                .zip($b.data())
                .all(|(x, y)| x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan()))
    };
}

fn message(f: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(f)).unwrap_err();
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

proptest! {
    #[test]
    fn what_debug_prints_is_the_matrix_to_the_bit(m in any_matrix(any::<f64>()), small in any_matrix(any::<f32>())) {
        for source in [format!("{m:?}"), format!("{m:#?}"), format!("{:?}", m.view())] {
            let again = evaluate(&source, literal!(f64));
            prop_assert!(again.is_some_and(|again| same_bits!(again, m)), "{source}");
        }
        let source = format!("{small:?}");
        let again = evaluate(&source, literal!(f32));
        prop_assert!(again.is_some_and(|again| same_bits!(again, small)), "{source}");
    }

    #[test]
    fn nested_vectors_go_in_and_come_out(m in any_matrix(-9.0..9.0_f64)) {
        let rows: Vec<Vec<f64>> = m.row_iter().map(<[f64]>::to_vec).collect();
        prop_assert_eq!(&Vec::from(m.clone()), &rows);
        prop_assert_eq!(Matrix::try_from(rows).unwrap(), m);
    }

    /// Off the tape as on it, to the bit.
    #[test]
    fn operators_are_those_of_a_tape((a, b) in pairs(), c in -9.0..9.0_f64) {
        let tape = Tape::new();
        let (x, y) = (tape.var(a.clone()), tape.var(b.clone()));
        let on_tape = [x + y, x - y, x * y, x + c, x - c, x * c, c + x, c - x, c * x, -x];
        let off_tape = [&a + &b, &a - &b, &a * &b, &a + c, &a - c, &a * c, c + &a, c - &a, c * &a, -&a];
        let owned = |a: Matrix<f64>| a;
        let owned = [
            owned(a.clone()) + b.clone(), owned(a.clone()) - &b, &a * owned(b.clone()), a.clone() + c, a.clone() - c,
            a.clone() * c, c + a.clone(), c - a.clone(), c * a.clone(), -a.clone(),
        ];
        for ((on, off), owned) in on_tape.into_iter().zip(off_tape).zip(owned) {
            prop_assert_eq!(&on.value().to_matrix(), &off);
            prop_assert_eq!(&owned, &off);
        }
        let assigned = [0, 1, 2, 3, 4, 5].map(|i| {
            let mut m = a.clone();
            match i {
                0 => m += &b,
                1 => m -= b.clone(),
                2 => m *= &b,
                3 => m += c,
                4 => m -= c,
                _ => m *= c,
            }
            m
        });
        prop_assert_eq!(assigned, [&a + &b, &a - &b, &a * &b, &a + c, &a - c, &a * c]);
    }

    #[test]
    fn the_matrix_product_is_that_of_a_tape(a in any_matrix(-9.0..9.0_f64), n in 1..6_usize) {
        let b = Matrix::from_fn(a.col_count(), n, |r, c| ((r * 7 + c * 3) as f64).sin());
        let tape = Tape::new();
        let product = tape.var(a.clone()).matmul(tape.var(b.clone())).value().to_matrix();
        prop_assert!(a.matmul(&b).max_abs_diff(&product) < 1e-12);
    }

    #[test]
    fn the_argmax_of_a_row_is_its_first_largest(m in any_matrix(prop::sample::select(vec![-1.0, 0.5, 2.0]))) {
        for (row, best) in m.row_iter().zip(m.row_argmax()) {
            prop_assert!(row[..best].iter().all(|&x| x < row[best]));
            prop_assert!(row[best..].iter().all(|&x| x <= row[best]));
        }
    }
}

#[test]
fn nan_is_never_lost() {
    let m = Matrix::from([[1.0, f64::NAN, 3.0, f64::NAN], [f64::NEG_INFINITY; 4]]);
    assert_eq!(m.row_argmax(), [1, 0]);
    let zeros = Matrix::zeros(2, 4);
    assert!(m.max_abs_diff(&zeros).is_nan() && zeros.max_abs_diff(&m).is_nan());
    let late = Matrix::from([[f64::NAN, 7.0]]);
    assert!(late.max_abs_diff(&Matrix::zeros(1, 2)).is_nan());
}

#[test]
fn a_matrix_needs_as_many_elements_as_its_shape_says() {
    let error = |rows, cols, len| {
        Matrix::from_vec(rows, cols, vec![0.0; len])
            .unwrap_err()
            .to_string()
    };
    assert_eq!(error(2, 3, 5), "a matrix [2, 3] has 6 elements, not 5");
    assert_eq!(error(0, 3, 0), "a matrix [0, 3] would have no elements");
    let huge = format!(
        "a matrix [{}, 2] has more elements than can be counted, not 5",
        usize::MAX
    );
    assert_eq!(error(usize::MAX, 2, 5), huge);
}

#[test]
fn rows_of_different_lengths_are_refused() {
    let error = |rows: &[&[f64]]| {
        let rows = rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>();
        Matrix::try_from(rows).unwrap_err().to_string()
    };
    let ragged = error(&[&[1.0, 2.0], &[3.0, 4.0], &[5.0]]);
    assert_eq!(
        ragged,
        "row 2 has 1 elements, and row 0 has 2: a matrix has as many in each"
    );
    assert_eq!(error(&[]), "a matrix [0, 0] would have no elements");
    assert_eq!(error(&[&[], &[]]), "a matrix [2, 0] would have no elements");
}

#[test]
fn a_size_that_memory_has_no_room_for_names_the_shape() {
    let half = 1_usize << (usize::BITS / 2);
    for (rows, cols) in [(usize::MAX, 2), (half, half), (half, half / 8)] {
        let expected =
            format!("a matrix [{rows}, {cols}] would have more elements than memory has room for");
        assert_eq!(message(|| drop(Matrix::<f64>::zeros(rows, cols))), expected);
        assert_eq!(
            message(|| drop(Matrix::filled(rows, cols, 1.0_f64))),
            expected
        );
        assert_eq!(
            message(|| drop(Matrix::from_fn(rows, cols, |_, _| 1.0_f64))),
            expected
        );
        let tape = Tape::<f64>::new();
        assert_eq!(message(|| _ = tape.zeros(rows, cols)), expected);
    }
}

#[test]
fn there_are_no_empty_matrices_on_a_tape_or_off_it() {
    let tape = Tape::<f64>::new();
    for (rows, cols) in [(0, 3), (3, 0), (0, 0)] {
        let expected = format!("a matrix [{rows}, {cols}] would have no elements");
        assert_eq!(message(|| drop(Matrix::<f64>::zeros(rows, cols))), expected);
        assert_eq!(message(|| _ = tape.zeros(rows, cols)), expected);
        assert_eq!(
            message(|| _ = tape.constant_with(rows, cols, |_| ())),
            expected
        );
    }
    assert_eq!(
        message(|| drop(Matrix::<f64>::one_hot(&[], 3))),
        "a matrix [0, 3] would have no elements"
    );
}

#[test]
fn parts_that_are_empty_or_too_large_are_refused() {
    let m = Matrix::<f64>::zeros(3, 4);
    #[allow(clippy::reversed_empty_ranges)] // they are what is refused
    let messages = [
        message(|| _ = m.rows(2..2)),
        message(|| _ = m.cols(3..1)),
        message(|| _ = m.rows(1..4)),
        message(|| _ = m.view().cols(0..5)),
        message(|| _ = m.clone().view_mut().rows(3..4)),
    ];
    let expected = [
        "rows: a matrix [3, 4]: 2..2 are no rows",
        "cols: a matrix [3, 4]: 3..1 are no columns",
        "rows: a matrix [3, 4]: 1..4 of 3 rows",
        "cols: a matrix [3, 4]: 0..5 of 4 columns",
        "rows: a matrix [3, 4]: 3..4 of 3 rows",
    ];
    assert_eq!(messages, expected);
    let tape = Tape::new();
    let x = tape.var(m).named("x");
    #[allow(clippy::reversed_empty_ranges)]
    let messages = [
        message(|| _ = x.rows(2..2)),
        message(|| _ = x.cols(3..1)),
        message(|| _ = x.rows(1..4)),
        message(|| _ = x.cols(0..5 + (1 << 32))),
    ];
    let expected = [
        "rows: x [3, 4]: 2..2 are no rows",
        "cols: x [3, 4]: 3..1 are no columns",
        "rows: x [3, 4]: 1..4 of 3 rows",
        "cols: x [3, 4]: 0..4294967301 of 4 columns",
    ];
    assert_eq!(messages, expected);
}

#[test]
fn mistakes_name_what_does_not_fit() {
    let (a, b) = (Matrix::<f64>::zeros(2, 3), Matrix::<f64>::zeros(2, 4));
    let expected = ["add", "sub_assign", "max_abs_diff"]
        .map(|name| format!("{name}: [2, 3] against [2, 4]: the shapes must be equal"));
    let mut c = a.clone();
    let messages = [
        message(|| drop(&a + &b)),
        message(|| c -= &b),
        message(|| _ = a.max_abs_diff(&b)),
    ];
    assert_eq!(messages, expected);
    assert_eq!(
        message(|| drop(a.matmul(&b))),
        "matmul: [2, 3] against [2, 4]: 3 columns against 2 rows"
    );
    let one_hot = message(|| drop(Matrix::<f64>::one_hot(&[1, 0, 4], 3)));
    assert_eq!(one_hot, "one_hot: class 4 of row 2 is not below 3 classes");
    assert_eq!(
        message(|| _ = a[(2, 0)]),
        "element (2, 0) of a matrix [2, 3]"
    );
}

#[test]
fn views_of_views_see_the_elements_of_the_matrix() {
    let m = Matrix::from_fn(4, 5, |r, c| (10 * r + c) as f64);
    let v = m.rows(1..4).cols(2..5).rows(1..3).cols(1..2);
    assert_eq!(v.to_matrix(), Matrix::from([[23.0], [33.0]]));
    assert_eq!(v[(1, 0)], 33.0);
    assert_eq!(v.contiguous(), None);
    assert_eq!(m.rows(1..3).contiguous().map(<[f64]>::len), Some(10));
}

#[test]
fn display_is_short() {
    let small = Matrix::from([[1.0, -2.5]]);
    assert_eq!(small.to_string(), "[[1.0000, -2.5000]]");
    let exploded = Matrix::from([[-1e30f32, 1234567.0, f32::INFINITY]]);
    assert_eq!(format!("{exploded:.2}"), "[[-1.00e30, 1234567.00, inf]]");
    assert_eq!(format!("{small:.1}"), "[[1.0, -2.5]]");
    let large = Matrix::<f32>::zeros(100, 100).to_string();
    assert!(large.len() < 600 && large.contains('…'), "{large}");
    assert_eq!(
        format!("{:#?}", Matrix::from([[1.0, 2.0], [3.0, 4.0]])),
        "Matrix::from([\n    [1.0, 2.0],\n    [3.0, 4.0]\n])"
    );
}
