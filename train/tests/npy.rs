//! Matrices in NumPy's files. The files in reference/ are made by npy_reference.py.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{output_of, python_with};
use proptest::prelude::*;
use tempfile::TempDir;
use train::prelude::*;
use train::{FileError, NpyError, read_npy, read_npz, write_npy, write_npz};

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name)
}

/// What the script fills arrays with.
fn grid(first: f64) -> Matrix<f64> {
    Matrix::from_fn(2, 3, |r, c| (3 * r + c) as f64 + first)
}

#[test]
fn numbers_of_every_type_are_read() {
    let arrays: BTreeMap<_, Matrix<f64>> = read_npz(reference("numpy_types.npz")).unwrap();
    assert_eq!(arrays.len(), 16);
    for (name, matrix) in &arrays {
        let is_unsigned = name[name.len() - 2..].starts_with('u');
        assert_eq!(
            matrix,
            &grid(if is_unsigned { 0.0 } else { -2.0 }),
            "{name}"
        );
    }
    let singles: BTreeMap<_, Matrix<f32>> = read_npz(reference("numpy_types.npz")).unwrap();
    assert_eq!(singles["big_f8"], grid(-2.0).map(|x| x as f32));
}

#[test]
fn either_order_of_dimensions_is_the_same_matrix() {
    for name in ["numpy_matrix.npy", "numpy_fortran.npy"] {
        assert_eq!(
            read_npy::<f64>(reference(name)).unwrap(),
            grid(-2.0),
            "{name}"
        );
    }
    let arrays = read_npz::<f64>(reference("numpy_compressed.npz")).unwrap();
    assert_eq!(arrays["y"], grid(-2.0).transpose());
    assert_eq!(arrays["x"], Matrix::zeros(100, 100));
}

#[test]
fn a_vector_is_a_row_and_keeps_what_is_not_finite() {
    let row: Matrix<f32> = read_npy(reference("numpy_vector.npy")).unwrap();
    assert_eq!(row.shape(), Shape::new(1, 3));
    assert!(row[(0, 0)] == 1.0 && row[(0, 1)].is_nan() && row[(0, 2)] == f32::NEG_INFINITY);
}

/// A one-line error without the folder.
#[track_caller]
fn refusal<T: std::fmt::Debug>(path: &Path, outcome: Result<T, NpyError>) -> String {
    let message = outcome.unwrap_err().to_string();
    assert!(!message.contains('\n'), "{message}");
    message.replace(&format!("{}/", path.parent().unwrap().display()), "")
}

#[track_caller]
fn npy_refusal(path: &Path) -> String {
    refusal(path, read_npy::<f64>(path))
}

#[track_caller]
fn npz_refusal(path: &Path) -> String {
    refusal(path, read_npz::<f64>(path))
}

#[test]
fn other_arrays_are_named_with_what_they_have() {
    for (name, shape) in [("scalar", "[]"), ("cube", "[2, 1, 3]"), ("empty", "[0, 3]")] {
        let expected = format!(
            "NumPy file numpy_{name}.npy has the shape {shape}, expected one dimension or two, none of them 0"
        );
        assert_eq!(
            npy_refusal(&reference(&format!("numpy_{name}.npy"))),
            expected
        );
    }
    for (name, descriptor) in [
        ("complex", "'<c16'"),
        ("half", "'<f2'"),
        ("bool", "'|b1'"),
        ("text", "'<U2'"),
        ("objects", "'|O'"),
        ("fields", "[('x', '<f4'), ('y', '<i4', (2,))]"),
    ] {
        let expected = format!(
            "NumPy file numpy_{name}.npy has elements {descriptor}, expected floating-point numbers of 32 or 64 \
             bits, or integers"
        );
        assert_eq!(
            npy_refusal(&reference(&format!("numpy_{name}.npy"))),
            expected
        );
    }
    let message = npz_refusal(&reference("numpy_others.npz"));
    let expected = "NumPy file numpy_others.npz: array scalar has the shape []";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn other_files_are_errors() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert_eq!(npy_refusal(&at("none")), "there is no NumPy file none");
    assert_eq!(npz_refusal(&at("none")), "there is no NumPy file none");
    fs::write(at("text"), "Once upon a time there was a text file.").unwrap();
    assert!(npy_refusal(&at("text")).starts_with("text is not a NumPy file, or is damaged: "));
    assert!(npz_refusal(&at("text")).starts_with("text is not a NumPy file, or is damaged: "));
    assert!(npz_refusal(&reference("numpy_matrix.npy")).contains("is not a NumPy file"));
    assert!(npy_refusal(&reference("numpy_types.npz")).contains("is not a NumPy file"));
    let mut bytes = fs::read(reference("numpy_matrix.npy")).unwrap();
    bytes.push(0);
    fs::write(at("longer"), bytes).unwrap();
    let expected =
        "longer is not a NumPy file, or is damaged: 49 bytes do not fill the shape [2, 3]";
    assert_eq!(npy_refusal(&at("longer")), expected);
}

/// A file of version 2 with that header, and a matrix's bytes behind it.
fn with_header(len: u32, header: &str) -> Vec<u8> {
    let start = [
        b"\x93NUMPY\x02\0".as_slice(),
        &len.to_le_bytes(),
        header.as_bytes(),
    ];
    [&start.concat(), [0; 48].as_slice()].concat()
}

