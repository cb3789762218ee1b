//! Speech (row 17 of the lecture): a network says a digit, sample by sample.
mod baseline;
mod corpus;
mod density;
mod mu_law;
mod settings;
mod speaker;
mod training;
mod voice;

use std::process::ExitCode;
use train::prelude::*;
use train::program::{self, Outcome};
use crate::corpus::Corpus;
use crate::settings::Cli;
use crate::speaker::Speaker;

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    cli.save.check()?;
    let speaker = match &cli.load { Some(p) => Speaker::load(p)?, None => {
    let corpus = Corpus::read(&cli.data, &cli.speakers)?;
    let t = std::time::Instant::now();
    let [a, b] = baseline::baselines(&corpus.training);
    println!("{:?} {:?} {:?} {:?}", a.density, a.scale, b.density, b.scale);
    println!("lp {:.4} plain {:.4} hist {:.4} in {:?}", a.bits(&corpus.test), b.bits(&corpus.test), baseline::histogram_bits(&corpus.training, &corpus.test), t.elapsed());
    let (speaker, _history) = training::train(&corpus, &cli.learning, &cli.save, cli.seed)?;
    let t = std::time::Instant::now();
    println!("test bits {:.4} in {:?}", speaker.bits(&corpus.test), t.elapsed());
    speaker } };
    let mut rng = ChaCha8Rng::seed_from_u64(cli.seed);
    let n = speaker.names.len();
    let what: Vec<_> = (0..10 * cli.count).map(|i| (i % 10, i / 10 % n)).collect();
    let t = std::time::Instant::now();
    let said = speaker.say(&what, cli.draw.sampling(), &mut rng)?;
    println!("said in {:?}", t.elapsed());
    for (i, s) in said.iter().enumerate() {
        let name = format!("{}_{}_{}.wav", s.utterance.digit, speaker.names[s.utterance.speaker], i / 10);
        cli.out.write_bytes(&name, &s.utterance.sound().to_wav()?)?;
    }
    println!("ended {} mean frames {}", said.iter().filter(|s| s.has_ended).count(), said.iter().map(|s| s.utterance.frames()).sum::<usize>() / said.len());
    Ok(())
}
