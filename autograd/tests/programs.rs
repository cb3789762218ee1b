//! Random programs on the tape: operations of the table on each other's results, on views of views and with operands
//! that they share, with cuts, recomputation, and a tape that was rewound in between. Whatever is recorded, the sweep
//! is the replay, the differences and the derivative of dual numbers.

mod machine;

use autograd::{Dual, Matrix, Scalar, Tape, Var, gradcheck};
use proptest::prelude::*;

use machine::{Machine, Program, programs};

/// Sizes of which operations and their gradients are taken by differences.
const SMALL: &[usize] = &[1, 2, 3, 5];
/// Sizes at which kernels go other ways, and work is split over threads.
const LARGE: &[usize] = &[1, 7, 33, 64, 130];

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases: ProptestConfig::default().cases.min(cases),
        failure_persistence: None,
        ..Default::default()
    }
}

/// The error and the gradients of its inputs.
#[derive(Debug, PartialEq)]
struct Outcome<T: Scalar> {
    error: T,
    gradients: Vec<Matrix<T>>,
}

fn variables<'t, T: Scalar>(tape: &'t Tape<T>, inputs: &[Matrix<T>]) -> Vec<Var<'t, T>> {
    inputs.iter().map(|x| tape.var(x.clone())).collect()
}

/// What a program computes on a tape.
fn outcome<T: Scalar>(tape: &Tape<T>, program: &Program, inputs: &[Matrix<T>]) -> Outcome<T> {
    let inputs = variables(tape, inputs);
    swept(&inputs, Machine::new(&program.instructions, &inputs))
}

fn swept<T: Scalar>(inputs: &[Var<'_, T>], machine: Machine<'_>) -> Outcome<T> {
    let error = machine.run(inputs[0].tape());
    let gradients = error.backward();
    Outcome {
        error: error.item(),
        gradients: inputs.iter().map(|&x| gradients.of(x)).collect(),
    }
}

/// The values behind which the graph is cut.
fn cuts(program: &Program) -> Vec<Matrix<f64>> {
    let tape = Tape::new();
    let inputs = variables(&tape, &program.inputs);
    let mut machine = Machine::new(&program.instructions, &inputs);
    while machine.step(&tape) {}
    let value = |&index: &usize| tape.node(index).value().to_matrix();
    machine.cuts.iter().map(value).collect()
}

/// Σ a ⊙ b, and Σ |a ⊙ b|, to which its rounding is held.
fn inner<'m>(
    a: impl IntoIterator<Item = &'m Matrix<f64>>,
    b: impl IntoIterator<Item = &'m Matrix<f64>>,
) -> (f64, f64) {
    let products = a.into_iter().zip(b).flat_map(|(a, b)| {
        let pairs = a.data().iter().zip(b.data());
        pairs.map(|(a, b)| a * b).collect::<Vec<_>>()
    });
    products.fold((0.0, 0.0), |(sum, size), p| (sum + p, size + p.abs()))
}

