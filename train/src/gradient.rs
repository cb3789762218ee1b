//! [`Gradient`]: that of one parameter, whole or by rows.

use std::sync::{Arc, OnceLock};

use autograd::{Matrix, RowGradient, Scalar, Shape};

use crate::tensors::{dtype, from_bytes, to_bytes};

/// The gradient of one parameter.
#[derive(Clone)]
pub(crate) enum Gradient<T: Scalar> {
    Whole(Arc<Matrix<T>>),
    Rows(Rows<T>),
}

/// Some rows of a gradient; all others are zeros.
#[derive(Clone)]
pub(crate) struct Rows<T: Scalar> {
    /// Of the whole gradient.
    shape: Shape,
    /// Which, from the first to the last, each once.
    rows: Vec<usize>,
    /// One behind the other.
    values: Vec<T>,
    /// The whole gradient, once it has been asked for.
    whole: OnceLock<Arc<Matrix<T>>>,
}

impl<T: Scalar> Gradient<T> {
    pub fn zeros(shape: Shape, is_sparse: bool) -> Self {
        match is_sparse {
            true => Gradient::Rows(Rows::new(shape, Vec::new(), Vec::new())),
            false => Gradient::Whole(Arc::new(Matrix::zeros(shape.rows, shape.cols))),
        }
    }

    pub fn shape(&self) -> Shape {
        match self {
            Gradient::Whole(m) => m.shape(),
            Gradient::Rows(rows) => rows.shape,
        }
    }

    /// All elements that there are: of rows, theirs.
    pub fn data(&self) -> &[T] {
        match self {
            Gradient::Whole(m) => m.data(),
            Gradient::Rows(rows) => &rows.values,
        }
    }

    /// The elements, to be changed.
    pub fn data_mut(&mut self) -> &mut [T] {
        match self {
            Gradient::Whole(m) => Arc::make_mut(m).data_mut(),
            Gradient::Rows(rows) => {
                rows.whole.take();
                &mut rows.values
            }
        }
    }

    pub fn whole(&self) -> &Matrix<T> {
        match self {
            Gradient::Whole(m) => m,
            Gradient::Rows(rows) => rows.whole(),
        }
    }

    /// The whole gradient, to be changed: from now on it is known as such.
    pub fn whole_mut(&mut self) -> &mut Matrix<T> {
        if let Gradient::Rows(rows) = self {
            *self = Gradient::Whole(Arc::clone(rows.whole()));
        }
        match self {
            Gradient::Whole(m) => Arc::make_mut(m),
            Gradient::Rows(_) => unreachable!("it is whole"),
        }
    }

    /// For another rank: the elements, and behind them where they belong.
    pub fn to_message(&self) -> Vec<u8> {
        let mut message = to_bytes(self.data());
        if let Gradient::Rows(rows) = self {
            let indices = rows.rows.iter().map(|&row| row as u64);
            message.extend(indices.clone().flat_map(u64::to_le_bytes));
            message.extend((indices.len() as u64).to_le_bytes());
        }
        message.push(u8::from(matches!(self, Gradient::Rows(_))));
        message
    }

    /// What another rank has made a message of, for a parameter of that shape. `None` if it is of none.
    pub fn of_message(message: &[u8], shape: Shape) -> Option<Self> {
        let (&is_by_rows, message) = message.split_last()?;
        let (data, rows) = match is_by_rows {
            0 => (message, None),
            _ => {
                let (message, count) = message.split_last_chunk::<8>()?;
                let indices = 8 * usize::try_from(u64::from_le_bytes(*count)).ok()?;
                let (data, indices) =
                    message.split_at_checked(message.len().checked_sub(indices)?)?;
                (data, Some(indices.as_chunks::<8>().0))
            }
        };
        let values: Vec<T> = from_bytes(dtype::<T>(), data);
        match rows {
            None => {
                let whole = Matrix::from_vec(shape.rows, shape.cols, values).ok()?;
                Some(Gradient::Whole(Arc::new(whole)))
            }
            Some(rows) if values.len() == rows.len() * shape.cols => {
                let rows = rows.iter().map(|&row| u64::from_le_bytes(row) as usize);
                Some(Gradient::Rows(Rows::new(shape, rows.collect(), values)))
            }
            _ => None,
        }
    }

    /// Adds others, if all are known by rows, and tells whether they are; if not, this one is made whole.
    pub fn add_rows<'a>(&mut self, others: impl Iterator<Item = &'a Self>) -> bool
    where
        T: 'a,
    {
        let by_rows = |gradient: &'a Self| match gradient {
            Gradient::Rows(rows) => Some(rows),
            Gradient::Whole(_) => None,
        };
        match self {
            Gradient::Whole(_) => false,
            Gradient::Rows(rows) => match others.map(by_rows).collect::<Option<Vec<_>>>() {
                Some(others) => {
                    rows.add(&others);
                    true
                }
                None => {
                    self.whole_mut();
                    false
                }
            },
        }
    }
}

impl<T: Scalar> Rows<T> {
    fn new(shape: Shape, rows: Vec<usize>, values: Vec<T>) -> Self {
        Rows {
            shape,
            rows,
            values,
            whole: OnceLock::new(),
        }
    }

    /// What a sweep has given, for a parameter of that shape.
    pub fn of(gradient: &RowGradient<T>, shape: Shape) -> Self {
        let values = gradient.values().data().to_vec();
        Self::new(shape, gradient.rows().to_vec(), values)
    }

    pub fn iter(&self) -> impl Iterator<Item = (usize, &[T])> {
        let values = self.values.chunks_exact(self.shape.cols);
        self.rows.iter().copied().zip(values)
    }

    fn whole(&self) -> &Arc<Matrix<T>> {
        self.whole.get_or_init(|| {
            let mut whole = Matrix::zeros(self.shape.rows, self.shape.cols);
            for (row, values) in self.iter() {
                whole.view_mut().row(row).copy_from_slice(values);
            }
            Arc::new(whole)
        })
    }

    /// Adds others, in their order.
    fn add(&mut self, others: &[&Self]) {
        if others.is_empty() {
            return;
        }
        let all = [&*self].into_iter().chain(others.iter().copied());
        let mut parts: Vec<_> = all.flat_map(Rows::iter).collect();
        parts.sort_by_key(|(row, _)| *row); // what is of one row stays in order
        let mut sum = Self::new(self.shape, Vec::new(), Vec::new());
        for (row, values) in parts {
            if sum.rows.last() == Some(&row) {
                let start = sum.values.len() - values.len();
                let of_row = sum.values[start..].iter_mut();
                of_row.zip(values).for_each(|(to, &x)| *to += x);
            } else {
                sum.rows.push(row);
                sum.values.extend_from_slice(values);
            }
        }
        *self = sum;
    }
}
