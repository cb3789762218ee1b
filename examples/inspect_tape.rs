//! Unrolls a small recurrent network over a text and writes all that can be seen of its tape to a
//! folder: tables, drawings, the decomposition of its gradient, and a page that plays the reverse
//! sweep.
//!
//!     cargo run --release --example inspect_tape
//!     cargo run --release --example inspect_tape -- --cell rnn --text hello --out target/hello

use std::process::ExitCode;

use clap::Parser;
use train::prelude::*;
use train::program::{self, Out, Outcome};

/// Shows the tape of a recurrent network.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Recurrent layer: rnn, lstm or gru
    #[arg(long, default_value = "lstm")]
    cell: CellKind,
    /// Each character is to be predicted from those before it
    #[arg(long, default_value = "tape")]
    text: String,
    /// Units of the layer
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=64))]
    hidden: u64,
    /// Seed of the parameters
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    out: Out,
}

fn main() -> ExitCode {
    program::run(|cli: Cli| run(&cli))
}

fn run(cli: &Cli) -> Outcome {
    let vocabulary = Vocabulary::new(&cli.text);
    let symbols = vocabulary.encode(&cli.text)?;
    if symbols.len() < 2 {
        return Err("--text: two characters are needed, one to predict the other from".into());
    }
    let (inputs, targets) = (&symbols[..symbols.len() - 1], &symbols[1..]);

    let mut rng = ChaCha8Rng::seed_from_u64(cli.seed);
    let (mut set, hidden) = (ParameterSet::<f64>::new(), cli.hidden as usize);
    let name = format!("{}1", cli.cell);
    let cell = cli
        .cell
        .build(&mut set, &name, vocabulary.len(), hidden, &mut rng);
    let output = Linear::new(&mut set, "output", hidden, vocabulary.len(), &mut rng);

    let tape = Tape::new();
    let p = set.bind(&tape);
    let x = tape
        .constant(Matrix::one_hot(inputs, vocabulary.len()))
        .named("x");
    let unrolled = unroll(
        &*cell,
        &p,
        cell.project(&p, x),
        1,
        cell.initial_state(&p, 1),
    );
    let states = unrolled.outputs;
    let error = |t: usize| {
        let _step = tape.step(t);
        let y = output.apply(&p, states[t]).named("y");
        y.cross_entropy(&targets[t..=t]).named("E")
    };
    let errors: Vec<_> = (0..inputs.len()).map(error).collect();
    let total = errors[1..]
        .iter()
        .fold(errors[0], |sum, &e| sum + e)
        .named("E");

    cli.out.check()?;
    let files = Files(&cli.out);
    files.write_tape(&tape, total, &name)?;
    files.write_derivation(p.var(cell.weights().u), &states, &errors, total)
}

/// Where the files go.
struct Files<'a>(&'a Out);

impl Files<'_> {
    fn write(&self, name: &str, content: impl ToString) -> Outcome {
        println!("{}", self.0.write(name, content)?);
        Ok(())
    }

    /// What is on the tape, as text and as pictures.
    fn write_tape(&self, tape: &Tape<f64>, loss: Var<'_, f64>, layer: &str) -> Outcome {
        let gradients = loss.backward();
        let (table, drawing) = (tape.table(Some(&gradients)), tape.drawing(None));
        self.write("program.txt", tape.program())?;
        self.write("table.txt", &table)?;
        self.write("table.html", page_of(&table.html()))?;
        self.write("tape.svg", drawing.svg())?;
        self.write("gradients.svg", tape.drawing(Some(&gradients)).svg())?;
        self.write("collapsed.svg", drawing.collapse(layer).svg())?;
        self.write("overview.svg", tape.overview(Some(&gradients)).svg())?;
        self.write("tape.dot", drawing.dot())?;
        self.write("sweep.html", loss.page())
    }

    /// The lecture's derivation of the gradient by U.
    fn write_derivation(
        &self,
        u: Var<'_, f64>,
        states: &[Var<'_, f64>],
        errors: &[Var<'_, f64>],
        total: Var<'_, f64>,
    ) -> Outcome {
        let shown = errors.len().min(SHOWN);
        let triangle = u.triangle(&errors[..shown]);
        self.write("triangle.txt", &triangle)?;
        self.write("triangle.svg", triangle.heat_map().svg())?;
        let (t, scope) = (errors.len().min(3) - 1, states[0].info().scope);
        let named = |name| u.tape().over_time(&format!("{scope}/{name}"));
        let (h, c) = (named("h"), named("c")); // an LSTM's state is both
        let state = |t: usize| h[t..=t].iter().chain(c.get(t)).copied().collect::<Vec<_>>();
        let chain: Vec<_> = (0..=t).map(state).collect();
        self.write("formula.txt", errors[t].nested_formula(u, &chain))?;
        let flow = total.gradient_flow(states);
        self.write("flow.txt", &flow)?;
        self.write("flow.svg", flow.chart().svg())
    }
}

/// Errors that the triangle shows of a long text.
const SHOWN: usize = 24;

fn page_of(table: &str) -> String {
    format!("<!DOCTYPE html><meta charset=\"utf-8\"><title>the tape</title>\n{table}\n")
}
