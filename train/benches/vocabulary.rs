//! What a training step of a text classifier costs with vocabularies of several sizes, whose words' gradients are whole or
//! sparse.
//!
//!     cargo bench --bench vocabulary
#![allow(missing_docs)]

use divan::Bencher;
use train::prelude::*;

const SIZES: [usize; 3] = [1_000, 10_000, 50_000];
/// Of a mini-batch, and words of each.
const SENTENCES: usize = 32;
const WORDS: usize = 20;
const FEATURES: usize = 128;
const HIDDEN: usize = 128;

fn main() {
    divan::main();
}

#[divan::bench(args = SIZES)]
fn whole(bencher: Bencher<'_, '_>, words: usize) {
    step(bencher, words, false);
}

#[divan::bench(args = SIZES)]
fn sparse(bencher: Bencher<'_, '_>, words: usize) {
    step(bencher, words, true);
}

fn step(bencher: Bencher<'_, '_>, classes: usize, is_sparse: bool) {
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
    let mut words = Embedding::new(&mut set, "words", classes, FEATURES, &mut rng);
    if is_sparse {
        words = words.sparse(&mut set);
    }
    let reader = Stack::new().with(words).with(Forward(Lstm::new(
        &mut set, "lstm", FEATURES, HIDDEN, &mut rng,
    )));
    let output = Linear::new(&mut set, "output", HIDDEN, 2, &mut rng);
    let mut trainer = Trainer::new(set, Adam::new(1e-3)).clip(1.0);
    bencher.bench_local(|| {
        let mut sentence = || (0..WORDS).map(|_| rng.random_range(0..classes)).collect();
        let sentences: Vec<Vec<usize>> = (0..SENTENCES).map(|_| sentence()).collect();
        let report = trainer.step(|p| {
            let x = Sequence::from_symbols(&sentences).expect("words");
            let last = reader.run(p, x).last();
            output
                .apply(p, last)
                .cross_entropy(&[0, 1].repeat(SENTENCES / 2))
        });
        report.expect("a finite loss")
    });
}