#[test]
fn a_header_is_not_believed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.npy");
    let of_shape =
        |shape: &str| format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}\n");
    for header in [
        of_shape("(4294967296, 4294967296)"),
        of_shape("(18446744073709551615, 3)"),
        of_shape("(99999999999999999999999, 3)"),
        of_shape("(1000000, 1000000)"),
        of_shape("(-2, 3)"),
        of_shape("'(2, 3)'"),
    ] {
        fs::write(&path, with_header(header.len() as u32, &header)).unwrap();
        assert!(npy_refusal(&path).contains("is not a NumPy file, or is damaged"));
    }
    let deep = of_shape(&format!("{}2, 3{}", "(".repeat(4000), ")".repeat(4000)));
    for (len, header) in [(u32::MAX, of_shape("(2, 3)")), (deep.len() as u32, deep)] {
        fs::write(&path, with_header(len, &header)).unwrap();
        let expected = "its header is longer or deeper than that of an array of numbers";
        assert!(npy_refusal(&path).ends_with(expected));
    }
    let header = of_shape("(2, 3)");
    fs::write(&path, with_header(header.len() as u32, &header)).unwrap();
    assert_eq!(read_npy::<f64>(&path).unwrap(), Matrix::zeros(2, 3));
}

fn matrix<T: Scalar>(rows: usize, cols: usize, seed: u64) -> Matrix<T> {
    train::layers::uniform(rows, cols, 1.0, &mut ChaCha8Rng::seed_from_u64(seed))
}

fn round_trip<T: Scalar>(folder: &Path, matrices: &[(String, Matrix<T>)]) {
    for (_, matrix) in matrices {
        let path = folder.join(format!("{}.npy", T::NAME));
        write_npy(&path, matrix).unwrap(); // in the place of the one before
        assert_eq!(&read_npy::<T>(&path).unwrap(), matrix);
    }
    let path = folder.join(format!("{}.npz", T::NAME));
    let matrices = matrices.iter().cloned().collect();
    for _ in 0..2 {
        write_npz(&path, &matrices).unwrap();
        assert_eq!(read_npz::<T>(&path).unwrap(), matrices);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_written_comes_back_to_the_bit(sizes in prop::collection::vec((1usize..6, 1usize..6), 0..4), seed: u64) {
        let folder = TempDir::new().unwrap();
        fn named<T: Scalar>(sizes: &[(usize, usize)], seed: u64) -> Vec<(String, Matrix<T>)> {
            let named = |(k, &(r, c)): (usize, &(usize, usize))| (format!("größe/{k}"), matrix(r, c, seed));
            sizes.iter().enumerate().map(named).collect()
        }
        round_trip::<f32>(folder.path(), &named(&sizes, seed));
        round_trip::<f64>(folder.path(), &named(&sizes, seed));
    }

    /// An altered file is an error or other numbers, never a panic.
    #[test]
    fn altered_files_are_survived(
        which: prop::sample::Index,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let folder = TempDir::new().unwrap();
        let names = ["numpy_matrix.npy", "numpy_fortran.npy", "numpy_fields.npy", "numpy_compressed.npz", "numpy_types.npz"];
        let mut bytes = fs::read(reference(names[which.index(names.len())])).unwrap();
        for (at, to) in changes {
            let at = at.index(bytes.len());
            bytes[at] = to;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let path = folder.path().join("altered");
        fs::write(&path, bytes).unwrap();
        let one = read_npy::<f64>(&path).err();
        let several = read_npz::<f64>(&path).err();
        for error in [one, several].into_iter().flatten() {
            prop_assert!(!error.to_string().contains('\n'));
        }
    }
}

#[test]
fn nothing_is_replaced_but_files_of_numpy() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let x = matrix::<f32>(2, 3, 1);
    let xs = BTreeMap::from([("x".to_string(), x.clone())]);
    fs::write(at("text"), "Once upon a time.").unwrap();
    write_npz(at("archive"), &xs).unwrap();
    write_npy(at("array"), &x).unwrap();
    let taken = [
        write_npy(at("text"), &x),
        write_npz(at("text"), &xs),
        write_npy(at("archive"), &x),
        write_npz(at("array"), &xs),
    ];
    for outcome in taken {
        assert!(
            matches!(outcome, Err(NpyError::File(FileError::NotOurs { .. }))),
            "{outcome:?}"
        );
    }
    assert_eq!(fs::read(at("text")).unwrap(), b"Once upon a time.");
    assert_eq!(read_npy::<f32>(at("array")).unwrap(), x);
    assert!(
        write_npy(at("none/x"), &x)
            .unwrap_err()
            .to_string()
            .contains("there is no directory")
    );
}

#[test]
fn numpy_reads_what_is_written_here() {
    let Some(python) = python_with(&["numpy"]) else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let (one, several) = (folder.path().join("x.npy"), folder.path().join("xs.npz"));
    write_npy(&one, &grid(-2.0).map(|x| x as f32)).unwrap();
    let named = [("x", grid(0.0)), ("größe", grid(0.5))].map(|(name, x)| (name.to_string(), x));
    write_npz(&several, &BTreeMap::from(named)).unwrap();
    let program = "import sys, numpy as np; one, several = map(np.load, sys.argv[1:])\n\
                   print(one.dtype, one.tolist())\n\
                   for name in several: print(ascii(name), several[name].dtype, several[name].tolist())";
    let printed = output_of(
        Command::new(python)
            .args(["-c", program])
            .args([&one, &several]),
    );
    let expected = "float32 [[-2.0, -1.0, 0.0], [1.0, 2.0, 3.0]]\n\
                    'gr\\xf6\\xdfe' float64 [[0.5, 1.5, 2.5], [3.5, 4.5, 5.5]]\n\
                    'x' float64 [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]\n";
    assert_eq!(printed.replace("\r\n", "\n"), expected);
}
