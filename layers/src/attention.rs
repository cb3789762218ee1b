//! [`Attention`]: a weighted look at the steps of another sequence.

use std::fmt;

use autograd::{Matrix, Scalar, Var};
use rand::Rng;

use crate::weights::{dotted, sizes};
use crate::{Bound, Lengths, ParameterId, ParameterSet, Sequence, check, uniform};

/// Attention of a sequence of queries q over the steps of a memory m, such as a decoder's over the
/// outputs of an encoder. For query q_i of a sample, and the steps m_j of the same sample,
///
/// ```text
/// α_ij = softmax_j score(q_i, m_j)
/// c_i  = Σ_j α_ij m_j
///
/// score(q, m) = q · m                      dot        (Luong et al. 2015)
/// score(q, m) = q · W m                    general    (Luong et al. 2015)
/// score(q, m) = v · tanh(W q + U m + b)    additive   (Bahdanau et al. 2015)
/// ```
///
/// It is recorded sample by sample, as softmax(Q Kᵀ) M for matrices of the sample's own steps, so that
/// samples of different length need no mask.
///
/// ```
/// use autograd::{Matrix, Tape};
/// use layers::{Attention, ParameterSet, Sequence};
///
/// let tape = Tape::<f64>::new();
/// let p = ParameterSet::new().bind(&tape);
/// let memory = Sequence::from_samples(&tape, &[Matrix::from([[1.0, 0.0], [0.0, 9.0]])])?;
/// let queries = Sequence::from_samples(&tape, &[Matrix::from([[0.0, 9.0]])])?;
/// let attention = Attention::dot();
/// let attended = attention.apply(&p, &queries, &attention.remember(&p, &memory));
/// assert!(attended.weights[0].value().row(0)[1] > 0.999); // looks at the second step
/// assert!(attended.contexts.last().value().row(0)[1] > 8.9);
/// # Ok::<(), layers::SequenceError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Attention {
    name: String,
    score: Score,
}

#[derive(Clone, Copy, Debug)]
enum Score {
    Dot,
    /// W: `[query, memory]`.
    General(ParameterId),
    Additive {
        /// W: `[A, query]`.
        w: ParameterId,
        /// U: `[A, memory]`.
        u: ParameterId,
        /// b: `[1, A]`.
        b: ParameterId,
        /// v: `[1, A]`.
        v: ParameterId,
    },
}

impl Attention {
    /// The score is the product of query and memory, which are as wide as each other.
    pub fn dot() -> Self {
        Attention {
            name: String::new(),
            score: Score::Dot,
        }
    }

    /// Adds the parameter "name.W", `[query, memory]`, drawn from U(-1/√memory, 1/√memory).
    ///
    /// # Panics
    /// If the name is taken, or a size is 0.
    #[track_caller]
    pub fn general<T: Scalar>(
        set: &mut ParameterSet<T>,
        name: &str,
        query: usize,
        memory: usize,
        rng: &mut (impl Rng + ?Sized),
    ) -> Self {
        sizes(
            name,
            &[(query, "query features"), (memory, "memory features")],
        );
        let w = uniform(query, memory, 1.0 / (memory as f64).sqrt(), rng);
        let score = Score::General(set.add(dotted(name, "W"), w));
        Attention {
            name: name.into(),
            score,
        }
    }

    /// Adds the parameters "name.W", `[size, query]`, "name.U", `[size, memory]`, "name.b" and "name.v",
    /// `[1, size]`, drawn from U(-1/√n, 1/√n) for n inputs.
    ///
    /// # Panics
    /// If a name is taken, or a size is 0.
    #[track_caller]
    pub fn additive<T: Scalar>(
        set: &mut ParameterSet<T>,
        name: &str,
        (query, memory): (usize, usize),
        size: usize,
        rng: &mut (impl Rng + ?Sized),
    ) -> Self {
        sizes(
            name,
            &[
                (query, "query features"),
                (memory, "memory features"),
                (size, "hidden units"),
            ],
        );
        let mut add = |letter, rows, cols: usize, inputs: usize| {
            set.add(
                dotted(name, letter),
                uniform(rows, cols, 1.0 / (inputs as f64).sqrt(), rng),
            )
        };
        let score = Score::Additive {
            w: add("W", size, query, query),
            u: add("U", size, memory, memory),
            b: add("b", 1, size, memory),
            v: add("v", 1, size, size),
        };
        Attention {
            name: name.into(),
            score,
        }
    }

