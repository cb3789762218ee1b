//! Parameters live outside any tape, under stable dotted names, and are bound to one for a pass.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use autograd::{Matrix, Scalar, Tape};

use crate::Bound;

/// What tells the sets of two models apart: a number drawn when a set is made. It has no influence
/// on anything that is computed. (A count would begin anew in each cell of a notebook.)
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity(u64);

impl Identity {
    fn draw() -> Self {
        Identity(RandomState::new().hash_one(()))
    }
}

/// A handle to a parameter of a [`ParameterSet`], or of a clone of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParameterId {
    set: Identity,
    index: usize,
}

impl ParameterId {
    /// The position in the set.
    pub fn index(self) -> usize {
        self.index
    }

    pub(crate) fn is_of(self, set: Identity) -> bool {
        self.set == set
    }
}

impl fmt::Debug for ParameterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParameterId({})", self.index)
    }
}

/// The parameters of a model, by name: "lstm1.U".
///
/// A clone is the same model with values of its own: the handles of one are good for the other.
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
#[derive(Clone)]
pub struct ParameterSet<T: Scalar = f32> {
    identity: Identity,
    entries: Vec<Entry<T>>,
}

#[derive(Clone)]
struct Entry<T: Scalar> {
    name: String,
    label: &'static str,
    /// How many gates are stacked in it.
    gates: usize,
    is_sparse: bool,
    /// Shared with the tapes that the set is bound to, so that binding copies nothing.
    value: Arc<Matrix<T>>,
}

impl<T: Scalar> ParameterSet<T> {
    /// An empty set.
    pub fn new() -> Self {
        ParameterSet {
            identity: Identity::draw(),
            entries: Vec::new(),
        }
    }

    /// Adds a parameter; the letter after the last dot is what the tape shows.
    ///
    /// # Panics
    /// If the name is taken.
    #[track_caller]
    pub fn add(&mut self, name: impl Into<String>, value: Matrix<T>) -> ParameterId {
        self.add_stacked(name, 1, value)
    }

    /// Adds a parameter of that many matrices one below the other, such as W of all gates. What is
    /// said of each by itself, as [`Init::Orthogonal`](crate::Init::Orthogonal), is said by gate.
    ///
    /// # Panics
    /// If the name is taken, or the rows are no multiple of `gates`.
    #[track_caller]
    pub fn add_stacked(
        &mut self,
        name: impl Into<String>,
        gates: usize,
        value: Matrix<T>,
    ) -> ParameterId {
        let name = name.into();
        assert!(
            gates > 0 && value.row_count().is_multiple_of(gates),
            "{name} {} of {gates} gates, which are not of as many rows each",
            value.shape()
        );
        assert!(
            self.find(&name).is_none(),
            "there is a parameter {name} already"
        );
        let label = letter(&name);
        self.entries.push(Entry {
            name,
            label,
            gates,
            is_sparse: false,
            value: Arc::new(value),
        });
        self.id(self.entries.len() - 1)
    }

    fn id(&self, index: usize) -> ParameterId {
        let set = self.identity;
        ParameterId { set, index }
    }

    /// Whether this is a parameter of this set, or of one that it is a clone of.
    pub fn contains(&self, id: ParameterId) -> bool {
        id.is_of(self.identity) && id.index < self.entries.len()
    }

    #[track_caller]
    fn check(&self, id: ParameterId) {
        assert!(
            self.contains(id),
            "parameter {} of another set: this one has {}, and goes with the model that was made with it",
            id.index,
            self.names(),
        );
    }

    /// "lstm1.U, lstm1.W, lstm1.b, …"
    fn names(&self) -> String {
        self.first_names(3)
    }

