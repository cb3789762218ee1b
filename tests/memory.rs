//! What a tape says of its memory, and what is allowed it, against what is taken at the allocator.
#![allow(missing_docs)]

use std::panic::catch_unwind;

use altered::memory;
use autograd::{Keep, Tape};
use layers::{CellKind, CharModel, ParameterSet, Segments};
use rand::{SeedableRng, rngs::ChaCha8Rng};

#[global_allocator]
static ALLOCATOR: altered::Counting = altered::Counting;

const SYMBOLS: usize = 16;

fn model(kind: CellKind, layers: usize) -> (ParameterSet<f32>, CharModel<f32>) {
    let (mut set, mut rng) = (ParameterSet::new(), ChaCha8Rng::seed_from_u64(1));
    let model = CharModel::new(&mut set, kind, SYMBOLS, 16, layers, &mut rng);
    (set, model)
}

fn text(symbols: usize) -> Vec<usize> {
    (0..symbols).map(|i| i * i % SYMBOLS).collect()
}

#[test]
fn a_tape_tells_its_bytes() {
    let (set, model) = model(CellKind::Lstm, 2);
    let (symbols, carried) = (text(8 * 50), model.zeros(8));
    for keep in [Keep::All, Keep::Leaves] {
        let tape = Tape::new();
        let check = |what: &str, here: isize| {
            let here = usize::try_from(here).expect("more than there was");
            let told = tape.stats();
            println!("{keep:?}, {what}: {here} bytes are {told}");
            let bytes = told.bytes.total();
            assert!(here.abs_diff(bytes) * 20 <= here, "{here} {told}");
            told.bytes
        };
        let (loss, forward) = memory(|| {
            let (logits, _) = model.logits(&set.bind(&tape), &symbols, 8, &carried);
            logits.cross_entropy(&symbols)
        });
        let recorded = check("recorded", forward.left);
        assert!(recorded.gradients * 20 < recorded.values);
        let (gradients, sweep) = memory(|| loss.backward_keeping(keep));
        let there = check("swept", forward.left + sweep.left);
        assert_eq!(there.values, recorded.values);
        drop(gradients);
        let given_back = check("given back", forward.left + sweep.left);
        assert!(given_back.free > there.free && given_back.gradients < there.gradients);
    }
}

/// A pass with so many bytes: its peak, but for texts and what there is of parameters without segments, too:
/// their gradients, and the table of the first layer, laid out and not.
fn peak(kind: CellKind, layers: usize, (steps, batch): (usize, usize), bytes: usize) -> usize {
    let (set, model) = model(kind, layers);
    let parameters: usize = set.ids().map(|id| size_of_val(set.get(id).data())).sum();
    let (symbols, carried) = (text(steps * batch), model.zeros(batch));
    let segments = Segments::memory(bytes);
    let (_, taken) = memory(|| {
        let tape = Tape::new();
        let p = set.bind(&tape);
        let data = (&symbols[..], &symbols[..]);
        let (loss, _) = model.loss_in_segments(&p, data, batch, &carried, segments);
        drop(loss.backward_keeping(Keep::Leaves));
    });
    let peak = taken.together;
    peak.saturating_sub(2 * size_of::<usize>() * symbols.len() + 3 * parameters)
}

/// The least bytes that do, as told.
fn least(kind: CellKind, layers: usize, size: (usize, usize)) -> usize {
    let refused = catch_unwind(|| peak(kind, layers, size, 0)).expect_err("0 bytes");
    let message = refused.downcast::<String>().expect("a message");
    let number = message.rsplit(' ').next();
    number.and_then(|n| n.parse().ok()).expect("a number")
}

#[test]
fn no_more_than_is_allowed() {
    for (kind, layers) in [(CellKind::Rnn, 1), (CellKind::Gru, 1), (CellKind::Lstm, 2)] {
        for size in [(1, 3), (63, 1), (500, 4)] {
            let least = least(kind, layers, size);
            for bytes in [least, least + 50_000, 3 * least] {
                let peak = peak(kind, layers, size, bytes);
                println!("{layers} {kind}, {size:?}: {peak} of {bytes}");
                assert!(
                    peak <= bytes,
                    "{layers} {kind}, {size:?}: {peak} of {bytes}"
                );
            }
        }
    }
}

#[test]
fn as_much_for_a_long_text_as_for_a_short_one() {
    let bytes = 600_000;
    let of = |steps| peak(CellKind::Gru, 1, (steps, 1), bytes);
    let (short, long) = (of(1000), of(5000));
    println!("{short} and {long} of {bytes}");
    assert!(bytes / 4 < short && short <= bytes, "{short}");
    assert!(bytes / 4 < long && long <= bytes, "{long}");
}
