//! Strategies for matrices, which shrink to simple numbers and never to where there is no derivative.

use proptest::prelude::*;
use proptest::strategy::{NewTree, ValueTree};
use proptest::test_runner::TestRunner;

use super::{Shapes, Values};
use crate::{Matrix, Shape};

/// Matrices of a shape.
///
/// Elements shrink one by one, to 1 if they can be, or another simple number. Those of
/// [`Values::apart`] are a permutation of numbers that are evenly spaced, and shrink to their order.
///
/// # Panics
/// If there are no rows or no columns.
#[track_caller]
pub fn matrices(rows: usize, cols: usize, values: Values) -> BoxedStrategy<Matrix<f64>> {
    let count = rows * cols;
    assert!(count > 0, "matrices of shape [{rows}, {cols}]");
    let matrix =
        move |elements: Vec<f64>| Matrix::from_fn(rows, cols, |r, c| elements[r * cols + c]);
    if values.is_apart() {
        let places = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
        let share = move |place, shift: f64| (place as f64 + 0.5 + shift) / count as f64;
        let elements = move |(places, shift): (Vec<usize>, f64)| {
            places
                .into_iter()
                .map(|place| values.at(share(place, shift)))
                .collect()
        };
        return (places, -0.5..0.5)
            .prop_map(elements)
            .prop_map(matrix)
            .boxed();
    }
    prop::collection::vec(Element(values), count)
        .prop_map(matrix)
        .boxed()
}

/// The inputs of an operation, with shapes from three sizes between 1 and `largest`.
pub fn inputs(
    shapes: Shapes,
    values: Values,
    largest: usize,
) -> impl Strategy<Value = Vec<Matrix<f64>>> {
    let size = || 1..=largest;
    (size(), size(), size()).prop_flat_map(move |(m, n, k)| {
        let of_shape = |Shape { rows, cols }| matrices(rows, cols, values);
        shapes(m, n, k)
            .into_iter()
            .map(of_shape)
            .collect::<Vec<_>>()
    })
}

/// One of some values.
#[derive(Clone, Copy, Debug)]
struct Element(Values);

impl Strategy for Element {
    type Tree = ElementTree;
    type Value = f64;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let x = self.0.at((0.0..1.0_f64).new_tree(runner)?.current());
        let to = |digits: f64| (x * digits).round() / digits;
        let simple = [
            1.0,
            -1.0,
            0.0,
            2.0,
            0.5,
            to(1.0),
            to(2.0),
            to(10.0),
            to(100.0),
        ];
        let mut candidates: Vec<_> = simple.into_iter().filter(|&x| self.0.contains(x)).collect();
        candidates.push(x);
        let failing = candidates.len() - 1;
        Ok(ElementTree {
            candidates,
            current: failing,
            failing,
            untried: 0,
        })
    }
}

/// A number, and simpler ones that could stand for it, the simplest first.
#[derive(Debug)]
struct ElementTree {
    candidates: Vec<f64>,
    current: usize,
    /// The simplest that is known to fail the test.
    failing: usize,
    /// All before this one are known to pass it.
    untried: usize,
}

impl ValueTree for ElementTree {
    type Value = f64;

    fn current(&self) -> f64 {
        self.candidates[self.current]
    }

    fn simplify(&mut self) -> bool {
        self.failing = self.current;
        let is_simpler = self.untried < self.failing;
        if is_simpler {
            self.current = self.untried;
        }
        is_simpler
    }

    fn complicate(&mut self) -> bool {
        if self.current == self.failing {
            return false;
        }
        self.untried = self.current + 1;
        self.current = self.untried;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::test_runner::{Config, TestError};

    /// What a test that fails on these values is shrunk to.
    fn shrunk<S: Strategy>(strategy: S, fails: impl Fn(&S::Value) -> bool) -> S::Value {
        let config = Config {
            failure_persistence: None,
            ..Config::default()
        };
        let outcome = TestRunner::new(config).run(&strategy, |value| {
            prop_assert!(!fails(&value));
            Ok(())
        });
        match outcome {
            Err(TestError::Fail(_, value)) => value,
            outcome => panic!("{outcome:?}"),
        }
    }

    #[test]
    fn elements_shrink_to_simple_numbers_that_still_fail() {
        let values = Values::between(-3.0, 3.0).off(&[0.0]);
        let any = || matrices(2, 2, values);
        assert_eq!(shrunk(any(), |_| true), Matrix::filled(2, 2, 1.0));
        let negative = shrunk(any(), |m| m[(1, 0)] < 0.0);
        assert_eq!(negative, Matrix::from([[1.0, 1.0], [-1.0, 1.0]]));
        let large = shrunk(any(), |m| m[(0, 1)] > 1.1);
        assert_eq!(large, Matrix::from([[1.0, 2.0], [1.0, 1.0]]));
        let small = shrunk(any(), |m| m[(0, 0)].abs() < 0.3)[(0, 0)].abs();
        assert!((Values::MARGIN..0.3).contains(&small), "{small}");
    }

    #[test]
    fn shrinking_stays_within_the_values() {
        let values = Values::between(0.2, 0.9).off(&[0.5]);
        let seen = shrunk(matrices(2, 3, values), |m| {
            assert!(m.data().iter().all(|&x| values.contains(x)), "{m}");
            m[(0, 0)] > 0.7
        });
        assert!(seen[(0, 0)] > 0.7);
    }

    #[test]
    fn values_that_are_apart_stay_so() {
        let values = Values::between(-2.0, 2.0).apart();
        let is_apart = |m: &Matrix<f64>| {
            let mut sorted = m.data().to_vec();
            sorted.sort_by(f64::total_cmp);
            sorted.windows(2).all(|w| w[1] - w[0] > 0.01)
        };
        let seen = shrunk(matrices(7, 7, values), |m| {
            assert!(is_apart(m), "{m}");
            m[(0, 0)] > 1.0
        });
        assert!(seen[(0, 0)] > 1.0);
    }

    #[test]
    fn sizes_shrink_too() {
        let shapes: Shapes = |m, n, _| vec![Shape::new(m, n), Shape::new(1, n)];
        let values = Values::between(-2.0, 2.0);
        let seen = shrunk(inputs(shapes, values, 7), |m| m[0].col_count() >= 3);
        let ones = |rows| Matrix::filled(rows, 3, 1.0);
        assert_eq!(seen, [ones(1), ones(1)]);
    }
}
