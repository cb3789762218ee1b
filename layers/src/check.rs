//! What can be wrong with what a layer is given: said in the user's words, at the user's line.
//!
//! These come before anything is recorded, as Rust knows no caller of a method that is called
//! through `dyn Cell`.

use autograd::{Matrix, Scalar, Shape, Var};

use crate::{Bound, Carried, Cell, Lengths, ParameterId, Projection, State, StateSize};

/// "lstm1: project", for a layer and what is done with it.
pub(crate) fn place(layer: &str, doing: &str) -> String {
    match layer {
        "" => doing.into(),
        _ => format!("{layer}: {doing}"),
    }
}

/// "x [20, 3]"
fn describe<T: Scalar>(x: Var<'_, T>) -> String {
    format!("{} {}", x.info().label(), x.shape())
}

/// That a layer is used with the set that it was made with.
#[track_caller]
pub(crate) fn parameters<T: Scalar>(
    layer: &str,
    doing: &str,
    p: &Bound<'_, T>,
    ids: impl IntoIterator<Item = ParameterId>,
) {
    assert!(
        ids.into_iter().all(|id| p.is_of_set(id)),
        "{}: the layer's parameters are of another set than the one that was bound",
        place(layer, doing)
    );
}

/// That an operand is on the tape of the parameters, and so wide.
#[track_caller]
pub(crate) fn operand<T: Scalar>(
    (layer, doing): (&str, &str),
    x: Var<'_, T>,
    parameter: Var<'_, T>,
    width: usize,
    explain: impl FnOnce(usize) -> String,
) {
    assert!(
        std::ptr::eq(x.tape(), parameter.tape()),
        "{}: {} is of another tape than the parameter {}",
        place(layer, doing),
        describe(x),
        describe(parameter)
    );
    let found = x.col_count();
    assert!(
        found == width,
        "{}: {} has {found} columns: {}",
        place(layer, doing),
        describe(x),
        explain(found)
    );
}

/// What [`Cell::project`] is given.
#[track_caller]
pub(crate) fn input<T: Scalar, C: Cell<T> + ?Sized>(cell: &C, p: &Bound<'_, T>, x: Var<'_, T>) {
    let (name, (u, b)) = (&cell.weights().name, cell.input_weight());
    parameters(name, "project", p, [u, b]);
    let u = p.var(u);
    let Shape { rows, cols } = u.shape();
    operand((name, "project"), x, u, cols, |found| {
        let hidden = cell.hidden_size();
        let hint = match found {
            n if n == hidden => ", and this is as wide as its hidden state",
            n if n == rows => ", and this is as wide as what project() gives",
            _ => "",
        };
        format!("the layer has {cols} inputs{hint}")
    });
}

/// What [`unroll`](crate::unroll) is given, before the first step.
#[track_caller]
pub(crate) fn unrolled<T: Scalar, C: Cell<T> + ?Sized>(
    cell: &C,
    p: &Bound<'_, T>,
    zx: Projection<'_, '_, T>,
    batch: usize,
    state: State<'_, T>,
) {
    let doing = "unroll";
    let weights = cell.weights();
    parameters(&weights.name, doing, p, [cell.input_weight().0, weights.w]);
    let source = match zx {
        Projection::Stacked(zx) => zx,
        Projection::LookedUp { table, symbols } => {
            self::symbols(&weights.name, symbols, table.row_count());
            table
        }
    };
    projected(cell, doing, p, source);
    self::state(cell, doing, p, batch, state);
}

/// What [`Cell::step`] is given: z_x of one step, and the state before.
#[track_caller]
pub(crate) fn step<T: Scalar, C: Cell<T> + ?Sized>(
    cell: &C,
    p: &Bound<'_, T>,
    zx: Var<'_, T>,
    state: State<'_, T>,
) {
    projected(cell, "step", p, zx);
    self::state(cell, "step", p, zx.row_count(), state);
}

/// That z_x is G*H wide.
#[track_caller]
fn projected<T: Scalar, C: Cell<T> + ?Sized>(
    cell: &C,
    doing: &str,
    p: &Bound<'_, T>,
    zx: Var<'_, T>,
) {
    let u = p.var(cell.input_weight().0);
    let Shape { rows, cols } = u.shape();
    operand((&cell.weights().name, doing), zx, u, rows, |found| {
        let hint = match found == cols {
            true => ", and this is as wide as its input: that goes through project() first",
            false => "",
        };
        format!(
            "z_x has {rows} (all gates of {} units){hint}",
            cell.hidden_size()
        )
    });
}

