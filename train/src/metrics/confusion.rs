//! [`Confusion`]: which classes are taken for which.

use std::fmt;

use autograd::Matrix;
use pictures::HeatMap;
use serde::{Deserialize, Serialize};

/// How often elements of each class were taken for each class, and what follows from that.
///
/// ```
/// use train::Confusion;
/// let mut confusion = Confusion::new(2);
/// for (expected, found) in [(0, 0), (0, 0), (0, 1), (1, 1)] {
///     confusion.add(expected, found);
/// }
/// assert_eq!(confusion.accuracy(), 0.75);
/// assert_eq!((confusion.precision(1), confusion.recall(1)), (0.5, 1.0));
/// assert_eq!(confusion.f1(1), 2.0 / 3.0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    classes: usize,
    /// `[expected, found]`, row by row.
    counts: Vec<u64>,
}

impl Confusion {
    /// Of so many classes.
    pub fn new(classes: usize) -> Self {
        Confusion {
            classes,
            counts: vec![0; classes * classes],
        }
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Counts an element.
    ///
    /// # Panics
    /// If a class is not below their number.
    #[track_caller]
    pub fn add(&mut self, expected: usize, found: usize) {
        let position = self.position(expected, found);
        self.counts[position] += 1;
    }

    /// Counts what another one has counted.
    ///
    /// # Panics
    /// If it is of another number of classes.
    #[track_caller]
    pub fn add_all(&mut self, other: &Confusion) {
        let (a, b) = (self.classes, other.classes);
        assert!(a == b, "the confusion of {b} classes added to that of {a}");
        let pairs = self.counts.iter_mut().zip(&other.counts);
        pairs.for_each(|(a, b)| *a += b);
    }

    /// How many elements of class `expected` were taken for class `found`.
    ///
    /// # Panics
    /// If a class is not below their number.
    #[track_caller]
    pub fn count(&self, expected: usize, found: usize) -> u64 {
        self.counts[self.position(expected, found)]
    }

    #[track_caller]
    fn position(&self, expected: usize, found: usize) -> usize {
        let classes = self.classes;
        assert!(
            expected < classes && found < classes,
            "class {} of {classes}",
            expected.max(found)
        );
        expected * classes + found
    }

    /// The share of all elements whose class was found; NaN if there are none.
    pub fn accuracy(&self) -> f64 {
        let right: u64 = (0..self.classes).map(|c| self.count(c, c)).sum();
        share(right, self.counts.iter().sum())
    }

    /// Of those that were taken for the class, the share that are of it: 0 if there are none.
    ///
    /// # Panics
    /// If there is no such class.
    #[track_caller]
    pub fn precision(&self, class: usize) -> f64 {
        let right = self.count(class, class);
        let found = (0..self.classes).map(|e| self.count(e, class)).sum();
        if found == 0 { 0.0 } else { share(right, found) }
    }

    /// Of those of the class, the share that were taken for it: 0 if there are none.
    ///
    /// # Panics
    /// If there is no such class.
    #[track_caller]
    pub fn recall(&self, class: usize) -> f64 {
        let right = self.count(class, class);
        let expected = (0..self.classes).map(|f| self.count(class, f)).sum();
        if expected == 0 {
            0.0
        } else {
            share(right, expected)
        }
    }

    /// The harmonic mean of precision and recall; 0 if both are.
    ///
    /// # Panics
    /// If there is no such class.
    #[track_caller]
    pub fn f1(&self, class: usize) -> f64 {
        let (precision, recall) = (self.precision(class), self.recall(class));
        if precision + recall == 0.0 {
            return 0.0;
        }
        2.0 * precision * recall / (precision + recall)
    }

    /// The mean of all classes' [`Confusion::recall`], whichever are frequent: the accuracy on elements drawn class
    /// by class.
    ///
    /// ```
    /// let mut confusion = train::Confusion::new(2);
    /// (0..98).for_each(|_| confusion.add(0, 0));
    /// confusion.add(1, 0);
    /// confusion.add(1, 1);
    /// assert_eq!((confusion.accuracy(), confusion.balanced_accuracy()), (0.99, 0.75));
    /// ```
    pub fn balanced_accuracy(&self) -> f64 {
        self.mean(Self::recall)
    }

    /// The mean of all classes' [`Confusion::f1`], whichever are frequent ("macro").
    pub fn mean_f1(&self) -> f64 {
        self.mean(Self::f1)
    }

    fn mean(&self, of_class: fn(&Self, usize) -> f64) -> f64 {
        let sum: f64 = (0..self.classes).map(|class| of_class(self, class)).sum();
        sum / self.classes as f64
    }

    /// As a picture: a row for each class, with the shares of it, in percent, that were taken for each class. Names
    /// that are missing stay empty.
    ///
    /// ```
    /// let mut confusion = train::Confusion::new(2);
    /// confusion.add(1, 0);
    /// let picture = confusion.heat_map(&["cats", "dogs"]).svg().to_string();
    /// assert!(picture.contains(">dogs<") && picture.contains(">100<"));
    /// ```
    pub fn heat_map<S: ToString>(&self, names: &[S]) -> HeatMap {
        let total = |expected| {
            (0..self.classes)
                .map(|f| self.count(expected, f))
                .sum::<u64>()
        };
        let share = |expected, found| share(self.count(expected, found), total(expected).max(1));
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        HeatMap::of(&Matrix::<f64>::from_fn(self.classes, self.classes, share))
            .titled("of each class (rows) what it is taken for, in %")
            .labelled(names.clone(), names)
            .in_percent()
            .turned()
    }
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

impl fmt::Display for Confusion {
    /// A row for each class: how often it was taken for each, and its precision, recall and F1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.counts.iter().max().map_or(1, |n| n.to_string().len());
        let width = width.max(self.classes.to_string().len()).max(3);
        write!(f, "{:>8}", "found:")?;
        for class in 0..self.classes {
            write!(f, " {class:>width$}")?;
        }
        writeln!(f, "  precision  recall     F1")?;
        for class in 0..self.classes {
            write!(f, "{class:>8}")?;
            for found in 0..self.classes {
                write!(f, " {:>width$}", self.count(class, found))?;
            }
            let [precision, recall, f1] =
                [self.precision(class), self.recall(class), self.f1(class)];
            writeln!(f, "  {precision:>9.3}  {recall:>6.3}  {f1:>5.3}")?;
        }
        write!(
            f,
            "accuracy {:.3}, mean F1 {:.3}",
            self.accuracy(),
            self.mean_f1()
        )
    }
}
