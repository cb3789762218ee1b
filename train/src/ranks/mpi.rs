//! The ranks of an MPI program, by the crate `mpi`.

use std::thread;

use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, Destination, Root, Source};
use mpi::{Rank, Threading};

use super::{Link, RanksError};

/// All processes of the program. MPI ends with it; or where this process panics, all of them do at once.
pub(super) struct Mpi {
    universe: Universe,
}

impl Mpi {
    pub fn start() -> Result<Self, RanksError> {
        // Whichever thread trains speaks, one at a time.
        let started = mpi::initialize_with_threading(Threading::Serialized);
        let (universe, threads) = started.ok_or(RanksError::Started)?;
        match threads >= Threading::Serialized {
            true => Ok(Mpi { universe }),
            false => Err(RanksError::Threads),
        }
    }

    fn world(&self) -> SimpleCommunicator {
        self.universe.world()
    }
}

/// As MPI counts.
fn number(rank: usize) -> Rank {
    rank.try_into().expect("a rank")
}

impl Link for Mpi {
    fn rank(&self) -> usize {
        self.world().rank().try_into().expect("from 0")
    }

    fn count(&self) -> usize {
        self.world().size().try_into().expect("from 1")
    }

    fn send(&mut self, to: usize, message: &[u8]) {
        self.world().process_at_rank(number(to)).send(message);
    }

    fn receive(&mut self, from: usize) -> Vec<u8> {
        let (message, _) = self.world().process_at_rank(number(from)).receive_vec();
        message
    }

    fn broadcast(&mut self, from: usize, message: &mut Vec<u8>) {
        let world = self.world();
        let root = world.process_at_rank(number(from));
        let mut len = message.len() as u64;
        root.broadcast_into(&mut len);
        message.resize(
            usize::try_from(len).expect("what the other has, this one can have"),
            0,
        );
        root.broadcast_into(&mut message[..]);
    }
}

impl Drop for Mpi {
    fn drop(&mut self) {
        if thread::panicking() {
            self.world().abort(101); // as a program that has panicked
        }
    }
}
