//! Matrices of `ndarray`, in every layout that it has, are ours with the same elements, and ours are its.

use autograd::{Error, Matrix};
use ndarray::{Array1, Array2, ArrayView2, Axis, ShapeBuilder, s};
use proptest::prelude::*;

fn numbered(rows: usize, cols: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, cols), |(r, c)| (r * cols + c) as f64)
}

fn assert_same(m: &Matrix<f64>, a: &ArrayView2<'_, f64>) {
    assert_eq!((m.row_count(), m.col_count()), a.dim());
    for ((r, c), &x) in a.indexed_iter() {
        assert_eq!(m[(r, c)], x, "({r}, {c})");
    }
}

fn check(a: Array2<f64>) {
    assert_same(&Matrix::try_from(a.view()).unwrap(), &a.view());
    let m = Matrix::try_from(a.clone()).unwrap();
    assert_same(&m, &a.view());
    assert_eq!(ArrayView2::from(&m), a);
    assert_eq!(Array2::from(m), a);
}

proptest! {
    #[test]
    fn every_layout_goes_both_ways(rows in 1usize..7, cols in 1usize..7, skip in 1usize..3) {
        let a = numbered(rows, cols);
        check(a.clone());
        check(a.clone().reversed_axes());
        check(Array2::from_shape_fn((rows, cols).f(), |(r, c)| (r * 9 + c) as f64));
        let mut flipped = a.clone();
        flipped.invert_axis(Axis(0)); // strides below zero
        check(flipped);
        let part = a.slice(s![rows / 2.., ..;skip]);
        assert_same(&Matrix::try_from(part).unwrap(), &part);
        check(a.clone().slice_move(s![rows / 2.., ..])); // behind an offset
        check(a.clone().slice_move(s![..rows.div_ceil(2), ..])); // with more behind it
        check(a.slice_move(s![.., cols / 2..]));
    }

    #[test]
    fn parts_of_matrices_are_views(rows in 1usize..7, cols in 1usize..7) {
        let m = Matrix::<f64>::from_fn(rows, cols, |r, c| (r * cols + c) as f64);
        let part = m.view().rows(rows / 2..rows).cols(cols / 2..cols);
        let view = ArrayView2::from(part);
        assert_same(&part.to_matrix(), &view);
        assert_eq!(view.as_ptr(), part.row(0).as_ptr());
    }
}

#[test]
fn vectors_are_rows() {
    let a = Array1::from(vec![1.0, 2.0, 3.0, 4.0]);
    let every_other = Matrix::try_from(a.slice(s![..;2])).unwrap();
    assert_eq!(every_other, Matrix::from([[1.0, 3.0]]));
    assert_eq!(
        Matrix::try_from(a).unwrap(),
        Matrix::from([[1.0, 2.0, 3.0, 4.0]])
    );
}

#[test]
fn nothing_is_copied_where_rows_lie_one_behind_the_other() {
    let a = numbered(3, 4);
    let elements = a.as_ptr();
    let m = Matrix::try_from(a).unwrap();
    assert_eq!(m.data().as_ptr(), elements);
    assert_eq!(Array2::from(m).as_ptr(), elements);
}

#[test]
fn there_is_no_matrix_without_elements() {
    for shape in [(0, 3), (3, 0)] {
        let a = Array2::<f64>::zeros(shape);
        let (rows, cols) = shape;
        let expected = Error::ElementCount {
            rows,
            cols,
            found: 0,
        };
        assert_eq!(Matrix::try_from(a.view()), Err(expected.clone()));
        assert_eq!(Matrix::try_from(a), Err(expected));
    }
    assert!(Matrix::try_from(Array1::<f64>::zeros(0)).is_err());
}
