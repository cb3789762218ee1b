//! Times the kernels and the tape, through what the crates make public.
//!
//!     cargo bench --bench kernels                              # all of them
//!     RAYON_NUM_THREADS=1 cargo bench --bench kernels matmul   # those of that name, on one thread
//!
//! Every iteration records on a tape and clears it, so its buffers are recycled as in training. The
//! lower line of a benchmark is its rate: "item" means a floating-point operation, an element or a
//! node, as the benchmark says.
#![allow(missing_docs)]

use std::sync::Arc;

use autograd::{Keep, Matrix, Tape, Var};
use divan::{Bencher, counter::ItemsCount};
use layers::{Cell, Lstm, ParameterSet, unroll};
use rand::{SeedableRng, rngs::ChaCha8Rng};

/// On a thread of the pool, as a trainer's parts are: work from outside would have to be handed in.
fn main() {
    rayon::scope(|_| divan::main());
}

/// Elements between -1 and 1 that look random, to be shared with tapes.
fn matrix(rows: usize, cols: usize) -> Arc<Matrix> {
    let element = |r, c| ((r * 31 + c * 17) as f32).sin();
    Arc::new(Matrix::from_fn(rows, cols, element))
}

/// Times what `record` does to a tape, and clearing it.
fn bench(bencher: Bencher, items: usize, mut record: impl FnMut(&Tape)) {
    let mut tape = Tape::new();
    bencher.counter(ItemsCount::new(items)).bench_local(|| {
        record(&tape);
        tape.clear();
    });
}

/// Records the same node so many times.
fn repeat<'t>(times: usize, node: impl Fn() -> Var<'t>) {
    for _ in 0..times {
        divan::black_box(node());
    }
}

mod products {
    use super::*;

    /// How often a weight is used between two changes: the steps of a sequence.
    const STEPS: usize = 50;

    /// x wᵀ of [m, k] and [n, k], 50 times with the same weight, so that laying it out is
    /// shared by the steps of a pass. An item is a floating-point operation.
    #[divan::bench(max_time = 2, args = [
        [64, 512, 2048], // W3, forward
        [64, 2048, 512], // W3, backward
        [32, 512, 2048], // W3, forward, in two parts
        [32, 128, 512],  // W2, forward
        [16, 128, 512],  // W2, forward, in two parts
        [64, 256, 768],  // W4, forward
    ])]
    fn matmul_t(bencher: Bencher, [m, k, n]: [usize; 3]) {
        product(bencher, [m, k, n], STEPS);
    }

    /// The same with one row, which is bound by reading the weight.
    #[divan::bench(args = [
        [1, 512, 2048], // sampling
        [1, 100, 100],  // W1
    ])]
    fn one_row(bencher: Bencher, [m, k, n]: [usize; 3]) {
        product(bencher, [m, k, n], STEPS);
    }

    /// One large product with operands that have to be laid out for it: all of W3's dW at once.
    #[divan::bench(max_time = 2, args = [[2048, 4096, 512]])]
    fn once(bencher: Bencher, [m, k, n]: [usize; 3]) {
        product(bencher, [m, k, n], 1);
    }

    fn product(bencher: Bencher, [m, k, n]: [usize; 3], times: usize) {
        let (x, w) = (matrix(m, k), matrix(n, k));
        bench(bencher, 2 * m * k * n * times, |tape| {
            let (x, w) = (tape.constant(x.clone()), tape.var(w.clone()));
            repeat(times, || x.matmul_t(w));
        });
    }
}

/// Every operation of the engine's table.
mod operations {
    use autograd::ops::table::{Example, operations};

    use super::*;

    const TIMES: usize = 20;

    /// 20 nodes on operands of 32 rows and 512 columns, the gates of W2, and where there is a third size,
    /// 128. An item is an element of the largest operand.
    #[divan::bench(args = operations::<f32>())]
    fn forward(bencher: Bencher, example: &Example<f32>) {
        operation(bencher, example, false);
    }

    /// The same with the rules of all 20.
    #[divan::bench(args = operations::<f32>())]
    fn forward_backward(bencher: Bencher, example: &Example<f32>) {
        operation(bencher, example, true);
    }

    fn operation(bencher: Bencher, example: &Example<f32>, is_swept: bool) {
        let inputs = example.inputs(32, 512, 128).into_iter().map(Arc::new);
        let inputs: Vec<_> = inputs.collect();
        let elements = inputs.iter().map(|x| x.shape().len()).max();
        bench(bencher, elements.unwrap_or(0) * TIMES, |tape| {
            let vars = inputs.iter().map(|x| tape.var(x.clone()));
            let vars: Vec<_> = vars.collect();
            for _ in 0..TIMES {
                let y = divan::black_box((example.function)(&vars));
                if is_swept {
                    let seed = Matrix::filled(y.row_count(), y.col_count(), 1.0);
                    divan::black_box(y.backward_from_keeping(&seed, Keep::Leaves));
                }
            }
        });
    }
}

