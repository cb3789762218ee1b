//! Runs a loop in the version compiled for the best vector instructions of this processor.
//!
//! The loops themselves are plain Rust that the compiler vectorises. The functions called in them
//! use no fused multiply-add, so every version computes the same bits.

/// A numeric loop. `run` must be `#[inline(always)]`, so that it is compiled anew in each version.
pub(crate) trait Kernel {
    fn run(self);
}

/// Runs a kernel with AVX-512, AVX2 or the baseline's instructions, whichever is there.
#[inline]
#[allow(unsafe_code)]
pub(crate) fn run<K: Kernel>(kernel: K) {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512vl")
            && std::arch::is_x86_feature_detected!("avx512dq")
        {
            // SAFETY: the processor has just been seen to have these instructions.
            return unsafe { run_avx512(kernel) };
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return unsafe { run_avx2(kernel) };
        }
    }
    kernel.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
fn run_avx512<K: Kernel>(kernel: K) {
    kernel.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2<K: Kernel>(kernel: K) {
    kernel.run();
}