proptest! {
    #![proptest_config(config(150))]

    /// Constants stand for what is cut off, as differences would see through a cut.
    #[test]
    fn the_sweep_is_what_differences_find(program in programs(60, SMALL)) {
        let frozen = cuts(&program);
        let tape = Tape::new();
        let inputs = variables(&tape, &program.inputs);
        let machine = Machine::new(&program.instructions, &inputs).with_frozen(&frozen);
        let with_constants = swept(&inputs, machine);
        prop_assert_eq!(outcome(&Tape::new(), &program, &program.inputs), with_constants);
        let checked = gradcheck(
            |v| Machine::new(&program.instructions, v).with_frozen(&frozen).run(v[0].tape()),
            &program.inputs,
        );
        prop_assert!(checked.is_ok(), "{}\n{}", checked.unwrap_err(), tape.program());
    }

    /// ⟨∇E, v⟩ = Ė along a direction v.
    #[test]
    fn the_sweep_is_the_derivative_that_dual_numbers_carry(program in programs(60, SMALL)) {
        let direction = |x: &Matrix<f64>| Matrix::from_fn(x.row_count(), x.col_count(), |r, c| {
            ((r * 5 + c * 3 + 1) as f64).sin()
        });
        let directions: Vec<_> = program.inputs.iter().map(direction).collect();
        let dual: Vec<_> = program.inputs.iter().zip(&directions).map(|(x, v)| Matrix::dual(x, v)).collect();
        let carried = outcome(&Tape::<Dual<f64>>::new(), &program, &dual);
        let found = outcome(&Tape::new(), &program, &program.inputs);
        let (along, size) = inner(&found.gradients, &directions);
        let close = |a: f64, b: f64, size: f64| (a - b).abs() <= 1e-9 * (1e-3 + size);
        prop_assert!(close(carried.error.value, found.error, found.error.abs()));
        prop_assert!(close(carried.error.tangent, along, size), "{} and {along}", carried.error.tangent);
    }

    #[test]
    fn the_sweep_is_its_replay(program in programs(60, SMALL)) {
        let tape = Tape::new();
        let inputs = variables(&tape, &program.inputs);
        let error = Machine::new(&program.instructions, &inputs).run(&tape);
        let gradients = error.backward();
        let mut replay = error.replay();
        for event in replay.by_ref() {
            prop_assert_eq!(&event.gradient, &gradients.of(tape.node(event.node.index)));
        }
        let replayed = replay.finish();
        for &x in &inputs {
            prop_assert_eq!(replayed.of(x), gradients.of(x));
        }
    }

    /// Buffers that have been used before, and a tape that goes on from the middle of a program.
    #[test]
    fn a_rewound_tape_records_the_same(
        [other, program] in [programs(30, SMALL), programs(60, SMALL)], middle in 0..60_usize,
    ) {
        let fresh = outcome(&Tape::new(), &program, &program.inputs);
        let mut tape = Tape::new();
        outcome(&tape, &other, &other.inputs);
        tape.clear();
        let (inputs, machine) = {
            let inputs = variables(&tape, &program.inputs);
            let mut machine = Machine::new(&program.instructions, &inputs);
            let all_go_on = (0..middle).all(|_| machine.step(&tape));
            prop_assume!(all_go_on);
            (inputs.len(), machine)
        };
        let len = tape.len();
        for _ in 0..2 {
            let inputs: Vec<_> = (0..inputs).map(|i| tape.node(i)).collect();
            prop_assert_eq!(&swept(&inputs, machine.clone()), &fresh);
            tape.rewind(len);
        }
    }

    #[test]
    fn single_precision_is_near(program in programs(60, SMALL)) {
        let singles: Vec<_> = program.inputs.iter().map(|x| x.map(|x| x as f32)).collect();
        let inputs: Vec<_> = singles.iter().map(|x| x.map(f64::from)).collect();
        let single = outcome(&Tape::new(), &program, &singles);
        let double = outcome(&Tape::new(), &program, &inputs);
        prop_assert!((f64::from(single.error) - double.error).abs() <= 1e-4 * (1.0 + double.error.abs()));
        let largest = double.gradients.iter().map(Matrix::norm).fold(0.0, f64::max);
        for (single, double) in single.gradients.iter().zip(&double.gradients) {
            let apart = (&single.map(f64::from) - double).norm();
            prop_assert!(apart <= 1e-3 * (largest + 1e-2), "{single} and {double}");
        }
    }
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn threads_and_replays_change_no_bit_of_large_ones(program in programs(40, LARGE)) {
        let inputs: Vec<_> = program.inputs.iter().map(|x| x.map(|x| x as f32)).collect();
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| outcome(&Tape::new(), &program, &inputs))
        };
        let one = on(1);
        prop_assert_eq!(&on(2), &one);
        let tape = Tape::new();
        let inputs = variables(&tape, &inputs);
        let error = Machine::new(&program.instructions, &inputs).run(&tape);
        let replayed = error.replay().finish();
        for (&x, gradient) in inputs.iter().zip(&one.gradients) {
            prop_assert_eq!(&replayed.of(x), gradient);
        }
    }
}
