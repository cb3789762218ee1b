use super::*;

const HEADER: &str =
    "%# two\n#\n@problemName Two\n@dimensions 2\n@classLabel true yes no\n\n@data\n";

fn parse(data: &str) -> Result<Series, String> {
    Series::parse(&format!("{HEADER}{data}"))
}

#[test]
fn series_of_any_length_are_read() {
    let read = parse("1.5,1.25,1:0.5,0,-0.5:yes\r\n# between\n\n2e0, 1.75 : 0.25,-.5:no").unwrap();
    let first = Matrix::from([[1.5, 0.5], [1.25, 0.0], [1.0, -0.5]]);
    let second = Matrix::from([[2.0, 0.25], [1.75, -0.5]]);
    assert_eq!(read.samples, [(first, 0), (second, 1)]);
    assert_eq!(
        (read.classes, read.dimensions),
        (vec!["yes".into(), "no".into()], 2)
    );
}

#[test]
fn what_is_not_known_is_the_step_before() {
    let read = parse("?,1,?,NaN,2:?,?,?,?,?:no").unwrap();
    let columns = |d: usize| {
        (0..5)
            .map(|t| read.samples[0].0[(t, d)])
            .collect::<Vec<_>>()
    };
    assert_eq!(columns(0), [1.0, 1.0, 1.0, 1.0, 2.0]);
    assert_eq!(columns(1), [0.0; 5]);
    assert_eq!(read.missing, 8);
}

#[test]
fn the_first_line_says_how_many_dimensions_there_are() {
    let text = "@univariate false\n@classLabel true 0 1\n@data\n1,2:3,4:5,6:1\n";
    assert_eq!(Series::parse(text).unwrap().dimensions, 3);
    let error = Series::parse(&format!("{text}1:2:0")).unwrap_err();
    assert!(error.starts_with(", line 5: 3 parts"), "{error}");
    let one = "@univariate true\n@classLabel true 0 1\n@data\n1,2,3:1\n";
    assert_eq!(
        Series::parse(one).unwrap().samples[0].0.shape().to_string(),
        "[3, 1]"
    );
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let parts = "parts with \":\" between them, expected 3: the dimensions and the class";
    for (data, message) in [
        ("", ": no series after @data; is it cut off?"),
        ("1:2:yes\n1,2:1", &format!(", line 9: 2 {parts}")),
        ("1:2:3:yes", &format!(", line 8: 4 {parts}")),
        ("1:2:", ", line 8: no class after the last \":\""),
        (
            "1:2:maybe",
            ", line 8: class \"maybe\", expected one of yes, no",
        ),
        (
            "1,2:1:no",
            ", line 8: dimension 2 has 1 steps, and the first has 2",
        ),
        (
            "1,x:1,2:no",
            ", line 8: dimension 1, step 2: \"x\", expected a number",
        ),
        (
            "1,2:1,:no",
            ", line 8: dimension 2, step 2: \"\", expected a number",
        ),
        (
            "1,2:inf,1:no",
            ", line 8: dimension 2, step 1: \"inf\", expected a number",
        ),
        (
            "1,2:1e99,1:no",
            ", line 8: dimension 2, step 1: \"1e99\", expected a number",
        ),
    ] {
        assert_eq!(parse(data).unwrap_err(), message, "{data:?}");
    }
}

#[test]
fn a_file_to_test_with_is_of_the_same_problem() {
    let learned = parse("1:2:yes\n1:2:no").unwrap();
    let turned = HEADER.replace("yes no", "no yes");
    let test = Series::parse(&format!("{turned}1:2:yes")).unwrap();
    assert_eq!(test.samples[0].1, 1);
    assert_eq!(test.numbered_as(&learned).unwrap().samples[0].1, 0);
    let other = Series::parse("@classLabel true yes no maybe\n@data\n1:2:maybe\n").unwrap();
    assert_eq!(
        other.numbered_as(&learned).unwrap_err(),
        "class \"maybe\" is none to learn from"
    );
    let wide = Series::parse("@classLabel true yes no\n@data\n1:2:3:no\n").unwrap();
    assert_eq!(
        wide.numbered_as(&learned).unwrap_err(),
        "3 dimensions, and there are 2 to learn from"
    );
}

#[test]
fn a_missing_file_is_told() {
    let error = Series::read(Path::new("nowhere.ts"))
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("cannot read nowhere.ts: "), "{error}");
}

/// Wherever a file is cut, the line says so, but between two lines, where nothing tells.
#[test]
fn a_cut_file_is_refused() {
    let text = format!("{HEADER}1.5,2.5:3.5,4.5:yes\n5.5:6.5:no\n");
    let whole = text.trim_end().len();
    let first = text.find("\n5.5").unwrap();
    for end in 0..whole {
        let cut = Series::parse(&text[..end]);
        assert_eq!(
            cut.is_ok(),
            (first..=first + 1).contains(&end),
            "{:?}",
            &text[..end]
        );
    }
}

#[test]
fn the_vowels_are_what_their_authors_say() {
    let [training, test] =
        [crate::TRAINING, crate::TEST].map(|path| Series::read(Path::new(path)).unwrap());
    assert_eq!((training.samples.len(), test.samples.len()), (270, 370));
    let of = |series: &Series| {
        let count = |class| series.samples.iter().filter(|(_, c)| *c == class).count();
        (0..9).map(count).collect::<Vec<_>>()
    };
    assert_eq!(of(&training), [30; 9]);
    assert_eq!(of(&test), [31, 35, 88, 44, 29, 24, 40, 50, 29]);
    let all = [&training.samples[..], &test.samples].concat();
    let lengths = || all.iter().map(|(x, _)| x.row_count());
    assert_eq!((lengths().min(), lengths().max()), (Some(7), Some(29)));
    // Σ value · dimension · step · class, all from 1: as a program in Python has it that splits the lines by itself.
    let weighed = |(x, class): &Sample| {
        let place = |t: usize, d: usize| ((d + 1) * (t + 1) * (class + 1)) as f64;
        let values = x.data().iter().enumerate();
        let weighed = values.map(|(i, &x)| f64::from(x) * place(i / 12, i % 12));
        weighed.sum::<f64>()
    };
    let sum: f64 = all.iter().map(weighed).sum();
    let expected = -874_179.472_721 - 1_149_035.633_466;
    assert!((sum - expected).abs() < 0.01, "{sum}, expected {expected}");
}

#[global_allocator]
static ALLOCATOR: altered::Counting = altered::Counting;

#[test]
fn altered_series_are_series_or_refused() {
    let unequal = format!("{HEADER}1.5,2.5,?:3.5,4.5,-0.5:yes\n5.5e-1:6.5:no\n");
    let univariate =
        "@univariate true\n@seriesLength 4\n@classLabel true 0 1 2\n@data\n1,2,3,4:1\n4,3,2,1:0\n";
    altered::check(&[unequal.as_bytes(), univariate.as_bytes()], |bytes| {
        let text = str::from_utf8(bytes).map_err(|e| e.to_string())?;
        let series = Series::parse(text)?;
        for (x, class) in &series.samples {
            assert!(x.view().is_finite() && *class < series.classes.len());
            assert_eq!(x.col_count(), series.dimensions);
        }
        Ok(())
    });
}
