//! The only numeric loops: products, element-wise functions, reductions.
//!
//! `unsafe` lives here, in blocks that each give their reason, and where matrices have their elements.

#![allow(missing_debug_implementations)] // no type of these can be named from outside

mod dual;
pub(crate) mod elementwise;
mod gemm;
mod gemv;
pub(crate) mod math;
pub(crate) mod operands;
pub(crate) mod pack;
pub(crate) mod product;
pub(crate) mod reduce;
pub(crate) mod simd;
pub(crate) mod strided;
pub(crate) mod transpose;
