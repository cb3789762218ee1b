//! [`Link`]: how ranks speak with each other.

/// How a rank speaks with the others: what [`Ranks`](crate::Ranks) need of MPI, or of something else that is to take its
/// place. Messages between two ranks arrive in the order in which they were sent.
///
/// A rank that is gone ends all others: no method returns without having done what it says.
pub trait Link: Send {
    /// Which one this process is, from 0.
    fn rank(&self) -> usize;

    /// How many there are.
    fn count(&self) -> usize;

    /// Sends a message to another rank. It may wait until that receives it.
    fn send(&mut self, to: usize, message: &[u8]);

    /// The next message of another rank.
    fn receive(&mut self, from: usize) -> Vec<u8>;

    /// Gives all ranks the message of one. All have to call it.
    fn broadcast(&mut self, from: usize, message: &mut Vec<u8>);
}
