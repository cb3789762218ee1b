//! BLEU against the numbers of sacrebleu. The sentences are those of bleu_reference.py.

use train::Bleu;

use crate::reference::cases;

const WORDS: &str = "a the cat dog sat saw on in house 3 1,000 2.5 2-3 x-ray isn't O'Neill's said: (once) \"no\" U.S. \
    e.g. so... ..5 5.. end. wait, well,then &amp; &lt;b&gt; 50% $4 €5 naïve co-op - -- 7- a/b [c] {d} <skipped> été, \
    l'été 1.2.3 ,5 5, ?! a_b # @";

/// A linear congruential generator.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 = (self.0 * 1103515245 + 12345) % (1 << 31);
        (self.0 / 65536) as usize % n
    }
}

/// A sentence in which words of another one are left out, doubled or other ones; and that other one.
fn pair(i: usize) -> (String, String) {
    let words: Vec<_> = WORDS.split_whitespace().collect();
    let mut draw = Draw(i as u64 + 1);
    let length = 1 + draw.below(12);
    let expected: Vec<_> = (0..length)
        .map(|_| words[draw.below(words.len())])
        .collect();
    let mut found = Vec::new();
    for &word in &expected {
        match draw.below(8) {
            0 => {}
            1 => found.extend([word, word]),
            2 => found.push(words[draw.below(words.len())]),
            _ => found.push(word),
        }
    }
    (found.join(" "), expected.join(" "))
}

fn close(what: &str, ours: f64, theirs: f64) {
    assert!(
        (ours - theirs).abs() < 1e-9,
        "{what}: {ours} against {theirs}"
    );
}

#[test]
fn it_is_that_of_sacrebleu() {
    let cases = cases(include_str!("reference/bleu.txt"));
    let [alone, together] = &cases[..] else {
        panic!("two cases")
    };
    let pairs: Vec<_> = (0..1000).map(pair).collect();
    let scores = &alone.lines[0].1;
    assert_eq!(scores.len(), pairs.len());
    for ((found, expected), &theirs) in pairs.iter().zip(scores) {
        let mut bleu = Bleu::default();
        bleu.add(found, expected);
        close(&format!("{found:?} for {expected:?}"), bleu.score(), theirs);
    }
    assert_eq!(together.lines.len(), 20);
    for (pairs, (_, theirs)) in pairs.chunks(50).zip(&together.lines) {
        let mut bleu = Bleu::default();
        pairs
            .iter()
            .for_each(|(found, expected)| bleu.add(found, expected));
        close("score", bleu.score(), theirs[0]);
        close("brevity penalty", bleu.brevity_penalty(), theirs[1]);
        for (n, p) in bleu.precisions().into_iter().enumerate() {
            close(&format!("p{}", n + 1), p, theirs[2 + n]);
        }
    }
}

/// Nothing found, nothing expected, lines that end or are broken: as there.
#[test]
fn the_ends_are_those_of_sacrebleu() {
    assert_eq!(Bleu::default().score(), 0.0);
    let score = |found: &str, expected: &str| {
        let mut bleu = Bleu::default();
        bleu.add(found, expected);
        bleu.score()
    };
    assert_eq!(score("", "a b c d"), 0.0);
    assert_eq!(score("a b c", "a b c"), 0.0);
    close(
        "broken",
        score("a b c trans-\nlate", "a b c translate\n"),
        100.0,
    );
    close("two lines", score("a b\nc d-\n", "a b c d-"), 100.0);
    close(
        "words",
        score("a b c D", "a b c d"),
        100.0 * (0.75f64 * (2.0 / 3.0) * 0.5 * 0.5).powf(0.25),
    );
}
