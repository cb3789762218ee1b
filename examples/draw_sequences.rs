//! Draws the tapes of models of sequences: two layers that read sentences of different length in both
//! directions, an encoder and a decoder with attention, and CTC.
//!
//!     cargo run --release --example draw_sequences
//!     cargo run --release --example draw_sequences -- --out target/pictures

use std::process::ExitCode;

use clap::Parser;
use layers::loss::Ctc;
use train::prelude::*;
use train::program::{self, Out, Outcome};

/// Draws models of sequences.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    out: Out,
}

fn main() -> ExitCode {
    program::run(|cli: Cli| run(&cli.out))
}

fn run(out: &Out) -> Outcome {
    out.check()?;
    println!("{}", out.write("bidirectional.svg", bidirectional()?)?);
    println!("{}", out.write("attention.svg", attention()?)?);
    println!("{}", out.write("ctc.svg", ctc()?)?);
    Ok(())
}

/// Two layers of LSTMs in both directions, over sentences of 4, 3 and 1 words, each layer as a box.
fn bidirectional() -> Outcome<String> {
    let (mut set, mut rng) = (ParameterSet::<f64>::new(), ChaCha8Rng::seed_from_u64(1));
    let stack = Stack::new()
        .with(Embedding::new(&mut set, "words", 6, 3, &mut rng))
        .with(Bidirectional::new("lstm1", |name| {
            Lstm::new(&mut set, name, 3, 2, &mut rng)
        }))
        .with(Bidirectional::new("lstm2", |name| {
            Lstm::new(&mut set, name, 4, 2, &mut rng)
        }));
    let output = Linear::new(&mut set, "output", 4, 2, &mut rng);
    let tape = Tape::new();
    let p = set.bind(&tape);
    let sentences = [vec![0, 1, 2, 3], vec![4, 1, 5], vec![3]];
    let h = stack.run(&p, Sequence::from_symbols(&sentences)?);
    output
        .apply(&p, h.mean())
        .named("y")
        .cross_entropy(&[0, 1, 0])
        .named("E");
    let layers = [
        "lstm1.forward",
        "lstm1.backward",
        "lstm2.forward",
        "lstm2.backward",
    ];
    let drawing = layers
        .iter()
        .fold(tape.drawing(None), |drawing, layer| drawing.collapse(layer));
    Ok(drawing.svg().to_string())
}

/// An encoder and a decoder with attention, on a pair of sentences of 3 and 2 words.
fn attention() -> Outcome<String> {
    let (mut set, mut rng) = (ParameterSet::<f64>::new(), ChaCha8Rng::seed_from_u64(1));
    let mut layers = |name: &str| {
        Stack::new()
            .with(Embedding::new(
                &mut set,
                &format!("{name}.words"),
                5,
                2,
                &mut rng,
            ))
            .with(Forward(SimpleRnn::new(&mut set, name, 2, 3, &mut rng)))
    };
    let (encoder, writer) = (layers("encoder"), layers("decoder"));
    let output = Linear::new(&mut set, "output", 6, 5, &mut rng);
    let decoder = Decoder::new(writer, Attention::dot(), output);
    let tape = Tape::new();
    let p = set.bind(&tape);
    let mut states = States::initial();
    let source = Sequence::from_symbols(&[vec![3, 1, 2]])?;
    let memory = {
        let _encoder = tape.timeline("encoder");
        decoder.remember(&p, &encoder.pass(&p, source, &mut states))
    };
    let target = Sequence::from_symbols(&[vec![0, 4]])?;
    let decoded = decoder.run(&p, target, &memory, &states.last());
    decoded.logits.cross_entropy(&[4, 1]).named("E");
    Ok(tape.drawing(None).svg().to_string())
}

/// The label 1 2 in four steps of three symbols, of which 0 is the blank.
fn ctc() -> Outcome<String> {
    let tape = Tape::<f64>::new();
    let logits = tape
        .var(Matrix::from_fn(4, 3, |t, c| ((3 * t + c) as f64).sin()))
        .named("x");
    Ctc::new(0)
        .loss(&[logits.log_softmax().named("ln y")], &[&[1, 2]])?
        .named("E");
    Ok(tape.drawing(None).svg().to_string())
}
