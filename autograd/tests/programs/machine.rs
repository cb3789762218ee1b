//! A machine that records random programs: whatever numbers an instruction has, there are operands for it.

use autograd::testing::{Example, Values, matrices, operations};
use autograd::{Matrix, Scalar, Shape, Tape, Var};
use proptest::prelude::*;

/// Where operands are as they come: what is bounded keeps within these.
const BOUND: f64 = 2.0;
/// The values that a program is given.
const INPUTS: Values = Values::between(-1.0, 1.0);

/// A straight-line program, and what it is run on.
#[derive(Clone, Debug)]
pub struct Program {
    pub instructions: Vec<Instruction>,
    pub inputs: Vec<Matrix<f64>>,
}

/// One line of a program.
#[derive(Clone, Debug)]
pub struct Instruction {
    kind: Kind,
    /// The row of the table of operations.
    row: usize,
    /// The sizes of its operands.
    sizes: [usize; 3],
    /// Which of the nodes so far they are, by numbers of any size.
    picks: [usize; 3],
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// An operation of the table.
    Operation,
    /// A node with the graph cut behind it.
    Cut,
    /// So many of the next instructions as a function that is recorded as one node.
    Recompute(usize),
}

/// Programs of up to so many instructions, on matrices of these sizes.
pub fn programs(most: usize, sizes: &'static [usize]) -> impl Strategy<Value = Program> {
    let size = || prop::sample::select(sizes);
    let kind = prop_oneof![
        10 => Just(Kind::Operation),
        1 => Just(Kind::Cut),
        1 => (1..6_usize).prop_map(Kind::Recompute),
    ];
    let picks = || 0..1000_usize;
    let instruction = (
        kind,
        0..operations::<f64>().len(),
        [size(), size(), size()],
        [picks(), picks(), picks()],
    );
    let instruction = instruction.prop_map(|(kind, row, sizes, picks)| Instruction {
        kind,
        row,
        sizes,
        picks,
    });
    let input = (size(), size()).prop_flat_map(|(rows, cols)| matrices(rows, cols, INPUTS));
    let inputs = prop::collection::vec(input, 1..4);
    let instructions = prop::collection::vec(instruction, 1..=most);
    (instructions, inputs).prop_map(|(instructions, inputs)| Program {
        instructions,
        inputs,
    })
}

/// A node of the program.
#[derive(Clone, Copy, Debug)]
struct Known {
    index: usize,
    /// Whether its elements are between −[`BOUND`] and [`BOUND`], whatever the inputs are.
    is_bounded: bool,
    is_used: bool,
}

/// The nodes that the instructions so far have made. They are kept by their places, so that a tape can be rewound to
/// what there was after an instruction.
#[derive(Clone, Debug)]
pub struct Machine<'p> {
    rest: &'p [Instruction],
    known: Vec<Known>,
    /// The nodes behind which the graph is cut.
    pub cuts: Vec<usize>,
    /// Their values, where constants are to stand for them: differences see no cut.
    frozen: Option<&'p [Matrix<f64>]>,
}

