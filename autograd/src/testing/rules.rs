//! What is printed is what runs: the rule of every node, as text, against what the node sends.

use super::check::CheckError;
use super::meaning::{Letters, NoMeaning, evaluate};
use crate::{Matrix, Var};

/// Holds the printed rules of all nodes up to `y` against what the nodes send when `e` is swept; gives
/// the names of those operations whose rules are prose.
pub fn check_rules(y: Var<'_, f64>, e: Var<'_, f64>) -> Result<Vec<&'static str>, CheckError> {
    let tape = y.tape();
    let mut prose = Vec::new();
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
    prose: &mut Vec<&'static str>,
) -> Result<(), CheckError> {
    let info = node.info();
    let tape = node.tape();
    let operands: Vec<_> = info.parents.iter().map(|&p| tape.node(p)).collect();
    for (i, &operand) in operands.iter().enumerate() {
        // A node that is an operand twice receives both contributions together.
        let is_first = operands[..i].iter().all(|o| *o != operand);
        let shares = |o: &&Var<'_, f64>| **o != operand && o.owner() == operand.owner();
        let is_apart = operands.iter().find(shares).is_none();
        let wants = operand.info().needs_gradient || !node.passes_gradient();
        if !(is_first && is_apart && wants) {
            continue;
        }
        let zeros = || Matrix::zeros(operand.row_count(), operand.col_count());
        let expected = sent(i).unwrap_or_else(zeros);
        let mut printed = zeros();
        let mut is_prose = false;
        for (i, _) in operands.iter().enumerate().filter(|(_, o)| **o == operand) {
            match value(node, i, gradient) {
                Ok(value) => printed += &value,
                Err(NoMeaning::Prose) => is_prose = true,
                Err(NoMeaning::Shapes(complaint)) => {
                    return Err(CheckError::Formula {
                        operation: info.operation,
                        operand: i,
                        rule: node.rule(i),
                        complaint,
                    });
                }
            }
        }
        if is_prose {
            prose.push(info.operation);
            continue;
        }
        let scale = expected.norm() + gradient.norm();
        let pairs = expected.data().iter().zip(printed.data());
        let differs = |(sent, printed): (&f64, &f64)| {
            let agree = (sent - printed).abs() <= 1e-10 * scale;
            !agree
        };
        if let Some(at) = pairs.map(differs).position(|differs| differs) {
            return Err(CheckError::Rule {
                operation: info.operation,
                operand: i,
                rule: node.rule(i),
                element: (at / expected.col_count(), at % expected.col_count()),
                printed: printed.data()[at],
                sent: expected.data()[at],
            });
        }
    }
    prose.sort_unstable();
    prose.dedup();
    Ok(())
}

/// The value of what is printed for an operand.
fn value(
    node: Var<'_, f64>,
    operand: usize,
    gradient: &Matrix<f64>,
) -> Result<Matrix<f64>, NoMeaning> {
    let (tape, parents) = (node.tape(), node.info().parents);
    let named = tape.letters(node.index()).chars().zip(&parents);
    let recording = tape.recording();
    let letters = Letters {
        gradient,
        output: &node.value().to_matrix(),
        operands: named
            .map(|(letter, &p)| (letter, tape.value(p).to_matrix()))
            .collect(),
        integers: recording.integers(&recording.nodes[node.index()].operands),
        to: tape.node(parents[operand]).shape(),
    };
    evaluate(&node.rule(operand), &letters)
}
