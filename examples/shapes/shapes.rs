//! The five shapes. The network is always the same, a recurrent layer below a dense one:
//!
//! ```text
//! h_t = cell(x_t, h_{t-1}),   y_t = softmax(V h_t + d)
//! ```
//!
//! What differs is at which steps something comes in, and at which steps something is asked. Where nothing comes in, x_t
//! is 0 or a symbol that stands for nothing. Each function is a whole lesson: data, model, training, test.

use train::prelude::*;
use train::program::Outcome;

use crate::learned::{Column, Learned, learned, quiet};
use crate::tasks::{BRACKETS, ROMAN, brackets, digits, roman};

/// One to one, a vector to its class: which of three rings around the middle does a point lie in?
///
/// One step of a simple recurrent layer is h = tanh(U x + b): an ordinary network.
pub fn one_to_one(seed: u64) -> Outcome<Learned> {
    const RINGS: [&str; 3] = ["inner", "middle", "outer"];
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let point = |_| {
        let (x, y) = (rng.random_range(-1.0..1f32), rng.random_range(-1.0..1f32));
        (Matrix::from([[x, y]]), (x.hypot(y) / 0.4) as usize)
    };
    let points = (0..4000).map(point).filter(|(_, ring)| *ring < 3);
    let (training, test) = split_at_random(points.collect::<Vec<_>>(), 0.2, seed);

    let model = Sequential::new(2).seed(seed).simple_rnn(32).dense(3);
    let mut model = model.classifier(Adam::new(0.03));
    model.fit_with(&mut quiet(40, seed), 32, &training.to_vec(), &[])?;

    learned(&model, &test.to_vec(), 1, |x, y| {
        let point = format!("{:.2}, {:.2}", x[(0, 0)], x[(0, 1)]);
        vec![Column::new(point, RINGS[y[0]])]
    })
}

/// One to many, a vector to a sequence: a number, whose digits are seen at once at the first step, to its Roman numeral.
pub fn one_to_many(seed: u64) -> Outcome<Learned> {
    const LONGEST: usize = 12; // DCCCLXXXVIII
    const END: usize = ROMAN.len();
    let number = |n: usize| {
        let is_digit = |t, c| t == 0 && digits(n)[c / 10] == c % 10; // one of ten, three times
        let x = Matrix::from_fn(LONGEST + 1, 30, |t, c| f32::from(is_digit(t, c)));
        let mut letters = roman(n);
        letters.resize(LONGEST + 1, END);
        (x, letters)
    };
    let (training, test) = split_at_random((1..1000).map(number).collect::<Vec<_>>(), 0.2, seed);

    let model = Sequential::new(30).seed(seed).gru(64).dense(END + 1);
    let mut model = model.classifier(Adam::new(0.01));
    model.fit_with(&mut quiet(25, seed), 32, &training.to_vec(), &[])?;

    learned(&model, &test.to_vec(), 4, |x, y| {
        let digit = |place: usize| (0..10).find(|d| x[(0, 10 * place + d)] == 1.0);
        let number = (0..3).filter_map(digit).fold(0, |n, d| 10 * n + d);
        let letters = y.iter().take_while(|&&letter| letter != END);
        let letters = letters.map(|&letter| ROMAN[letter]);
        Column::written(&[number.to_string()], 1, letters)
    })
}

/// Many to one, a sequence to its class: which bracket of ([{}]) would have to be closed next?
pub fn many_to_one(seed: u64) -> Outcome<Learned> {
    const ANSWERS: [&str; 4] = [")", "]", "}", "none"];
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let text = |_| {
        let length = rng.random_range(1..=10);
        brackets(length, &mut rng)
    };
    let texts: Vec<_> = (0..2500).map(text).collect();
    let (training, test) = split_at_random(texts, 0.2, seed);

    let model = Sequential::new(6)
        .seed(seed)
        .embedding(16)
        .gru(48)
        .last()
        .dense(4);
    let mut model = model.classifier(Adam::new(0.01));
    model.fit_with(&mut quiet(20, seed), 32, &training.to_vec(), &[])?;

    learned(&model, &test.to_vec(), 5, |x, y| {
        let read: Vec<_> = x.iter().map(|&bracket| BRACKETS[bracket]).collect();
        Column::written(&read, read.len(), [ANSWERS[y[0]]])
    })
}

/// Many to many, a sequence to another one of another length: a Roman numeral is read to its end, and then written in
/// digits. While it is read nothing is to be written, while it is written nothing is read: what there is to know of the
/// numeral is in the state in between.
pub fn many_to_many(seed: u64) -> Outcome<Learned> {
    const NOTHING: (usize, usize) = (ROMAN.len(), 10); // read, written
    let number = |n: usize| {
        let (letters, digits) = (roman(n), n.to_string());
        let digits = digits.bytes().map(|digit| usize::from(digit - b'0'));
        let mut written = vec![NOTHING.1; letters.len()];
        written.extend(digits);
        written.resize(letters.len() + 4, NOTHING.1); // as the end
        ([letters, vec![NOTHING.0; 4]].concat(), written)
    };
    let (training, test) = split_at_random((1..1000).map(number).collect::<Vec<_>>(), 0.2, seed);

    let model = Sequential::new(ROMAN.len() + 1).seed(seed).embedding(16);
    let mut model = model.gru(64).dense(11).classifier(Adam::new(0.01));
    model.fit_with(&mut quiet(40, seed), 32, &training.to_vec(), &[])?;

    learned(&model, &test.to_vec(), 6, |x, y| {
        let read: Vec<_> = x.iter().filter_map(|&letter| ROMAN.get(letter)).collect();
        let written = y[read.len()..].iter();
        let digits = written.take_while(|&&digit| digit != NOTHING.1);
        Column::written(&read, read.len() + 1, digits)
    })
}

/// In step, a sequence to one that is as long: the bits of two numbers, the lowest first, to those of their sum. What is
/// carried over is in the state. Learned on up to 8 bits, tested on up to 16.
pub fn in_step(seed: u64) -> Outcome<Learned> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut sum = |bits: usize| {
        let [a, b] = [0; 2].map(|_: usize| rng.random_range(0..1_usize << bits));
        let pair = |t: usize| 2 * (a >> t & 1) + (b >> t & 1); // of four
        let x: Vec<_> = (0..bits).map(pair).collect();
        (x, (0..bits).map(|t| (a + b) >> t & 1).collect::<Vec<_>>())
    };
    let training: Vec<_> = (0..800).map(|i| sum(1 + i % 8)).collect();
    let test: Vec<_> = (0..200).map(|i| sum(1 + i % 16)).collect();

    let model = Sequential::new(4).seed(seed).embedding(4).gru(16).dense(2);
    let mut model = model.classifier(Adam::new(0.02));
    model.fit_with(&mut quiet(15, seed), 32, &training, &[])?;

    learned(&model, &test, 5, |x, y| {
        let bits = x.iter().zip(y);
        let column = |(pair, bit)| Column::new(format!("{} {}", pair / 2, pair % 2), bit);
        bits.map(column).collect()
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_is_a_lesson_of_less_than_25_lines() {
        let (lessons, _) = include_str!("shapes.rs")
            .split_once("#[cfg(test)]")
            .unwrap();
        let lengths = lessons.split("\npub fn ").skip(1).map(|lesson| {
            let (lesson, _) = lesson.split_once("\n}\n").unwrap();
            lesson.lines().count() + 1
        });
        let lengths: Vec<_> = lengths.collect();
        assert_eq!(lengths.len(), 5);
        assert!(lengths.iter().all(|&lines| lines < 25), "{lengths:?}");
    }
}