/// That a state has a row of H for each sample, and a c where the cell has one.
#[track_caller]
fn state<T: Scalar, C: Cell<T> + ?Sized>(
    cell: &C,
    doing: &str,
    p: &Bound<'_, T>,
    batch: usize,
    state: State<'_, T>,
) {
    let name = &cell.weights().name;
    match (cell.has_cell_state(), state.c) {
        (true, None) => panic!(
            "{}: the state has no c, and the layer's has one",
            place(name, doing)
        ),
        (false, Some(_)) => panic!(
            "{}: the state has a c, and the layer's has none",
            place(name, doing)
        ),
        _ => {}
    }
    let expected = Shape::new(batch, cell.hidden_size());
    for part in [Some(state.h), state.c].into_iter().flatten() {
        let w = p.var(cell.weights().w);
        assert!(
            std::ptr::eq(part.tape(), p.tape()),
            "{}: the state {} is of another tape than the parameter {}",
            place(name, doing),
            describe(part),
            describe(w)
        );
        assert!(
            part.shape() == expected,
            "{}: the state {} would have to be {expected}: a row for each sample, a column for each \
             hidden unit",
            place(name, doing),
            describe(part)
        );
    }
}

/// What [`Cell::project_symbols`] is given.
#[track_caller]
pub(crate) fn lookup<T: Scalar, C: Cell<T> + ?Sized>(
    cell: &C,
    p: &Bound<'_, T>,
    symbols: &[usize],
) {
    let (name, (u, b)) = (&cell.weights().name, cell.input_weight());
    parameters(name, "project_symbols", p, [u, b]);
    self::symbols(name, symbols, p.var(u).col_count());
}

/// What [`Cell::initial_state`] is given.
#[track_caller]
pub(crate) fn start<T: Scalar, C: Cell<T> + ?Sized>(cell: &C, p: &Bound<'_, T>, batch: usize) {
    self::batch(batch);
    let weights = cell.weights();
    let learned = [weights.h0, weights.c0].into_iter().flatten();
    parameters(&weights.name, "initial_state", p, learned);
}

/// That the states carried are those of a model's layers, with a row for each sample.
#[track_caller]
pub(crate) fn states<T: Scalar>(states: &[Carried<T>], sizes: &[StateSize], samples: usize) {
    let (given, layers) = (states.len(), sizes.len());
    assert!(
        given == layers,
        "{given} states for {layers} recurrent layers"
    );
    let print = |(h, c): (Shape, Option<Shape>)| match c {
        Some(c) => format!("h {h} and c {c}"),
        None => format!("h {h} and no c"),
    };
    for (i, (state, size)) in states.iter().zip(sizes).enumerate() {
        let shape = Shape::new(samples, size.hidden);
        let expected = (shape, size.has_c.then_some(shape));
        let found = (state.h.shape(), state.c.as_ref().map(Matrix::shape));
        assert!(
            found == expected,
            "the state carried for recurrent layer {i} is {}, and would have to be {}",
            print(found),
            print(expected)
        );
    }
}

/// That a segment has steps.
#[track_caller]
pub(crate) fn segment(steps: usize, segment: usize) {
    assert!(
        segment > 0,
        "segments of no steps: give the steps of each, such as {}",
        (steps as f64).sqrt().ceil().max(1.0)
    );
}

/// That a mini-batch has rows.
#[track_caller]
pub(crate) fn batch(rows: usize) {
    assert!(rows > 0, "a mini-batch of no rows");
}

/// That every symbol is one of so many.
#[track_caller]
pub(crate) fn symbols(layer: &str, symbols: &[usize], count: usize) {
    indices(layer, "symbol", symbols, count);
}

/// That every symbol of sequences is one of so many.
#[track_caller]
pub(crate) fn symbols_of(layer: &str, symbols: &[usize], lengths: &Lengths, count: usize) {
    if let Some(row) = symbols.iter().position(|&symbol| symbol >= count) {
        let (sample, t) = lengths
            .positions()
            .nth(row)
            .expect("each symbol has a place");
        let symbol = symbols[row];
        let complaint =
            format!("symbol {symbol} of sample {sample}, step {t}, is not below {count}");
        panic!("{}", place(layer, &complaint));
    }
}

/// That every index is one of so many.
#[track_caller]
pub(crate) fn indices(layer: &str, what: &str, indices: &[usize], count: usize) {
    if let Some(row) = indices.iter().position(|&i| i >= count) {
        let index = indices[row];
        let complaint = format!("{what} {index} of row {row} is not below {count}");
        panic!("{}", place(layer, &complaint));
    }
}

/// The number of steps that so many rows are, for a mini-batch of `batch`.
#[track_caller]
pub(crate) fn steps(rows: usize, what: &str, batch: usize) -> usize {
    self::batch(batch);
    assert!(
        rows.is_multiple_of(batch),
        "{rows} {what} are no steps of a mini-batch of {batch}: T steps of it are T·{batch} {what}, \
         such as {}",
        rows.next_multiple_of(batch)
    );
    rows / batch
}

/// That a layer is given as many features as it takes, as far as that is known.
pub(crate) fn features(layer: &str, takes: usize, given: Option<usize>) -> Result<(), String> {
    match given {
        Some(given) if given != takes => {
            let name = if layer.is_empty() { "a layer" } else { layer };
            Err(format!(
                "{name} takes {takes} features, and is given {given}"
            ))
        }
        _ => Ok(()),
    }
}