    /// Prepares a memory, once for all queries.
    ///
    /// # Panics
    /// If the memory has another number of features than the attention was made for.
    #[track_caller]
    pub fn remember<'t, T: Scalar>(
        &self,
        p: &Bound<'t, T>,
        memory: &Sequence<'t, T>,
    ) -> Memory<'t, T> {
        let _scope = (!self.name.is_empty()).then(|| p.tape().scope(&self.name));
        let values = memory.samples();
        let keys = match self.score {
            Score::Dot => values.clone(),
            Score::General(w) => self.project(p, memory, w, |m, w| m.matmul_t(w)),
            Score::Additive { u, b, .. } => {
                self.project(p, memory, u, |m, u| p.var(b).add_matmul_t(m, u))
            }
        };
        Memory { keys, values }
    }

    /// A product of all rows of a memory with a parameter, by sample.
    #[track_caller]
    fn project<'t, T: Scalar>(
        &self,
        p: &Bound<'t, T>,
        memory: &Sequence<'t, T>,
        parameter: ParameterId,
        f: impl FnOnce(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
    ) -> Vec<Var<'t, T>> {
        let place = (self.name.as_str(), "remember");
        check::parameters(place.0, place.1, p, [parameter]);
        let (m, parameter) = (memory.stacked(), p.var(parameter));
        check::operand(place, m, parameter, parameter.col_count(), |_| {
            format!("the memory has {}", parameter.col_count())
        });
        memory.map(|m| f(m, parameter).named("k")).samples()
    }

    /// What each query finds in the memory of its sample.
    ///
    /// A decoder that asks step by step gives B rows as a sequence of one step; several hypotheses about
    /// one sample are its steps.
    ///
    /// # Panics
    /// If queries and memory have not as many samples, or the queries another number of features than
    /// the attention was made for.
    #[track_caller]
    pub fn apply<'t, T: Scalar>(
        &self,
        p: &Bound<'t, T>,
        queries: &Sequence<'t, T>,
        memory: &Memory<'t, T>,
    ) -> Attended<'t, T> {
        let lengths = queries.lengths();
        let (found, expected) = (lengths.samples(), memory.keys.len());
        assert!(
            found == expected,
            "queries of {found} samples, and the memory is of {expected}"
        );
        let _scope = (!self.name.is_empty()).then(|| p.tape().scope(&self.name));
        let queries = queries.map(|q| self.queries(p, q, memory)).samples();
        let weights = queries.iter().zip(&memory.keys).map(|(&q, &k)| {
            let scores = self.scores(p, q, k).named("scores");
            scores.softmax().named("alpha")
        });
        let weights: Vec<_> = weights.collect();
        let contexts = weights.iter().zip(&memory.values);
        let contexts: Vec<_> = contexts.map(|(&alpha, &m)| alpha.matmul(m)).collect();
        let contexts = from_samples(&contexts, lengths).named("context");
        Attended {
            contexts: Sequence::from_stacked(contexts, lengths),
            weights,
        }
    }

    /// The queries as the scores see them.
    #[track_caller]
    fn queries<'t, T: Scalar>(
        &self,
        p: &Bound<'t, T>,
        queries: Var<'t, T>,
        memory: &Memory<'t, T>,
    ) -> Var<'t, T> {
        let place = (self.name.as_str(), "attention");
        let fits = |with: Var<'t, T>| {
            check::operand(place, queries, with, with.col_count(), |_| {
                format!("what they are held against has {}", with.col_count())
            });
        };
        match self.score {
            Score::Dot | Score::General(_) => {
                fits(memory.keys[0]);
                queries
            }
            Score::Additive { w, .. } => {
                fits(p.var(w));
                queries.matmul_t(p.var(w)).named("q")
            }
        }
    }

    /// The scores of the queries of a sample, `[T, features]`, by its keys `[S, features]`: `[T, S]`.
    fn scores<'t, T: Scalar>(
        &self,
        p: &Bound<'t, T>,
        queries: Var<'t, T>,
        keys: Var<'t, T>,
    ) -> Var<'t, T> {
        let Score::Additive { v, .. } = self.score else {
            return queries.matmul_t(keys);
        };
        let of_query = |i: usize| p.var(v).matmul_t((keys + queries.rows(i..i + 1)).tanh());
        match queries.row_count() {
            1 => p.var(v).matmul_t((keys + queries).tanh()),
            count => Var::concat_rows(&(0..count).map(of_query).collect::<Vec<_>>()),
        }
    }
}

/// A memory that attention has been prepared for, made by [`Attention::remember`].
#[derive(Clone)]
pub struct Memory<'t, T = f32> {
    /// What queries are held against, of each sample.
    keys: Vec<Var<'t, T>>,
    /// What they find, of each sample.
    values: Vec<Var<'t, T>>,
}

impl<T> Memory<'_, T> {
    /// The number of samples.
    pub fn samples(&self) -> usize {
        self.keys.len()
    }
}

impl<T: Scalar> fmt::Debug for Memory<'_, T> {
    /// `Memory(3 samples of [4, 8], [2, 8], [5, 8])`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shapes: Vec<_> = self.values.iter().map(|v| v.shape().to_string()).collect();
        write!(
            f,
            "Memory({} samples of {})",
            shapes.len(),
            shapes.join(", ")
        )
    }
}

/// What queries have found, made by [`Attention::apply`].
#[derive(Clone, Debug)]
pub struct Attended<'t, T: Scalar = f32> {
    /// The context c_i of every query, as wide as the memory.
    pub contexts: Sequence<'t, T>,
    /// The weights α of each sample, `[queries, steps of the memory]`: rows that sum to 1.
    pub weights: Vec<Var<'t, T>>,
}

impl<T: Scalar> Attended<'_, T> {
    /// The weights of a sample as numbers, such as for a heat map.
    ///
    /// # Panics
    /// If there is no such sample.
    #[track_caller]
    pub fn weights_of(&self, sample: usize) -> Matrix<T> {
        let samples = self.weights.len();
        assert!(sample < samples, "sample {sample} of {samples}");
        self.weights[sample].value().to_matrix()
    }
}

/// Rows that lie sample by sample, in the order of the steps.
fn from_samples<'t, T: Scalar>(samples: &[Var<'t, T>], lengths: &Lengths) -> Var<'t, T> {
    let x = Var::concat_rows(samples);
    let Some(rows) = lengths.by_sample() else {
        return x;
    };
    let mut places = vec![0; rows.len()];
    rows.iter()
        .enumerate()
        .for_each(|(place, &row)| places[row] = place);
    x.gather_rows(&places)
}
