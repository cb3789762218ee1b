//! What a part of the mini-batch is computed on, and what can be wrong with its loss.

use autograd::{NodeInfo, Scalar, Tape, Var};
use layers::{Bound, ParameterSet};

use crate::ranks::OnRank;
use crate::{ParameterGradients, Ranks, TrainError};

pub(crate) struct Shard<T: Scalar> {
    pub tape: Tape<T>,
    pub gradients: ParameterGradients<T>,
}

/// The loss of a shard, or the sum of several.
pub(crate) struct Differentiated {
    pub loss: f64,
    /// What is to be said, as it depends on no parameter.
    pub independent: Option<TrainError>,
}

impl Differentiated {
    /// The sum over the parts of all ranks, in their order, or what has failed first. These are this rank's.
    pub fn sum(ranks: &Ranks, parts: Result<Vec<Self>, TrainError>) -> Result<Self, TrainError> {
        let parts = match ranks.is_alone() {
            true => parts?,
            false => Self::of_all(ranks, parts)?,
        };
        let sum = parts.into_iter().reduce(Self::plus);
        Ok(sum.expect("there is a part"))
    }

    /// The parts of all ranks: their losses, and in words what is to be said of them.
    fn of_all(
        ranks: &Ranks,
        parts: Result<Vec<Self>, TrainError>,
    ) -> Result<Vec<Self>, TrainError> {
        let said = |part: &Self| {
            let independent = part.independent.as_ref().map(TrainError::to_string);
            (part.loss.to_bits(), independent)
        };
        let mine = parts.map(|parts| parts.iter().map(said).collect::<Vec<_>>());
        let all = ranks.agree(mine)?.into_iter().flatten();
        let heard = |(loss, independent): (u64, Option<String>)| Differentiated {
            loss: f64::from_bits(loss),
            independent: independent.map(|reason| OnRank { rank: 0, reason }.into()),
        };
        Ok(all.map(heard).collect())
    }

    /// The sum depends on a parameter if one of both does.
    pub fn plus(self, other: Self) -> Self {
        Differentiated {
            loss: self.loss + other.loss,
            independent: self.independent.filter(|_| other.independent.is_some()),
        }
    }
}

/// Why a shard has no gradients: a step that must not be done, or a mistake in the program, to be
/// told at its line.
pub(crate) enum Failure {
    Step(TrainError),
    Mistake(String),
}

impl Failure {
    /// The error, unless it is a mistake.
    #[track_caller]
    pub fn or_panic(self) -> TrainError {
        match self {
            Failure::Step(error) => error,
            Failure::Mistake(text) => panic!("{text}"),
        }
    }
}

impl<T: Scalar> Shard<T> {
    pub fn new(parameters: &ParameterSet<T>) -> Self {
        Shard {
            tape: Tape::new(),
            gradients: ParameterGradients::new(parameters),
        }
    }

    /// The loss; its gradients are collected.
    pub fn differentiate<F>(
        &mut self,
        parameters: &ParameterSet<T>,
        loss: F,
    ) -> Result<Differentiated, Failure>
    where
        F: for<'t> FnOnce(&Bound<'t, T>) -> Var<'t, T>,
    {
        self.tape.clear();
        self.gradients.give_back(&self.tape);
        let bound = parameters.bind(&self.tape);
        let node = loss(&bound);
        if let Some(mistake) = mistake(node, &self.tape) {
            self.gradients = ParameterGradients::new(parameters);
            return Err(Failure::Mistake(mistake));
        }
        let loss = node.item().to_f64();
        if !loss.is_finite() {
            self.gradients = ParameterGradients::new(parameters);
            let first = self.tape.first_non_finite().map(Box::new);
            return Err(Failure::Step(TrainError::NonFiniteLoss { loss, first }));
        }
        let reached = self.gradients.collect(node, &bound);
        let independent = (!reached).then(|| TrainError::Independent {
            loss: Box::new(node.info()),
            cut: cut(node).map(Box::new),
        });
        Ok(Differentiated { loss, independent })
    }

    /// The loss, without a sweep.
    pub fn evaluate<F>(&mut self, parameters: &ParameterSet<T>, loss: F) -> Result<f64, Failure>
    where
        F: for<'t> FnOnce(&Bound<'t, T>) -> Var<'t, T>,
    {
        self.tape.clear();
        let node = loss(&parameters.bind(&self.tape));
        if let Some(mistake) = mistake(node, &self.tape) {
            return Err(Failure::Mistake(mistake));
        }
        let value = node.item().to_f64();
        self.tape.clear();
        Ok(value)
    }
}

/// What makes a node no loss of a training step, if something does.
pub(crate) fn mistake<T: Scalar>(loss: Var<'_, T>, tape: &Tape<T>) -> Option<String> {
    let (info, shape) = (loss.info(), loss.shape());
    if !std::ptr::eq(loss.tape(), tape) {
        let text =
            "the loss is on another tape than the parameters: what it is made of goes on p.tape()";
        Some(format!("{text}, and {info} is not"))
    } else if shape.len() > 1 {
        Some(format!(
            "the loss is {info} of shape {shape}, and is to be one number: take its mean() or sum()"
        ))
    } else {
        None
    }
}

/// The last detach() on the way to a node.
fn cut<T: Scalar>(loss: Var<'_, T>) -> Option<NodeInfo> {
    let tape = loss.tape();
    let mut seen = vec![false; loss.index() + 1];
    seen[loss.index()] = true;
    for index in (0..=loss.index()).rev() {
        if !seen[index] {
            continue;
        }
        let info = tape.node(index).info();
        if info.operation == "detach" {
            return Some(info);
        }
        info.parents.iter().for_each(|&parent| seen[parent] = true);
    }
    None
}
