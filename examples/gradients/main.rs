//! Why a gradient vanishes or explodes on its way through time, and what clipping does about it.
//!
//! - ‖∂E/∂h_t‖ against the distance by the spectral radius of W, and singular values of the Jacobians beside the
//!   bound of Pascanu, Mikolov, Bengio 2013;
//! - the same training with clipping and without;
//! - the cliff of their figure 6, with gradient descent on it;
//! - the fading memory, without gates and with them.
//!
//! Each as numbers and as a picture:
//!
//!     cargo run --release --example gradients
//!     cargo run --release --example gradients -- --radii 0.9,1,1.1 --steps 100

mod cliff;
mod clipping;
mod fading;
mod flow;
mod network;
mod surface;

use std::process::ExitCode;

use clap::Parser;
use train::pictures::LineChart;
use train::program::{self, Out, Outcome, Threads, at_least_one, positive, up_to};

use crate::surface::Trail;

/// Shows how gradients vanish and explode, and clips them.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Spectral radii of W, one to seven
    #[arg(long, value_delimiter = ',', value_parser = positive, default_value = "0.5,0.75,0.9,1,1.1,1.25,1.5")]
    radii: Vec<f64>,
    /// Steps that a gradient goes back
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(2..=1000))]
    steps: u64,
    /// Hidden units of the networks
    #[arg(long, default_value_t = 32, value_parser = up_to(256))]
    hidden: usize,
    /// Mini-batches to train on with clipping, and without
    #[arg(long, default_value_t = 1000, value_parser = at_least_one::<usize>)]
    minibatches: usize,
    /// Threshold that the norm of the training's gradient is clipped at
    #[arg(long, default_value_t = 1.0, value_parser = positive)]
    threshold: f64,
    /// Seed of weights and inputs
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    out: Out,
}

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

fn run(cli: &Cli) -> Outcome {
    if cli.radii.len() > 7 {
        return Err(format!(
            "--radii: {} of them, and a chart has seven colours",
            cli.radii.len()
        )
        .into());
    }
    cli.out.check()?;
    let mut results = Vec::new();
    results.extend(show_flow(cli)?);
    results.extend(show_clipping(cli)?);
    results.extend(show_cliff(cli)?);
    results.extend(show_fading(cli)?);
    for (name, number) in results {
        println!("result {name} {number:.4e}");
    }
    Ok(())
}

/// Names and numbers.
type Results = Vec<(String, f64)>;

fn show_flow(cli: &Cli) -> Outcome<Results> {
    let sizes = (cli.hidden, cli.steps as usize);
    let mut results = Results::new();
    for (name, states, input) in [
        ("growth", "small states, where tanh(z) is z", flow::SMALL),
        (
            "saturated",
            "ordinary states, where tanh is flatter",
            flow::ORDINARY,
        ),
    ] {
        let measure = |&radius: &f64| flow::measure(radius, input, sizes, cli.seed);
        let flows: Vec<_> = cli.radii.iter().map(measure).collect();
        let title = format!("a gradient on its way back by the spectral radius of W; {states}");
        println!("{title}\n{}", flow::table(&flows));
        if let Some(flow) = flows.iter().find(|flow| !flow.is_bounded()) {
            return Err(format!("radius {}: a singular value above the bound", flow.radius).into());
        }
        let chart = flow::gradient_chart(&title, &flows);
        println!(
            "{}",
            cli.out.write(&format!("flow_{name}.svg"), chart.svg())?
        );
        let few = [0, flows.len() / 2, flows.len() - 1].map(|i| flows[i].clone());
        let chart = flow::bound_chart(&few);
        println!(
            "{}",
            cli.out.write(&format!("bound_{name}.svg"), chart.svg())?
        );
        let of_radius = |flow: &flow::Flow| (format!("{name}_{}", flow.radius), flow.growth());
        results.extend(flows.iter().map(of_radius));
    }
    Ok(results)
}

/// Losses and norms from here on are not drawn.
const OFF_THE_CHART: f64 = 1e4;

fn show_clipping(cli: &Cli) -> Outcome<Results> {
    let train = |threshold| clipping::train(threshold, cli.hidden, cli.minibatches, cli.seed);
    let (clipped, unclipped) = (train(Some(cli.threshold)), train(None));
    println!("\nThe same training with clipping and without");
    println!("{}", clipped.describe("clipped"));
    println!("{}", unclipped.describe("unclipped"));
    let chart = |title: &str, y: &str, of: fn(&clipping::Run) -> &[f64]| {
        let shown = of(&unclipped)
            .iter()
            .copied()
            .take_while(|&x| x < OFF_THE_CHART);
        LineChart::new(title, "mini-batch", y)
            .line("clipped", of(&clipped))
            .line("unclipped", &shown.collect::<Vec<_>>())
            .log()
            .svg()
    };
    let losses = chart(
        "the loss from one seed: without clipping it leaves the chart",
        "loss",
        |run| &run.losses,
    );
    let norms = chart(
        "the norm of the gradient, before it is clipped",
        "‖g‖",
        |run| &run.norms,
    );
    println!("{}", cli.out.write("clipping.svg", losses)?);
    println!("{}", cli.out.write("norms.svg", norms)?);
    let loss = clipped.final_loss().unwrap_or(f64::INFINITY);
    let largest = unclipped.losses.iter().copied().fold(0.0, f64::max);
    let results = [
        ("clipped_loss", loss),
        ("unclipped_largest_loss", largest),
        ("unclipped_steps", unclipped.losses.len() as f64),
    ];
    Ok(results.map(|(name, number)| (name.into(), number)).into())
}

fn show_cliff(cli: &Cli) -> Outcome<Results> {
    let (clipped, thrown) = (
        cliff::descend(Some(cliff::THRESHOLD))?,
        cliff::descend(None)?,
    );
    println!("\nThe cliff");
    let mut results = Results::new();
    for (name, path) in [("clipped", &clipped), ("unclipped", &thrown)] {
        let end = path[path.len() - 1];
        let error = cliff::error_at(end);
        println!(
            "{name}: ends at w = {:.2}, b = {:.2} with E = {error:.1e}",
            end[0], end[1]
        );
        results.push((format!("cliff_{name}"), error));
    }
    let picture = surface::draw(&[
        Trail {
            path: &thrown,
            colour: "#d55e00",
            name: "gradient descent, thrown off at the wall",
        },
        Trail {
            path: &clipped,
            colour: "#000000",
            name: "the same with clipping",
        },
    ]);
    println!("{}", cli.out.write("cliff.svg", picture)?);
    Ok(results)
}

fn show_fading(cli: &Cli) -> Outcome<Results> {
    println!("\nThe fading memory: what is left of the first input's influence on the state");
    let mut results = Results::new();
    let memories = [
        ("rnn", fading::without_gates(cli.seed)),
        ("lstm", fading::with_gates(cli.seed)),
    ];
    for (name, memory) in memories {
        let left: Vec<_> = memory.left.iter().map(|x| format!("{x:.4}")).collect();
        println!("{name}: {}", left.join(" "));
        println!(
            "{}",
            cli.out
                .write(&format!("fading_{name}.svg"), memory.picture.svg())?
        );
        results.push((format!("left_{name}"), memory.left[5])); // before the LSTM is told to forget
    }
    Ok(results)
}
