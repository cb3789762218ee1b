//! From one language into another (row 1 of the lecture, many to many): an encoder reads a sentence, and a decoder
//! writes another one, word by word, and looks back at what was read.
//!
//! Without arguments it learns to write numbers in French words, and the words in digits again. Real sentences are
//! those of Multi30k (Elliott et al. 2016), 29,000 pairs in files with a sentence on each line:
//!
//!     cargo run --release --example translate
//!     cargo run --release --example translate -- --data multi30k --floor 2 --features 256 --hidden 256 --dropout 0.3 \
//!         --batch 64 --lr 0.002 --epochs 10 --save french.safetensors
//!     cargo run --release --example translate -- --load french.safetensors --translate "A man is sleeping."
//!
//! BLEU is that of the package sacrebleu as it is unless told otherwise, on what is written and on what a person has
//! written as both are, with their great and small letters (`nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp`).
//! `anchor.py` is the same model with PyTorch.

mod judged;
mod network;
mod numbers;
mod pairs;
mod settings;
mod training;
mod translator;

use std::process::ExitCode;

use train::prelude::*;
use train::program::{self, Outcome};

use crate::judged::{Judged, heat_map};
use crate::pairs::Parts;
use crate::settings::Cli;
use crate::translator::Translator;

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    cli.save.check()?;
    if cli.translate.iter().any(|text| text.trim().is_empty()) {
        return Err("--translate: expected a sentence".into());
    }
    match &cli.load {
        Some(path) => translate(cli, &Translator::load(path)?),
        None => learn(cli),
    }
}

/// Learns, is judged by what was held out, and translates what is asked.
fn learn(cli: &Cli) -> Outcome {
    let parts = read(cli)?;
    let translator = Translator::new(&cli.sizes, &parts.training, cli.learning.floor, cli.seed);
    introduce(&parts, &translator);
    let (translator, history) =
        training::train(translator, &parts, &cli.learning, &cli.save, cli.seed)?;
    let seconds: f64 = history.epochs.iter().map(|epoch| epoch.seconds).sum();
    println!("learned in {seconds:.1} s");
    let mut all = Vec::new();
    for test in &parts.tests {
        let judged = Judged::of(&translator, test, cli.beam())?;
        judged.print(test);
        if let Some(translation) = judged.telling() {
            let name = format!("attention{}.svg", test.suffix);
            println!("{}", cli.out.write(&name, heat_map(translation).svg())?);
        }
        all.push(judged);
    }
    println!(
        "{}",
        cli.out.write("loss.svg", history.chart("loss").svg())?
    );
    translate(cli, &translator)?;
    println!();
    for (judged, test) in all.iter().zip(&parts.tests) {
        judged.report(test);
    }
    Ok(())
}

fn read(cli: &Cli) -> Outcome<Parts> {
    let Some(folder) = &cli.data else {
        return Ok(numbers::parts(cli.numbers, cli.seed));
    };
    let [from, into] = &cli.languages[..] else {
        return Err("--languages: expected two".into());
    };
    let mut parts = Parts::read(folder, [from, into], &cli.test)?;
    parts.training.truncate(cli.first.unwrap_or(usize::MAX));
    Ok(parts)
}

fn introduce(parts: &Parts, translator: &Translator) {
    let [sources, targets] = translator.known.words().map(Vocabulary::len);
    let parameters: usize = {
        let set = &translator.parameters;
        set.ids().map(|id| set.get(id).data().len()).sum()
    };
    println!(
        "{} pairs to learn from, {} to validate with; {sources} words are read and {targets} written; {parameters} \
         parameters",
        parts.training.len(),
        parts.validation.len()
    );
}

/// Translates what is asked, and draws where it looked.
fn translate(cli: &Cli, translator: &Translator) -> Outcome {
    for (number, text) in (1..).zip(&cli.translate) {
        let translation = translator.translate(text, cli.beam())?;
        println!("\n    {}\n  = {}", text.trim(), translation.text());
        let name = format!("translated_{number}.svg");
        println!("{}", cli.out.write(&name, heat_map(&translation).svg())?);
    }
    Ok(())
}