impl<'p> Machine<'p> {
    /// Before the first instruction.
    pub fn new<T: Scalar>(instructions: &'p [Instruction], inputs: &[Var<'_, T>]) -> Self {
        let known = inputs.iter().map(|x| Known {
            index: x.index(),
            is_bounded: true,
            is_used: false,
        });
        Machine {
            rest: instructions,
            known: known.collect(),
            cuts: Vec::new(),
            frozen: None,
        }
    }

    pub fn with_frozen(mut self, frozen: &'p [Matrix<f64>]) -> Self {
        self.frozen = Some(frozen);
        self
    }

    /// The mean of all that nothing else has been computed from, and of the last node.
    pub fn run<'t, T: Scalar>(mut self, tape: &'t Tape<T>) -> Var<'t, T> {
        while self.step(tape) {}
        let ends = self.known.iter().filter(|known| !known.is_used);
        ends.map(|known| tape.node(known.index).tanh().mean()).sum()
    }

    /// Carries out an instruction, if there is one more.
    pub fn step<T: Scalar>(&mut self, tape: &Tape<T>) -> bool {
        let Some((instruction, rest)) = self.rest.split_first() else {
            return false;
        };
        self.rest = rest;
        match instruction.kind {
            Kind::Operation => self.operation(tape, instruction),
            Kind::Cut => self.cut(tape, instruction),
            Kind::Recompute(count) => self.recompute(tape, instruction, count.min(rest.len())),
        }
        true
    }

    fn operation<T: Scalar>(&mut self, tape: &Tape<T>, instruction: &Instruction) {
        let example = &operations::<T>()[instruction.row];
        let [m, n, k] = instruction.sizes;
        let shapes = (example.shapes)(m, n, k);
        let operands = shapes.into_iter().zip(instruction.picks);
        let operands = operands.map(|(shape, pick)| {
            let (x, is_bounded) = self.of_shape(tape, shape, pick);
            within(x, is_bounded, example.values, pick)
        });
        let operands: Vec<_> = operands.collect();
        self.learn((example.function)(&operands), keeps_bounds(example));
    }

    fn cut<T: Scalar>(&mut self, tape: &Tape<T>, instruction: &Instruction) {
        let known = self.pick(instruction.picks[0]);
        let x = tape.node(known.index);
        let y = match self.frozen {
            Some(values) => tape.constant(values[self.cuts.len()].map(T::from_f64)),
            None => x.detach(),
        };
        self.cuts.push(y.index());
        self.learn(y, known.is_bounded);
    }

    /// In the function nothing is cut: its instructions are operations all.
    fn recompute<T: Scalar>(&mut self, tape: &Tape<T>, instruction: &Instruction, count: usize) {
        let (inside, rest) = self.rest.split_at(count);
        self.rest = rest;
        let operands = [instruction.picks[0], instruction.picks[1]].map(|pick| self.pick(pick));
        let operands =
            operands.map(|known| within(tape.node(known.index), known.is_bounded, INPUTS, 0));
        let inside: Vec<_> = inside.to_vec();
        let y = tape.recompute(&operands, move |v| {
            let mut machine = Machine::new(&inside, v);
            for instruction in &inside {
                machine.operation(v[0].tape(), instruction);
            }
            v[0].tape()
                .node(machine.known[machine.known.len() - 1].index)
                * v[1].mean()
        });
        self.learn(y, false);
    }

    fn learn<T: Scalar>(&mut self, y: Var<'_, T>, is_bounded: bool) {
        self.known.push(Known {
            index: y.index(),
            is_bounded,
            is_used: false,
        });
    }

    fn pick(&mut self, pick: usize) -> Known {
        let place = pick % self.known.len();
        self.known[place].is_used = true;
        self.known[place]
    }

    /// A node of a shape, and whether it is bounded: one that has it, or what can be made of another by views and
    /// look-ups.
    fn of_shape<'t, T: Scalar>(
        &mut self,
        tape: &'t Tape<T>,
        shape: Shape,
        pick: usize,
    ) -> (Var<'t, T>, bool) {
        let has_it = |known: &&mut Known| tape.node(known.index).shape() == shape;
        let mut fitting: Vec<_> = self.known.iter_mut().filter(has_it).collect();
        let place = pick % (fitting.len() + 1);
        if let Some(known) = fitting.get_mut(place) {
            known.is_used = true;
            return (tape.node(known.index), known.is_bounded);
        }
        let known = self.pick(pick);
        let x = tape.node(known.index);
        let by_rows = with_rows(x, shape.rows, pick);
        let both = match shape.cols == by_rows.col_count() {
            true => by_rows,
            false if shape.cols < by_rows.col_count() => {
                let first = pick % (by_rows.col_count() - shape.cols);
                by_rows.cols(first..first + shape.cols)
            }
            false => with_rows(by_rows.transpose(), shape.cols, pick).transpose(),
        };
        (both, known.is_bounded)
    }
}

/// So many rows of x, as a view or with repetitions.
fn with_rows<T: Scalar>(x: Var<'_, T>, rows: usize, pick: usize) -> Var<'_, T> {
    let found = x.row_count();
    if rows <= found {
        let first = pick % (found - rows + 1);
        return x.rows(first..first + rows);
    }
    let indices: Vec<_> = (0..rows).map(|r| (r * 3 + pick) % found).collect();
    x.gather_rows(&indices)
}

/// Whether what it gives is between the bounds, if all that it is given is.
fn keeps_bounds<T: Scalar>(example: &Example<T>) -> bool {
    const KEEPING: [&str; 15] = [
        "tanh",
        "sigmoid",
        "clamp",
        "negate",
        "softmax",
        "mean",
        "row_max",
        "rows",
        "cols",
        "transpose",
        "concat_rows",
        "concat_cols",
        "gather_rows",
        "select",
        "recompute",
    ];
    KEEPING.contains(&example.operation())
}

/// What an operation may be given: x itself, if it is within the values, or what brings it there.
fn within<T: Scalar>(x: Var<'_, T>, is_bounded: bool, values: Values, pick: usize) -> Var<'_, T> {
    if is_bounded && values == Values::between(-BOUND, BOUND) {
        return x;
    }
    let number = T::from_f64;
    if values.is_apart() {
        let Shape { rows, cols } = x.shape();
        let count = rows * cols;
        // 7919 is a prime, larger than any count here: so the places are a permutation.
        let place = |r, c| ((r * cols + c) * 7919 + pick) % count;
        let centre = |r, c| number(values.at((place(r, c) as f64 + 0.5) / count as f64));
        let centres = x.tape().constant(Matrix::from_fn(rows, cols, centre));
        return x.tanh() * number(BOUND / count as f64 / 3.0) + centres;
    }
    let (centre, radius) = (0..10)
        .map(|i| values.at(((pick + 3 * i) % 10) as f64 / 10.0 + 0.05))
        .map(|centre| (centre, clearance(values, centre)))
        .max_by(|a, b| a.1.min(0.2).total_cmp(&b.1.min(0.2)))
        .expect("ten centres");
    x.tanh() * number(radius) + number(centre)
}

/// How far all numbers around one are within the values.
fn clearance(values: Values, centre: f64) -> f64 {
    let clear = |radius: &f64| values.contains(centre - radius) && values.contains(centre + radius);
    let radii = (0..100).map(|i| 0.02 * f64::from(i));
    radii.take_while(clear).last().unwrap_or(0.0)
}
