//! Parameters live outside any tape, under stable dotted names, and are bound to one for a pass.

use std::sync::Arc;

use autograd::{Matrix, Scalar, Tape, Var};

/// A handle to a parameter of a [`ParameterSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParameterId(usize);

impl ParameterId {
    /// The position in the set.
    pub fn index(self) -> usize {
        self.0
    }
}

/// The parameters of a model, by name: "lstm1.U".
///
/// ```
/// use autograd::{Matrix, Tape};
/// use layers::ParameterSet;
/// let mut set = ParameterSet::<f32>::new();
/// let u = set.add("rnn1.U", Matrix::from([[0.5, -0.5]]));
/// let tape = Tape::new();
/// let p = set.bind(&tape);
/// assert_eq!(p.var(u).value().to_matrix(), *set.get(u));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ParameterSet<T: Scalar = f32> {
    entries: Vec<Entry<T>>,
}

#[derive(Clone, Debug)]
struct Entry<T: Scalar> {
    name: String,
    label: &'static str,
    /// Shared with the tapes that the set is bound to, so that binding copies nothing.
    value: Arc<Matrix<T>>,
}

impl<T: Scalar> ParameterSet<T> {
    /// An empty set.
    pub fn new() -> Self {
        ParameterSet {
            entries: Vec::new(),
        }
    }

    /// Adds a parameter; the letter after the last dot is what the tape shows.
    ///
    /// # Panics
    /// If the name is taken.
    #[track_caller]
    pub fn add(&mut self, name: impl Into<String>, value: Matrix<T>) -> ParameterId {
        let name = name.into();
        assert!(
            self.find(&name).is_none(),
            "there is a parameter {name} already"
        );
        let label = letter(&name);
        self.entries.push(Entry {
            name,
            label,
            value: Arc::new(value),
        });
        ParameterId(self.entries.len() - 1)
    }

    /// The value of a parameter.
    pub fn get(&self, id: ParameterId) -> &Matrix<T> {
        &self.entries[id.0].value
    }

    /// The value of a parameter, to be changed. While a tape holds it, this makes a copy.
    pub fn get_mut(&mut self, id: ParameterId) -> &mut Matrix<T> {
        Arc::make_mut(&mut self.entries[id.0].value)
    }

    /// The name of a parameter.
    pub fn name(&self, id: ParameterId) -> &str {
        &self.entries[id.0].name
    }

    /// The parameter of this name.
    pub fn find(&self, name: &str) -> Option<ParameterId> {
        self.entries
            .iter()
            .position(|e| e.name == name)
            .map(ParameterId)
    }

    /// All parameters, in the order in which they were added.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = ParameterId> + use<T> {
        (0..self.entries.len()).map(ParameterId)
    }

    /// The number of parameters.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of elements of all parameters together.
    pub fn element_count(&self) -> usize {
        self.entries.iter().map(|e| e.value.shape().len()).sum()
    }

    /// Records every parameter as a variable of the tape.
    pub fn bind<'t>(&self, tape: &'t Tape<T>) -> Bound<'t, T> {
        let first = tape.len();
        for entry in &self.entries {
            tape.var(Arc::clone(&entry.value)).named(entry.label);
        }
        Bound {
            tape,
            first,
            count: self.entries.len(),
        }
    }
}

/// The letters of the lecture, without an allocation for each name.
fn letter(name: &str) -> &'static str {
    const LETTERS: [&str; 10] = ["U", "W", "V", "b", "c", "d", "h0", "c0", "E", "U0"];
    let last = name.rsplit('.').next().unwrap_or(name);
    LETTERS
        .into_iter()
        .find(|&l| l == last)
        .unwrap_or("parameter")
}

/// A parameter set on a tape, for one pass.
#[derive(Clone, Copy)]
pub struct Bound<'t, T = f32> {
    tape: &'t Tape<T>,
    /// The variables lie one behind the other.
    first: usize,
    count: usize,
}

impl<'t, T: Scalar> Bound<'t, T> {
    /// The variables of a parameter set that are on the tape already, such as the inputs of a
    /// [`gradcheck`](autograd::gradcheck()).
    ///
    /// # Panics
    /// If there are none, or they do not lie one behind the other on one tape.
    #[track_caller]
    pub fn from_vars(vars: &[Var<'t, T>]) -> Self {
        assert!(!vars.is_empty(), "a bound set of no variables");
        let (tape, first) = (vars[0].tape(), vars[0].index());
        for (i, &var) in vars.iter().enumerate() {
            let consecutive = std::ptr::eq(var.tape(), tape) && var.index() == first + i;
            assert!(
                consecutive,
                "variable {i} does not lie behind the one before"
            );
        }
        Bound {
            tape,
            first,
            count: vars.len(),
        }
    }

    /// The first variables of a tape, where a set of that many was bound to it.
    pub(crate) fn first(tape: &'t Tape<T>, count: usize) -> Self {
        let first = 0;
        Bound { tape, first, count }
    }

    /// The variable of a parameter.
    ///
    /// # Panics
    /// If the parameter is of another set, with more in it.
    #[track_caller]
    pub fn var(&self, id: ParameterId) -> Var<'t, T> {
        assert!(
            id.0 < self.count,
            "parameter {} of a set of {}",
            id.0,
            self.count
        );
        self.tape.node(self.first + id.0)
    }

    /// All variables, in the order of the set.
    pub fn vars(&self) -> impl Iterator<Item = Var<'t, T>> + use<'t, T> {
        let (tape, first) = (self.tape, self.first);
        (first..first + self.count).map(|index| tape.node(index))
    }

    /// The number of parameters.
    #[allow(clippy::len_without_is_empty)] // it is a size, not that of a collection
    pub fn len(&self) -> usize {
        self.count
    }

    /// The tape.
    pub fn tape(&self) -> &'t Tape<T> {
        self.tape
    }
}
