//! [`Ranks`]: processes that train one model together.

mod link;
#[cfg(feature = "mpi")]
mod mpi;

use std::fmt;
use std::mem;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

pub use link::Link;

/// How long the first rank has the word: `mpirun` takes a second or two to end the others.
const FIRST_WORD: Duration = Duration::from_secs(5);

/// The processes that train one model together, each of which is a rank: an MPI program's, or one that is alone.
///
/// All ranks run the same program on the same data. Of the parts of each mini-batch, a rank computes its
/// [share](Ranks::share); then all have the sum of the gradients, and change the same parameters in the same way. The
/// gradients are added in the order of the parts, from one rank to the next, so that any number of ranks gives the same
/// bits for an equal number of parts. Checkpoints and reports are of the [first](Ranks::is_first) rank.
///
/// ```
/// use train::prelude::*;
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let ranks = Ranks::start()?; // as many as `mpirun -n 4` has started, with the feature `mpi`
///     let outcome = train(&ranks);
///     ranks.end(outcome)
/// }
///
/// fn train(ranks: &Ranks) -> Result<(), Box<dyn std::error::Error>> {
///     let mut parameters = ParameterSet::new();
///     let w = parameters.add("w", Matrix::scalar(0.0));
///     let mut trainer = Trainer::new(parameters, Sgd::new(0.1)).over(ranks);
///     let mut data = Samples::new(vec![1.0, 2.0, 3.0, 4.0], 4).in_parts(4); // as many ranks have something to do
///     Fit::new(30).run(&mut trainer, &mut data, |p, batch, _| {
///         let x = p.tape().constant(Matrix::from_fn(batch.len(), 1, |r, _| batch[r]));
///         (x - p.var(w)).square().mean()
///     })?;
///     assert!((trainer.parameters().get(w)[(0, 0)] - 2.5_f32).abs() < 0.01);
///     Ok(())
/// }
/// ```
#[derive(Clone, Default)]
pub struct Ranks {
    /// None of a process that is alone.
    joined: Option<Arc<Joined>>,
}

/// A rank that is not alone.
struct Joined {
    rank: usize,
    count: usize,
    link: Mutex<Box<dyn Link>>,
    sent: AtomicU64,
}

/// Processes that cannot be joined.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RanksError {
    /// MPI is in use already.
    #[error("MPI was started by somebody else in this process, or has ended")]
    Started,
    /// MPI lets no thread but the first one speak.
    #[error("this MPI has no threads: it must give MPI_THREAD_SERIALIZED")]
    Threads,
}

impl Ranks {
    /// A process by itself: its share is all.
    pub fn alone() -> Self {
        Ranks::default()
    }

    /// The processes that `mpirun` has started, or one that is alone without it. Without the feature `mpi` that is
    /// always so. To be called once, and with [`Ranks::end`] at the end.
    ///
    /// # Errors
    /// If MPI cannot be had.
    pub fn start() -> Result<Self, RanksError> {
        #[cfg(feature = "mpi")]
        return Ok(Ranks::linked(mpi::Mpi::start()?));
        #[cfg(not(feature = "mpi"))]
        Ok(Ranks::alone())
    }

    /// Processes that are linked in another way.
    pub fn linked(link: impl Link + 'static) -> Self {
        let (rank, count) = (link.rank(), link.count());
        let joined = Joined {
            rank,
            count,
            link: Mutex::new(Box::new(link)),
            sent: AtomicU64::new(0),
        };
        Ranks {
            joined: Some(Arc::new(joined)).filter(|_| count > 1),
        }
    }

    /// Which one this process is, from 0.
    pub fn rank(&self) -> usize {
        self.joined.as_ref().map_or(0, |joined| joined.rank)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.joined.as_ref().map_or(1, |joined| joined.count)
    }

    /// Whether this is the rank that speaks and writes for all.
    pub fn is_first(&self) -> bool {
        self.rank() == 0
    }

    /// Whether there is no other.
    pub fn is_alone(&self) -> bool {
        self.joined.is_none()
    }

    /// Which of so many parts are computed here: as many as elsewhere, or one more. The first rank has the first.
    pub fn share(&self, parts: usize) -> Range<usize> {
        let (each, more) = (parts / self.count(), parts % self.count());
        let start = |rank: usize| rank * each + rank.min(more);
        start(self.rank())..start(self.rank() + 1)
    }

    /// How many bytes this rank has sent so far. What is [broadcast](Link::broadcast) counts once.
    pub fn bytes_sent(&self) -> u64 {
        let sent = |joined: &Arc<Joined>| joined.sent.load(Relaxed);
        self.joined.as_ref().map_or(0, sent)
    }