mod loss {
    use super::*;

    /// The loss of the logits of a whole sequence [T*B, V], as one node. An item is an element.
    #[divan::bench(args = [
        [1600, 64], // W2
        [4096, 96], // W3 and W4
    ])]
    fn cross_entropy(bencher: Bencher, [rows, classes]: [usize; 2]) {
        let logits = matrix(rows, classes);
        let targets: Vec<_> = (0..rows).map(|r| r % classes).collect();
        bench(bencher, rows * classes, |tape| {
            divan::black_box(tape.var(logits.clone()).cross_entropy(&targets));
        });
    }
}

mod tape {
    use super::*;

    /// At [1, 1] all but nothing is computed: what remains is the tape. An item is a node, and
    /// with 1000 of them, microseconds an iteration are nanoseconds a node.
    const NODES: usize = 1000;

    type Operation = for<'t> fn(Var<'t>) -> Var<'t>;

    fn tanh(x: Var) -> Var {
        x.tanh()
    }

    fn add(x: Var) -> Var {
        x + x
    }

    fn view(x: Var) -> Var {
        x.rows(0..1)
    }

    fn chain<'t>(tape: &'t Tape, operation: Operation) -> Var<'t> {
        (0..NODES).fold(tape.var(Matrix::scalar(0.1)), |x, _| operation(x))
    }

    /// A chain of nodes with one parent each, recorded and forgotten.
    #[divan::bench]
    fn record_tanh(bencher: Bencher) {
        bench(bencher, NODES, |tape| {
            divan::black_box(chain(tape, tanh));
        });
    }

    /// A chain of nodes with two parents each, recorded and forgotten.
    #[divan::bench]
    fn record_add(bencher: Bencher) {
        bench(bencher, NODES, |tape| {
            divan::black_box(chain(tape, add));
        });
    }

    /// A chain of views, recorded and forgotten.
    #[divan::bench]
    fn record_view(bencher: Bencher) {
        bench(bencher, NODES, |tape| {
            divan::black_box(chain(tape, view));
        });
    }

    /// As `record_tanh`, and walked back.
    #[divan::bench]
    fn sweep_tanh(bencher: Bencher) {
        bench(bencher, NODES, |tape| {
            divan::black_box(chain(tape, tanh).backward_keeping(Keep::Leaves));
        });
    }

    /// As `record_view`, and walked back.
    #[divan::bench]
    fn sweep_view(bencher: Bencher) {
        bench(bencher, NODES, |tape| {
            divan::black_box(chain(tape, view).backward_keeping(Keep::Leaves));
        });
    }

    /// As `record_add`, and walked back.
    #[divan::bench]
    fn sweep_add(bencher: Bencher) {
        bench(bencher, NODES, |tape| {
            divan::black_box(chain(tape, add).backward_keeping(Keep::Leaves));
        });
    }
}

/// What the reverse sweep adds to what it goes back over.
mod sweep {
    use super::*;

    const STEPS: usize = 50;
    const SYMBOLS: usize = 64;

    /// An LSTM over a sequence, and a scalar at its end.
    struct Sequence {
        lstm: Lstm,
        parameters: ParameterSet,
        symbols: Vec<usize>,
        batch: usize,
    }

    impl Sequence {
        fn new([batch, hidden]: [usize; 2]) -> Self {
            let (mut parameters, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
            Sequence {
                lstm: Lstm::new(&mut parameters, "lstm", SYMBOLS, hidden, &mut rng),
                parameters,
                symbols: (0..STEPS * batch).map(|i| i * 31 % SYMBOLS).collect(),
                batch,
            }
        }

        fn record<'t>(&self, tape: &'t Tape) -> Var<'t> {
            let p = self.parameters.bind(tape);
            let zx = self.lstm.project_symbols(&p, &self.symbols);
            let start = self.lstm.initial_state(&p, self.batch);
            unroll(&self.lstm, &p, zx, self.batch, start)
                .stacked()
                .sum()
        }
    }

    /// An LSTM recorded over 50 steps, for [batch, hidden]. An item is a step.
    #[divan::bench(args = [
        [1, 1],    // the tape alone
        [16, 128], // W2, in two parts
        [32, 128], // W2
        [32, 512], // a layer of W3, in two parts
    ])]
    fn forward(bencher: Bencher, sizes: [usize; 2]) {
        let sequence = Sequence::new(sizes);
        bench(bencher, STEPS, |tape| {
            divan::black_box(sequence.record(tape));
        });
    }

    /// The same with the reverse sweep, which has twice the products to do.
    #[divan::bench(args = [[1, 1], [16, 128], [32, 128], [32, 512]])]
    fn forward_backward(bencher: Bencher, sizes: [usize; 2]) {
        let sequence = Sequence::new(sizes);
        bench(bencher, STEPS, |tape| {
            divan::black_box(sequence.record(tape).backward_keeping(Keep::Leaves));
        });
    }
}