    /// The names of no more than `most` parameters.
    fn first_names(&self, most: usize) -> String {
        let names = self.entries.iter().take(most).map(|e| e.name.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        match self.entries.len() {
            0 => "no parameters".into(),
            n if n > most => format!("{names}, …"),
            _ => names,
        }
    }

    /// The value of a parameter.
    ///
    /// # Panics
    /// If the parameter is of another set.
    #[track_caller]
    pub fn get(&self, id: ParameterId) -> &Matrix<T> {
        self.check(id);
        &self.entries[id.index].value
    }

    /// The value of a parameter, to be changed. While a tape holds it, this makes a copy.
    ///
    /// # Panics
    /// If the parameter is of another set.
    #[track_caller]
    pub fn get_mut(&mut self, id: ParameterId) -> &mut Matrix<T> {
        self.check(id);
        Arc::make_mut(&mut self.entries[id.index].value)
    }

    /// The name of a parameter.
    ///
    /// # Panics
    /// If the parameter is of another set.
    #[track_caller]
    pub fn name(&self, id: ParameterId) -> &str {
        self.check(id);
        &self.entries[id.index].name
    }

    /// How many matrices are stacked in a parameter, one below the other: a number of gates, or 1.
    ///
    /// # Panics
    /// If the parameter is of another set.
    #[track_caller]
    pub fn gates(&self, id: ParameterId) -> usize {
        self.check(id);
        self.entries[id.index].gates
    }

    /// Makes a parameter sparse: of its gradient only the rows are kept that were looked up, and an optimizer changes no
    /// others. See [`Embedding::sparse`](crate::Embedding::sparse).
    ///
    /// # Panics
    /// If the parameter is of another set.
    #[track_caller]
    pub fn set_sparse(&mut self, id: ParameterId) {
        self.check(id);
        self.entries[id.index].is_sparse = true;
    }

    /// Whether a parameter is [sparse](ParameterSet::set_sparse).
    ///
    /// # Panics
    /// If the parameter is of another set.
    #[track_caller]
    pub fn is_sparse(&self, id: ParameterId) -> bool {
        self.check(id);
        self.entries[id.index].is_sparse
    }

    /// The parameter of this name.
    pub fn find(&self, name: &str) -> Option<ParameterId> {
        let index = self.entries.iter().position(|e| e.name == name);
        index.map(|index| self.id(index))
    }

    /// The parameter of a name that is known.
    ///
    /// # Panics
    /// If there is none of this name.
    #[track_caller]
    pub(crate) fn named(&self, name: &str) -> ParameterId {
        match self.find(name) {
            Some(id) => id,
            None => panic!(
                "there is no parameter {name}: this set has {}",
                self.first_names(usize::MAX)
            ),
        }
    }

    /// All parameters, in the order in which they were added.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = ParameterId> + use<T> {
        let set = self.identity;
        (0..self.entries.len()).map(move |index| ParameterId { set, index })
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
    ///
    /// # Panics
    /// If the tape holds this set some hundred times already: a loop that does not
    /// [`clear`](Tape::clear) it fills the memory, and each of its sweeps takes longer than the one
    /// before. For several passes on one tape, bind once and use what that gives for all.
    #[track_caller]
    pub fn bind<'t>(&self, tape: &'t Tape<T>) -> Bound<'t, T> {
        self.check_growth(tape);
        let first = tape.len();
        for entry in &self.entries {
            tape.var(Arc::clone(&entry.value)).named(entry.label);
        }
        Bound::new(tape, first, self.entries.len(), Some(self.identity))
    }

    /// A tape that is cleared for each pass is empty here, and costs one comparison. On one that
    /// is not, looking for earlier bindings costs less than the sweep that passes over them.
    #[track_caller]
    fn check_growth(&self, tape: &Tape<T>) {
        let (len, count) = (tape.len(), self.entries.len());
        if count == 0 || len < MOST_BINDINGS * count {
            return;
        }
        let is_ours = |first: usize, index: usize| {
            let (node, entry) = (tape.node(first + index), &self.entries[index]);
            node.shape() == entry.value.shape() && {
                let info = node.info();
                info.parents.is_empty() && info.needs_gradient && info.name == Some(entry.label)
            }
        };
        let starts = 0..=len - count;
        let bindings = starts
            .filter(|&first| (0..count).all(|index| is_ours(first, index)))
            .take(MOST_BINDINGS);
        assert!(
            bindings.count() < MOST_BINDINGS,
            "the tape holds {MOST_BINDINGS} bindings of this set ({}) in {len} nodes, and grows with \
             each: clear() it before each step of a loop, or bind once for several passes",
            self.names()
        );
    }
}

/// How often a tape may hold one set.
const MOST_BINDINGS: usize = 500;

impl<T: Scalar> Default for ParameterSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Scalar> fmt::Debug for ParameterSet<T> {
    /// The names and shapes: `{lstm1.U: [32, 8], lstm1.W: [32, 8]}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for Entry { name, value, .. } in &self.entries {
            map.entry(&format_args!("{name}"), &format_args!("{}", value.shape()));
        }
        map.finish()
    }
}

/// The letters of the lecture, without an allocation for each name.
fn letter(name: &str) -> &'static str {
    const LETTERS: [&str; 15] = [
        "U", "W", "V", "b", "c", "d", "h0", "c0", "E", "U0", "p_i", "p_f", "p_o", "gain", "bias",
    ];
    let last = name.rsplit('.').next().unwrap_or(name);
    LETTERS
        .into_iter()
        .find(|&l| l == last)
        .unwrap_or("parameter")
}
