//! Models as a list of layers.

use rand::RngExt;
use train::prelude::*;

/// Numbers, and which of three columns has the largest sum.
fn columns(count: usize) -> Vec<(Matrix<f32>, usize)> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut sample = |_| {
        let steps = rng.random_range(1..6);
        let x = Matrix::from_fn(steps, 3, |_, _| rng.random::<f32>());
        let sums: Vec<f32> = (0..3)
            .map(|c| (0..steps).map(|r| x[(r, c)]).sum())
            .collect();
        let class = (0..3).max_by(|&a, &b| sums[a].total_cmp(&sums[b])).unwrap();
        (x, class)
    };
    (0..count).map(&mut sample).collect()
}

/// The lecture's listing.
fn lecture() -> Classifier {
    let model = Sequential::new(3)
        .dense(100)
        .simple_rnn(100)
        .last()
        .dense(3);
    model.classifier(Sgd::new(0.1))
}

#[test]
fn the_network_of_the_lecture_learns() {
    let (training, test) = (columns(600), columns(700)[600..].to_vec());
    let mut model = lecture();
    let before = model
        .evaluate(&test)
        .unwrap()
        .measures
        .get("accuracy")
        .unwrap();
    model
        .fit_with(&mut Fit::new(20).silent(), 16, &training, &test)
        .unwrap();
    let after = model.evaluate(&test).unwrap();
    let accuracy = after.measures.get("accuracy").unwrap();
    assert!(accuracy > 0.9 && accuracy > before, "{before} {accuracy}");
    assert_eq!(after.measures.confusion().unwrap().accuracy(), accuracy);
    let inputs: Vec<_> = test.iter().map(|(x, _)| x.clone()).collect();
    let right = model
        .predict(&inputs)
        .unwrap()
        .into_iter()
        .zip(&test)
        .filter(|(found, (_, class))| found == &[*class]);
    assert!((right.count() as f64 / 100.0 - accuracy).abs() < 1e-12);
    let probabilities = model.probabilities(&inputs).unwrap();
    assert!(
        probabilities
            .iter()
            .all(|m| (m.data().iter().sum::<f32>() - 1.0).abs() < 1e-5)
    );
}

#[test]
fn a_summary_has_layers_outputs_and_parameters() {
    let expected = "\
layer             output       parameters
dense1: 3 -> 100  [B, T, 100]         400
rnn1: 100 -> 100  [B, T, 100]       20100
the last step     [B, 100]              0
dense2: 100 -> 3  [B, 3]              303
                                    20803";
    assert_eq!(lecture().summary(), expected);
}

/// A class for every step, of symbols: whether the one before was the same.
#[test]
fn every_step_may_have_a_class() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let mut sample = |_| {
        let x: Vec<usize> = (0..rng.random_range(1..8))
            .map(|_| rng.random_range(0..3))
            .collect();
        let y: Vec<usize> = (0..x.len())
            .map(|t| usize::from(t > 0 && x[t] == x[t - 1]))
            .collect();
        (x, y)
    };
    let data: Vec<_> = (0..200).map(&mut sample).collect();
    let mut model = Sequential::<f32>::of_symbols(3, 8)
        .bidirectional_lstm(8)
        .dropout(0.1)
        .dense(2)
        .classifier(Adam::new(0.02));
    model
        .fit_with(&mut Fit::new(15).silent(), 16, &data, &[])
        .unwrap();
    assert!(model.evaluate(&data).unwrap().measures.get("accuracy") > Some(0.95));
    let found = model.predict(&[vec![1, 1, 2]]).unwrap();
    assert_eq!(found, [[0, 1, 0]]);
}

#[test]
fn data_that_are_none_of_the_model_are_told_by_sample_and_step() {
    let mut model = lecture();
    let mut complaint = |x: Matrix<f32>, y: usize| {
        let data = [(Matrix::filled(2, 3, 0.5), 1), (x, y)];
        model.fit(&data, 1).unwrap_err().to_string()
    };
    let mut nan = Matrix::filled(2, 3, 0.5);
    nan[(1, 2)] = f32::NAN;
    assert_eq!(complaint(nan, 1), "sample 1, step 1, feature 2 is NaN");
    assert_eq!(
        complaint(Matrix::filled(2, 4, 0.5), 1),
        "sample 1 has 4 features, and the model takes 3"
    );
    assert_eq!(
        complaint(Matrix::filled(2, 3, 0.5), 3),
        "sample 1, target 0: class 3, and the model has 3"
    );
    let none: &[(Matrix<f32>, usize)] = &[];
    assert_eq!(
        model.fit(none, 1).unwrap_err().to_string(),
        "a mini-batch of no samples"
    );

    let mut tagger = Sequential::<f32>::of_symbols(4, 2)
        .lstm(3)
        .dense(2)
        .classifier(Sgd::new(0.1));
    let mut complaint =
        |x: Vec<usize>, y: Vec<usize>| tagger.fit(&[(x, y)], 1).unwrap_err().to_string();
    assert_eq!(
        complaint(vec![1, 4], vec![0, 0]),
        "sample 0, step 1: symbol 4, and the model has 4"
    );
    assert_eq!(
        complaint(vec![1, 2], vec![0]),
        "sample 0 has 1 targets for 2 outputs of the model"
    );
    assert_eq!(
        complaint(vec![], vec![]),
        "sample 0 has no steps: leave it out, or give it a step of its own such as an end"
    );
}
