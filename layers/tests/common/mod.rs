//! Reference values in text files, made with PyTorch from inputs that are formulas.

use autograd::{Matrix, Scalar};

/// The formula of every input.
pub fn wave<T: Scalar>(k: usize, rows: usize, cols: usize) -> Matrix<T> {
    Matrix::from_fn(rows, cols, |r, c| {
        T::from_f64(0.8 * (0.7 * (r * cols + c) as f64 + k as f64).sin())
    })
}

/// What PyTorch gave for a case: its title, and what each line is of with its numbers.
#[derive(Debug)]
pub struct Case {
    pub title: String,
    pub lines: Vec<(String, Vec<f64>)>,
}

/// The cases of a file: "case" and a title, then lines of a word and numbers.
pub fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (word, rest) = line.split_once(' ').expect("a word, and more");
        if word == "case" {
            cases.push(Case {
                title: rest.into(),
                lines: Vec::new(),
            });
            continue;
        }
        let numbers = rest.split(' ').map(|word| word.parse().expect("a number"));
        let case = cases.last_mut().expect("a case before the first line");
        case.lines.push((word.into(), numbers.collect()));
    }
    cases
}

impl Case {
    /// That our numbers, by line, are these to ten digits, or to five in f32; how many there are.
    pub fn check<T: Scalar>(&self, ours: Vec<Vec<T>>) -> usize {
        let tolerance = if T::NAME == "f32" { 1e-5 } else { 1e-10 };
        assert_eq!(ours.len(), self.lines.len(), "{}", self.title);
        let mut count = 0;
        for (i, (ours, (what, theirs))) in ours.into_iter().zip(&self.lines).enumerate() {
            let line = format!("{}, line {i}, {what}", self.title);
            assert_eq!(ours.len(), theirs.len(), "{line}");
            for (a, &b) in ours.into_iter().map(Scalar::to_f64).zip(theirs) {
                let is_close = (a - b).abs() <= tolerance * b.abs().max(1.0);
                assert!(is_close, "{line}: {a} against {b}");
                count += 1;
            }
        }
        count
    }
}
