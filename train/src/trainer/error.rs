//! [`TrainError`]: why a step was not done.

use autograd::NodeInfo;
use thiserror::Error;

use crate::ranks::OnRank;

/// A step that must not change the parameters.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A loss that is NaN or infinite.
    #[error("the loss is {loss}{}", origin(first.as_deref()))]
    NonFiniteLoss {
        /// The loss.
        loss: f64,
        /// The first node that is not finite, with its time step.
        first: Option<Box<NodeInfo>>,
    },
    /// A finite loss with a gradient that is NaN or infinite.
    #[error("the gradient norm is {norm}{}", origin_by(parameter.as_deref()))]
    NonFiniteGradient {
        /// The global norm.
        norm: f64,
        /// The first parameter whose gradient is not finite.
        parameter: Option<String>,
    },
    /// A loss that no parameter has an influence on: nothing would be learned.
    #[error("the loss {loss} depends on no parameter: {}", severed(cut.as_deref()))]
    Independent {
        /// The loss.
        loss: Box<NodeInfo>,
        /// The last detach() on the way to it.
        cut: Option<Box<NodeInfo>>,
    },
    /// One of these, on another rank.
    #[error(transparent)]
    OnRank(#[from] OnRank),
}

fn origin(node: Option<&NodeInfo>) -> String {
    let Some(node) = node else {
        return String::new();
    };
    let time = node.time.map(|t| format!(" at time step {t}"));
    format!(
        ": the first value that is not finite is {node}{}",
        time.unwrap_or_default()
    )
}

fn origin_by(parameter: Option<&str>) -> String {
    parameter.map_or_else(String::new, |p| format!(": that of {p} is not finite"))
}

fn severed(cut: Option<&NodeInfo>) -> String {
    match cut {
        Some(node) => format!("{node} cuts it off"),
        None => "p.var(…) has no part in it".into(),
    }
}
