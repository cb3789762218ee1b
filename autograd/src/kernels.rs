//! The only numeric loops: products, element-wise functions, reductions.
//!
//! `unsafe` lives here, in blocks that each give their reason.

pub(crate) mod elementwise;
mod gemm;
mod gemv;
pub(crate) mod math;
pub(crate) mod pack;
pub(crate) mod product;
pub(crate) mod reduce;
pub(crate) mod simd;
#[cfg(test)]
mod strided;
pub(crate) mod transpose;
