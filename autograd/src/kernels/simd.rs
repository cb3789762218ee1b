//! Vector registers of either element type, and the choice of the instructions to use them with.
//!
//! [`pulp`] looks once at what the processor has (AVX-512, AVX2 with FMA, NEON) and runs a kernel
//! compiled for it.

use pulp::{Arch, Simd, WithSimd};

use crate::Scalar;

/// Runs a kernel with the best instructions of this processor.
#[inline]
pub(crate) fn run<K: WithSimd>(kernel: K) -> K::Output {
    Arch::new().dispatch(kernel)
}

/// Asks for what lies `ahead` registers behind this one to be brought into the cache.
#[inline(always)]
#[allow(unsafe_code)]
pub(crate) fn prefetch<V>(register: &V, ahead: usize) {
    let at = std::ptr::from_ref(register).wrapping_add(ahead);
    #[cfg(target_arch = "x86_64")]
    // SAFETY: nothing is read, and an address that is not valid is ignored.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// An element type with its vector registers.
#[allow(missing_docs)] // not to be named from outside
pub trait Lanes: Scalar {
    /// A register full of elements.
    type Of<S: Simd>: Copy;

    fn splat<S: Simd>(simd: S, x: Self) -> Self::Of<S>;
    /// a b + c, rounded once where the processor can.
    fn mul_add<S: Simd>(simd: S, a: Self::Of<S>, b: Self::Of<S>, c: Self::Of<S>) -> Self::Of<S>;
    fn add<S: Simd>(simd: S, a: Self::Of<S>, b: Self::Of<S>) -> Self::Of<S>;
    /// A register of fewer elements than it has lanes; the others are zero.
    fn load_part<S: Simd>(simd: S, xs: &[Self]) -> Self::Of<S>;
    /// The first lanes of a register.
    fn store_part<S: Simd>(simd: S, xs: &mut [Self], a: Self::Of<S>);
    /// A slice as whole registers, and the rest.
    fn split<S: Simd>(xs: &[Self]) -> (&[Self::Of<S>], &[Self]);
    fn split_mut<S: Simd>(xs: &mut [Self]) -> (&mut [Self::Of<S>], &mut [Self]);
    /// The two registers that [`Lanes::pair`] has made one of, lane by lane.
    fn widen<S: Simd>(simd: S, pairs: Self::Of<S>) -> [Self::Of<S>; 2];
    /// Two elements in the place of one: each is rounded to the upper half of its bits, an f32 to bf16.
    fn pair(low: Self, high: Self) -> Self;

    /// The elements of a register.
    fn width<S: Simd>() -> usize {
        size_of::<Self::Of<S>>() / size_of::<Self>()
    }
}

macro_rules! lanes {
    ($t:ident, $of:ident, $splat:ident, $mul_add:ident, $add:ident, $load:ident, $store:ident, $split:ident,
     $split_mut:ident, $bits:ident, $splat_bits:ident, $to_bits:ident, $from_bits:ident, $mul:ident, $and:ident) => {
        impl Lanes for $t {
            type Of<S: Simd> = S::$of;

            #[inline(always)]
            fn splat<S: Simd>(simd: S, x: Self) -> S::$of {
                simd.$splat(x)
            }
            #[inline(always)]
            fn mul_add<S: Simd>(simd: S, a: S::$of, b: S::$of, c: S::$of) -> S::$of {
                simd.$mul_add(a, b, c)
            }
            #[inline(always)]
            fn add<S: Simd>(simd: S, a: S::$of, b: S::$of) -> S::$of {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn load_part<S: Simd>(simd: S, xs: &[Self]) -> S::$of {
                simd.$load(xs)
            }
            #[inline(always)]
            fn store_part<S: Simd>(simd: S, xs: &mut [Self], a: S::$of) {
                simd.$store(xs, a)
            }
            #[inline(always)]
            fn split<S: Simd>(xs: &[Self]) -> (&[S::$of], &[Self]) {
                S::$split(xs)
            }
            #[inline(always)]
            fn split_mut<S: Simd>(xs: &mut [Self]) -> (&mut [S::$of], &mut [Self]) {
                S::$split_mut(xs)
            }
            #[inline(always)]
            fn widen<S: Simd>(simd: S, pairs: S::$of) -> [S::$of; 2] {
                const HALF: u32 = $bits::BITS / 2;
                let bits = simd.$to_bits(pairs);
                let low = simd.$mul(bits, simd.$splat_bits(1 << HALF)); // a shift, which not all widths have
                let high = simd.$and(bits, simd.$splat_bits($bits::MAX << HALF));
                [simd.$from_bits(low), simd.$from_bits(high)]
            }
            #[inline]
            fn pair(low: Self, high: Self) -> Self {
                const HALF: u32 = $bits::BITS / 2;
                /// The upper half, rounded to the nearest, and to an even one from the middle.
                fn half(x: $t) -> $bits {
                    if x.is_nan() {
                        return $t::NAN.to_bits() >> HALF;
                    }
                    let bits = x.to_bits();
                    let is_odd = bits >> HALF & 1;
                    (bits + ((1 << (HALF - 1)) - 1) + is_odd) >> HALF
                }
                $t::from_bits(half(low) | half(high) << HALF)
            }
        }
    };
}

lanes!(
    f32,
    f32s,
    splat_f32s,
    mul_add_e_f32s,
    add_f32s,
    partial_load_f32s,
    partial_store_f32s,
    as_simd_f32s,
    as_mut_simd_f32s,
    u32,
    splat_u32s,
    transmute_u32s_f32s,
    transmute_f32s_u32s,
    mul_u32s,
    and_u32s
);
lanes!(
    f64,
    f64s,
    splat_f64s,
    mul_add_e_f64s,
    add_f64s,
    partial_load_f64s,
    partial_store_f64s,
    as_simd_f64s,
    as_mut_simd_f64s,
    u64,
    splat_u64s,
    transmute_u64s_f64s,
    transmute_f64s_u64s,
    mul_u64s,
    and_u64s
);
