// The stages of x in shared memory: they come by bulk copies, out of what nf4_arrange made, and
// each warp says when it has read one. `turn` counts the blocks of 64 columns that were taken.
struct Stages {
    const char* arranged;
    u32 turn = 0;
    u32 places, filled, freed;  // addresses of the stages and of their barriers

    __device__ __forceinline__ Stages(const char* x) : arranged(x) {
        places = (u32)__cvta_generic_to_shared(shared + TABLE);
        filled = (u32)__cvta_generic_to_shared(shared + BARRIERS);
        freed = filled + 8 * STAGES;
        if (threadIdx.x == 0)
            for (int i = 0; i < STAGES; i++) {
                asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" :: "r"(filled + 8 * i));
                asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;"
                             :: "r"(freed + 8 * i), "n"(ROW_WARPS));
            }
        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
        __syncthreads();
    }

    static __device__ __forceinline__ void await(u32 barrier, u32 parity) {
        asm volatile("{ .reg .pred p; again: mbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1;"
                     "@!p bra again; }" :: "r"(barrier), "r"(parity) : "memory");
    }

    // By one thread.
    __device__ __forceinline__ void fill(u32 turn, int block) {
        const u32 stage = turn % STAGES, round = turn / STAGES;
        if (round > 0) await(freed + 8 * stage, (round - 1) & 1);
        asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;"
                     :: "r"(filled + 8 * stage), "n"(STAGE) : "memory");
        asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
                     "[%0], [%1], %2, [%3];"
                     :: "r"(places + stage * STAGE), "l"(arranged + (i64)block * STAGE), "n"(STAGE),
                        "r"(filled + 8 * stage) : "memory");
    }

    // The lower half of the stage's descriptor, once it is filled: rows of 128 bytes, groups of 8
    // of them 1024 bytes apart (PTX ISA, matrix descriptor).
    __device__ __forceinline__ u32 take() {
        const u32 stage = turn % STAGES;
        await(filled + 8 * stage, turn / STAGES & 1);
        return 1 << 16 | ((places + stage * STAGE) & 0x3FFFF) >> 4;
    }

    __device__ __forceinline__ void release(u32 turn) {
        if (threadIdx.x % 32 == 0)
            asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];"
                         :: "r"(freed + 8 * (turn % STAGES)) : "memory");
        __syncwarp();
    }
};
