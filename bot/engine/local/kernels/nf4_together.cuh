// The product by four warps together (wgmma, Hopper): weights are scaled as they are decoded, so
// that sums stay in the tensor cores; tokens are in shared memory.

// Both halves of `word`, bf16, times the scale, which is in both halves of `high` and of `low`:
// the larger part of it and what that lacks. Rounds once, like bitsandbytes.
__device__ __forceinline__ u32 scaled(u32 word, u32 high, u32 low) {
    u32 rest, product;
    asm("mul.rn.bf16x2 %0, %1, %2;" : "=r"(rest) : "r"(word), "r"(low));
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(product) : "r"(word), "r"(high), "r"(rest));
    return product;
}

__device__ __forceinline__ u32 twice(float v) {
    u32 pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %1;" : "=r"(pair) : "f"(v));
    return pair;
}

// d += W x for 64 rows, 16 columns and 8 * TILES tokens; a as in mma, x by its descriptor's
// lower half.
__device__ __forceinline__ void wgmma(float* d, const u32 (&a)[4], u32 stage) {
    const u64 x = 1ull << 62 | 64ull << 32 | stage;
#define D(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#if TILES == 4
    asm volatile("wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 "
                 "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15}, "
                 "{%16,%17,%18,%19}, %20, 1, 1, 1, 0;"
                 : D(0), D(4), D(8), D(12)
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(x));
#elif TILES == 8
    asm volatile("wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
                 "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,"
                 "%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31}, "
                 "{%32,%33,%34,%35}, %36, 1, 1, 1, 0;"
                 : D(0), D(4), D(8), D(12), D(16), D(20), D(24), D(28)
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(x));
#else
    asm volatile("wgmma.mma_async.sync.aligned.m64n96k16.f32.bf16.bf16 "
                 "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,"
                 "%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31,"
                 "%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47}, "
                 "{%48,%49,%50,%51}, %52, 1, 1, 1, 0;"
                 : D(0), D(4), D(8), D(12), D(16), D(20), D(24), D(28), D(32), D(36), D(40), D(44)
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(x));
#endif
#undef D
}

// All but the youngest `left` groups of products are done.
template <int left> __device__ __forceinline__ void await_products() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" :: "n"(left) : "memory");
}

struct Product {
    float (&acc)[2][TILES][4];
    Weights& weights;
    Stages& stages;
    int first, end;
    u32 a[2][4][4];  // operand A of both tiles

    __device__ __forceinline__ void begin() {
        if (threadIdx.x == 0)
            for (int i = 0; i < AHEAD && first + i < end; i++)
                stages.fill(stages.turn + i, first + i);
        __syncwarp();
        decode(0, weights.words[0][0], weights.scales[0][0], first);
    }

    // Decodes one tile while the other is multiplied; finds the first one decoded.
    __device__ __forceinline__ void multiply(int slot, int block) {
        const uint4 word = weights.words[slot][1];
        const u32 q = weights.scales[slot][1];
        const u32 stage = stages.take();
        start(0, stage);
        if (block > first) stages.release(stages.turn - 1);
        weights.fetch(slot, block + DEPTH);
        decode(1, word, q, block);
        start(1, stage);
        if (threadIdx.x == 0 && block + AHEAD < end)
            stages.fill(stages.turn + AHEAD, block + AHEAD);
        __syncwarp();
        const int following = (slot + 1) % DEPTH;
        decode(0, weights.words[following][0], weights.scales[following][0], min(block + 1, end - 1));
        stages.turn++;
    }

    __device__ __forceinline__ void finish() {
        await_products<0>();
        stages.release(stages.turn - 1);
#pragma unroll
        for (int m = 0; m < 2; m++)
#pragma unroll
            for (int n = 0; n < TILES; n++)
#pragma unroll
                for (int i = 0; i < 4; i++) asm volatile("" : "+f"(acc[m][n][i])::"memory");
    }

    // Leaves at most the products of one tile under way.
    __device__ __forceinline__ void start(int m, u32 stage) {
        asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
        for (int s = 0; s < 4; s++) wgmma(&acc[m][0][0], a[m][s], stage + 2 * s);
        asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
        await_products<1>();
    }

    __device__ __forceinline__ void decode(int m, const uint4& w, u32 q, int block) {
        const u32 pairs = threadIdx.x % 32 * 4;
        u32 high[2], low[2];
#pragma unroll
        for (int h = 0; h < 2; h++) {
            const float scale = weights.scale(m, h, q, block);
            high[h] = twice(scale);
            low[h] = twice(scale - widened(high[h]));
        }
#pragma unroll
        for (int half = 0; half < 2; half++) {
            u32 upper = half ? w.y : w.x, lower = half ? w.w : w.z;
            a[m][half * 2][0] = scaled(look_up<0>(upper, pairs), high[0], low[0]);
            a[m][half * 2][1] = scaled(look_up<0>(lower, pairs), high[1], low[1]);
            a[m][half * 2][2] = scaled(look_up<1>(upper, pairs), high[0], low[0]);
            a[m][half * 2][3] = scaled(look_up<1>(lower, pairs), high[1], low[1]);
            a[m][half * 2 + 1][0] = scaled(look_up<2>(upper, pairs), high[0], low[0]);
            a[m][half * 2 + 1][1] = scaled(look_up<2>(lower, pairs), high[1], low[1]);
            a[m][half * 2 + 1][2] = scaled(look_up<3>(upper, pairs), high[0], low[0]);
            a[m][half * 2 + 1][3] = scaled(look_up<3>(lower, pairs), high[1], low[1]);
        }
    }
};
