//! Every operation of the table, put through the test kit: gradients by differences, parts of
//! matrices, f32 and dual numbers, and the printed rule. An operation that is not in the table fails.
#![allow(clippy::eq_op)] // the same node as both operands is what some rows are about

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use autograd::ops::{Binary, Unary};
use autograd::testing::{
    CheckError, Checked, Example, Shapes, Values, check_function, inputs, operations,
};
use autograd::{Dual, Matrix, Scalar, Shape, Tape};
use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};

const ANY: Values = Values::between(-2.0, 2.0);
const POSITIVE: Values = Values::between(0.2, 2.2);

const ONE: Shapes = |m, n, _| vec![Shape::new(m, n)];
const ROW: Shapes = |m, n, _| vec![Shape::new(m, n), Shape::new(1, n)];
const PRODUCT: Shapes = |m, n, k| vec![Shape::new(m, k), Shape::new(k, n)];
const PRODUCT_T: Shapes = |m, n, k| vec![Shape::new(m, k), Shape::new(n, k)];
const SQUARE: Shapes = |m, _, _| vec![Shape::new(m, m)];
const WEIGHT: Shapes = |m, n, _| vec![Shape::new(m, n), Shape::new(n, n), Shape::new(1, n)];

/// x³.
struct Cube;

impl<T: Scalar> Unary<T> for Cube {
    const NAME: &'static str = "cube";
    fn f(&self, x: T) -> T {
        x * x * x
    }
    fn df(&self, x: T, _: T) -> T {
        T::from_f64(3.0) * x * x
    }
    fn derivative(&self) -> String {
        "3 x²".into()
    }
}

/// a² b.
struct SquareTimes;

impl<T: Scalar> Binary<T> for SquareTimes {
    const NAME: &'static str = "square_times";
    fn f(&self, a: T, b: T) -> T {
        a * a * b
    }
    fn da(&self, a: T, b: T, _: T) -> T {
        (a + a) * b
    }
    fn db(&self, a: T, _: T, _: T) -> T {
        a * a
    }
    fn derivatives(&self) -> [String; 2] {
        ["2 a ⊙ b", "a²"].map(String::from)
    }
}

/// What the engine does with several operations, or with one whose operands are the same.
#[rustfmt::skip] // a table
fn compositions<T: Scalar>() -> Vec<Example<T>> {
    let example = |name, shapes, values, function| Example { name, shapes, values, function };
    vec![
        example("a function of one's own", ONE, ANY, |v| v[0].apply(Cube)),
        example("of two operands", ROW, ANY, |v| v[0].apply_with(SquareTimes, v[1])),
        example("x * x", ONE, ANY, |v| v[0] * v[0]),
        example("x + x", ONE, ANY, |v| v[0] + v[0]),
        example("x / x", ONE, POSITIVE, |v| v[0] / v[0]),
        example("x xᵀ", ONE, ANY, |v| v[0].matmul_t(v[0])),
        example("x x", SQUARE, ANY, |v| v[0].matmul(v[0])),
        example("matmul of a transpose", PRODUCT_T, ANY, |v| v[0].matmul(v[1].transpose())),
        example("clamp nothing", ONE, ANY, |v| v[0].clamp(T::from_f64(-3.0), T::from_f64(3.0))),
        example("views of views", ONE, ANY, |v| {
            let (m, n) = (v[0].row_count(), v[0].col_count());
            v[0].rows(m / 3..m).cols(n / 2..n).rows(0..1).tanh()
        }),
        example("a view at several steps", ONE, ANY, |v| {
            let (m, n) = (v[0].row_count(), v[0].col_count());
            let parts = [v[0].cols(n / 2..n), v[0].rows(0..1).cols(n / 2..n), v[0].cols(n / 2..n).rows(m / 2..m)];
            parts[0].tanh().sum() + parts[1].exp().sum() * parts[2].square().sum() + parts[0].sigmoid().sum()
        }),
        example("overlapping views", ONE, ANY, |v| {
            let n = v[0].col_count();
            (v[0].cols(n / 2..n) * v[0].cols(0..n - n / 2)).sum() + v[0].square().sum()
        }),
        example("products of views", PRODUCT, ANY, |v| {
            let k = v[0].col_count();
            v[0].cols(k / 2..k).matmul(v[1].rows(k / 2..k)) + v[0].cols(0..1).matmul(v[1].rows(0..1))
        }),
        example("a weight at several steps", WEIGHT, ANY, |v| {
            let w = v[1] * T::from_f64(0.2);
            (0..4).fold(v[0], |h, _| (h.matmul_t(w) + h.matmul(w) + v[2]).tanh())
        }),
    ]
}

