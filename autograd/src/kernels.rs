//! The only numeric loops: products, element-wise functions, reductions.
//!
//! `unsafe` lives here, in blocks that each give their reason.

pub(crate) mod dispatch;
pub(crate) mod elementwise;
pub(crate) mod gemm;
pub(crate) mod math;
pub(crate) mod reduce;