    /// Ends the program of a rank with what it has come to. Where it has failed, and the others do not know yet, they
    /// are not waited for, and `mpirun` ends them; the first rank has the word, so that what is wrong everywhere is said
    /// once.
    ///
    /// # Errors
    /// What is given, after some seconds where this is not the first rank.
    pub fn end<R, E>(self, outcome: Result<R, E>) -> Result<R, E> {
        if outcome.is_err() && !self.is_alone() {
            if !self.is_first() {
                thread::sleep(FIRST_WORD);
            }
            mem::forget(self); // its link would wait for the others
        }
        outcome
    }

    /// For each of some questions, whether a rank says yes. All have to ask.
    pub fn any<const N: usize>(&self, mine: [bool; N]) -> [bool; N] {
        if self.is_alone() {
            return mine;
        }
        let all = self.gather_bytes(&mine.map(u8::from));
        std::array::from_fn(|i| all.iter().any(|of_rank| of_rank[i] != 0))
    }

    /// What each rank has done, in their order; where one has failed, all have. All have to ask.
    ///
    /// # Errors
    /// The first error, where it is; elsewhere what [`OnRank`] says of it.
    pub fn agree<R, E>(&self, mine: Result<R, E>) -> Result<Vec<R>, E>
    where
        R: Serialize + DeserializeOwned,
        E: fmt::Display + From<OnRank>,
    {
        if self.is_alone() {
            return Ok(vec![mine?]);
        }
        let all: Vec<Result<R, String>> = self.gather(&mine.as_ref().map_err(E::to_string));
        let all = all.into_iter().enumerate();
        let all = all.map(|(rank, of)| of.map_err(|reason| OnRank { rank, reason }));
        let agreed: Result<_, OnRank> = all.collect();
        agreed.map_err(|failed| match mine {
            Err(error) if failed.rank == self.rank() => error,
            _ => failed.into(),
        })
    }

    /// Of a list with an element for each part, this rank has computed its share: gives it that of the others.
    pub(crate) fn complete<M: Serialize + DeserializeOwned>(&self, list: &mut [M]) {
        if self.is_alone() {
            return;
        }
        let all = self.gather(&&list[self.share(list.len())]);
        let all: Vec<M> = all.into_iter().flat_map(|of: Vec<M>| of).collect();
        for (to, from) in list.iter_mut().zip(all) {
            *to = from;
        }
    }

    /// Something of each rank, in their order, for all.
    pub(crate) fn gather<S: Serialize, M: DeserializeOwned>(&self, mine: &S) -> Vec<M> {
        let mine = serde_json::to_vec(mine).expect("it is made of lists, texts and numbers");
        let all = self.gather_bytes(&mine);
        let read = |bytes: &Vec<u8>| {
            serde_json::from_slice(bytes).expect("all ranks run the same program")
        };
        all.iter().map(read).collect()
    }

    /// Bytes of each rank, in their order, for all.
    pub(crate) fn gather_bytes(&self, mine: &[u8]) -> Vec<Vec<u8>> {
        let of_rank = |rank| match rank == self.rank() {
            true => self.broadcast(rank, mine.to_vec()),
            false => self.broadcast(rank, Vec::new()),
        };
        (0..self.count()).map(of_rank).collect()
    }

    pub(crate) fn send(&self, to: usize, message: &[u8]) {
        self.count_sent(message);
        self.link().send(to, message);
    }

    pub(crate) fn receive(&self, from: usize) -> Vec<u8> {
        self.link().receive(from)
    }

    /// What one rank says, for all; the others' message does not matter.
    pub(crate) fn broadcast(&self, from: usize, mut message: Vec<u8>) -> Vec<u8> {
        if self.rank() == from {
            self.count_sent(&message);
        }
        self.link().broadcast(from, &mut message);
        message
    }

    fn joined(&self) -> &Joined {
        self.joined.as_ref().expect("there are others")
    }

    fn link(&self) -> MutexGuard<'_, Box<dyn Link>> {
        let link = self.joined().link.lock();
        link.unwrap_or_else(PoisonError::into_inner)
    }

    fn count_sent(&self, message: &[u8]) {
        self.joined().sent.fetch_add(message.len() as u64, Relaxed);
    }
}

/// The first rank that has failed, and how.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("rank {rank}: {reason}")]
pub struct OnRank {
    /// Which.
    pub rank: usize,
    /// What its error says.
    pub reason: String,
}

impl fmt::Debug for Ranks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rank {} of {}", self.rank(), self.count())
    }
}