fn all<T: Scalar>() -> Vec<Example<T>> {
    operations().into_iter().chain(compositions()).collect()
}

type Check<'a> = &'a dyn Fn(&[Matrix<f64>]) -> Result<Checked, CheckError>;

/// Calls a test with every example of the tables and what puts it through the kit.
fn each(mut test: impl FnMut(&Example<f64>, Check<'_>)) {
    for ((double, single), dual) in all().iter().zip(all()).zip(all::<Dual<f64>>()) {
        test(double, &|inputs| {
            check_function(double.function, single.function, dual.function, inputs)
        });
    }
}

#[test]
fn every_operation_keeps_to_the_rules() {
    each(|example, check| {
        let config = ProptestConfig {
            cases: ProptestConfig::default().cases.min(100),
            failure_persistence: None,
            ..Default::default()
        };
        let inputs = inputs(example.shapes, example.values, 7);
        let outcome = TestRunner::new(config).run(&inputs, |inputs| Ok(check(&inputs).map(drop)?));
        match outcome {
            Ok(()) => {}
            Err(TestError::Fail(reason, inputs)) => panic!("{example} of {inputs:?}: {reason}"),
            Err(error) => panic!("{example}: {error}"),
        }
    });
}

/// What is printed is what runs, but for these.
#[test]
fn few_rules_are_prose() {
    let mut prose = BTreeSet::new();
    each(|example, check| prose.extend(check(&example.inputs(3, 4, 2)).unwrap().prose));
    let expected = ["concat_cols", "concat_rows", "recompute", "recompute_chain"];
    assert!(prose.iter().eq(&expected), "{prose:?}");
}

/// The names of the operations in the sources, by module.
fn names_in_sources() -> BTreeMap<String, BTreeSet<String>> {
    let mut modules = BTreeMap::new();
    for file in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ops")).unwrap() {
        let path = file.unwrap().path();
        let source = fs::read_to_string(&path).unwrap();
        let mut names = BTreeSet::new();
        // What is between quotes in "fn name(…) -> … { … }".
        for method in source.split("fn name(&self)").skip(1) {
            let body = method.split("\n    fn ").next().unwrap();
            names.extend(body.split('"').skip(1).step_by(2).map(String::from));
        }
        // The lines of tables: "Tanh, tanh(x, y): y = …".
        for line in source.lines().filter(|line| !line.contains('$')) {
            if let Some((signature, _)) = line.split_once("): y = ") {
                let (_, signature) = signature.split_once(", ").unwrap();
                names.extend(signature.split('(').next().map(String::from));
            }
        }
        if !names.is_empty() {
            modules.insert(
                path.file_stem().unwrap().to_str().unwrap().to_string(),
                names,
            );
        }
    }
    modules
}

#[test]
fn every_operation_is_in_the_table() {
    let mut tried = BTreeSet::new();
    for example in operations::<f64>() {
        let tape = Tape::new();
        let inputs = example.inputs(3, 4, 2);
        let vars: Vec<_> = inputs.into_iter().map(|x| tape.var(x)).collect();
        let before = tape.len();
        (example.function)(&vars);
        let recorded = (before..tape.len()).map(|i| tape.node(i).info().operation);
        let recorded: Vec<_> = recorded.collect();
        let name = example.operation();
        assert!(recorded.contains(&name), "{example} records {recorded:?}");
        tried.insert(name.to_string());
    }
    let written: BTreeSet<_> = names_in_sources().into_values().flatten().collect();
    assert_eq!(written, tried, "in the sources, and in the table");
}

#[test]
fn every_operation_is_in_the_documentation() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ops.rs");
    let source = fs::read_to_string(source).unwrap();
    for (module, names) in names_in_sources() {
        let is_row = |line: &&str| line.starts_with(&format!("//! | [`{module}`] |"));
        let row = source.lines().find(is_row);
        let row = row.unwrap_or_else(|| panic!("{module} is not in the table of ops.rs"));
        for name in names {
            assert!(
                row.contains(&format!("`{name}`")),
                "{name} is not in: {row}"
            );
        }
    }
}
