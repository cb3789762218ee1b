//! The only numeric loops: products, element-wise functions, reductions.
//!
//! `unsafe` lives here, in blocks that each give their reason.

pub(crate) mod elementwise;
pub(crate) mod gemm;
pub(crate) mod gemv;
pub(crate) mod math;
pub(crate) mod pack;
pub(crate) mod reduce;
pub(crate) mod simd;
pub(crate) mod transpose;
