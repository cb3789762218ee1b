//! What is printed is what runs: the rule of every node, as text, against what the node sends.

use std::collections::BTreeSet;

use super::meaning::{Letters, NoMeaning, evaluate};
use super::problem::CheckError;
use crate::{Matrix, Var};

/// Holds the printed rules of all nodes up to `y` against what the nodes send when `e` is swept; gives
/// the names of those operations whose rules are prose.
pub fn check_rules(y: Var<'_, f64>, e: Var<'_, f64>) -> Result<BTreeSet<&'static str>, CheckError> {
    let tape = y.tape();
    let mut prose = BTreeSet::new();
    for event in e.replay().filter(|event| event.node.index <= y.index()) {
        let node = tape.node(event.node.index);
        let of = |operand| {
            let sent = event.sent.iter().find(|sent| sent.operand == operand);
            sent.map(|sent| sent.contribution.clone())
        };
        check_node(node, &event.gradient, of, &mut prose)?;
    }
    // The sweep passes over views, whose gradient is a part of that of another node.
    let gradients = e.backward();
    let nodes = (0..=y.index()).map(|index| tape.node(index));
    for node in nodes.filter(|&node| node.owner() != node) {
        let gradient = match node.passes_gradient() {
            true => gradients.of(node),
            false => Matrix::filled(node.row_count(), node.col_count(), 1.0),
        };
        let sent = node.backward_from(&gradient);
        let parent = tape.node(node.info().parents[0]);
        check_node(node, &gradient, |_| Some(sent.of(parent)), &mut prose)?;
    }
    Ok(prose)
}

/// All operands of one node; `sent` gives what was sent to an operand, if anything was.
fn check_node(
    node: Var<'_, f64>,
    gradient: &Matrix<f64>,
    sent: impl Fn(usize) -> Option<Matrix<f64>>,
    prose: &mut BTreeSet<&'static str>,
) -> Result<(), CheckError> {
    let (operation, tape) = (node.info().operation, node.tape());
    let parents = node.info().parents;
    let operands: Vec<_> = parents.iter().map(|&p| tape.node(p)).collect();
    for (i, &operand) in operands.iter().enumerate() {
        // A node that is an operand twice receives both contributions together.
        let uses: Vec<_> = (0..operands.len())
            .filter(|&j| operands[j] == operand)
            .collect();
        let shares = |o: &Var<'_, f64>| *o != operand && o.owner() == operand.owner();
        let wants = operand.info().needs_gradient || !node.passes_gradient();
        if uses[0] != i || !wants || operands.iter().any(shares) {
            continue;
        }
        let rule = || node.rule(i);
        let printed = match value(node, &uses, gradient) {
            Ok(printed) => printed,
            Err(NoMeaning::Prose) => {
                prose.insert(operation);
                continue;
            }
            Err(NoMeaning::Shapes(complaint)) => {
                return Err(CheckError::Formula {
                    operation,
                    operand: i,
                    rule: rule(),
                    complaint,
                });
            }
        };
        let sent = sent(i).unwrap_or_else(|| zeros(operand));
        let tolerance = 1e-10 * (sent.norm() + gradient.norm());
        let mut pairs = sent.data().iter().zip(printed.data());
        let differ = |(sent, printed): (&f64, &f64)| {
            let agree = (sent - printed).abs() <= tolerance;
            !agree // as NaN does
        };
        if let Some(at) = pairs.position(differ) {
            return Err(CheckError::Rule {
                operation,
                operand: i,
                rule: rule(),
                element: (at / sent.col_count(), at % sent.col_count()),
                printed: printed.data()[at],
                sent: sent.data()[at],
            });
        }
    }
    Ok(())
}

fn zeros(like: Var<'_, f64>) -> Matrix<f64> {
    Matrix::zeros(like.row_count(), like.col_count())
}

/// The value of what is printed for a node that is these operands.
fn value(
    node: Var<'_, f64>,
    uses: &[usize],
    gradient: &Matrix<f64>,
) -> Result<Matrix<f64>, NoMeaning> {
    let (tape, parents) = (node.tape(), node.info().parents);
    let named = tape.letters(node.index()).chars().zip(&parents);
    let recording = tape.recording();
    let operand = tape.node(parents[uses[0]]);
    let letters = Letters {
        gradient,
        output: &node.value().to_matrix(),
        operands: named
            .map(|(letter, &p)| (letter, tape.value(p).to_matrix()))
            .collect(),
        integers: recording.integers(&recording.nodes[node.index()].operands),
        to: operand.shape(),
    };
    uses.iter().try_fold(zeros(operand), |sum, &i| {
        Ok(sum + evaluate(&node.rule(i), &letters)?)
    })
}
