// The product by warps that multiply each for itself (mma): tokens come straight from memory.

__device__ __forceinline__ void mma(float (&d)[4], const u32 (&a)[4], u32 b0, u32 b1, bool fresh) {
    if (fresh)
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                     "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%10,%10,%10,%10};"
                     : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1), "f"(0.0f));
    else
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                     "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                     : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

struct Product {
    float (&acc)[2][TILES][4];
    Weights& weights;
    const char* x;
    int tokens, columns;

    __device__ __forceinline__ void begin() {}

    __device__ __forceinline__ void multiply(int slot, int block) {
        const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
        const u32 pairs = lane * 4;
        const uint4 w[2] = {weights.words[slot][0], weights.words[slot][1]};
        const u32 q[2] = {weights.scales[slot][0], weights.scales[slot][1]};
        weights.fetch(slot, block + DEPTH);
        float fresh[2][TILES][4], scale[2][2];
#pragma unroll
        for (int m = 0; m < 2; m++)
#pragma unroll
            for (int h = 0; h < 2; h++) scale[m][h] = weights.scale(m, h, q[m], block);
#pragma unroll
        for (int half = 0; half < 2; half++) {
            uint4 b[TILES];
#pragma unroll
            for (int n = 0; n < TILES; n++) {
                int token = min(n * 8 + g, tokens - 1);
                i64 place = (i64)token * columns + block * 64 + half * 32 + t * 8;
                b[n] = __ldg((const uint4*)(x + place * 2));
            }
#pragma unroll
            for (int m = 0; m < 2; m++) {
                u32 upper = half ? w[m].y : w[m].x, lower = half ? w[m].w : w[m].z;
                u32 a[4] = {look_up<0>(upper, pairs), look_up<0>(lower, pairs),
                            look_up<1>(upper, pairs), look_up<1>(lower, pairs)};
#pragma unroll
                for (int n = 0; n < TILES; n++) mma(fresh[m][n], a, b[n].x, b[n].y, half == 0);
                u32 c[4] = {look_up<2>(upper, pairs), look_up<2>(lower, pairs),
                            look_up<3>(upper, pairs), look_up<3>(lower, pairs)};
#pragma unroll
                for (int n = 0; n < TILES; n++) mma(fresh[m][n], c, b[n].z, b[n].w, false);
            }
        }
#pragma unroll
        for (int m = 0; m < 2; m++)
#pragma unroll
            for (int n = 0; n < TILES; n++)
#pragma unroll
                for (int i = 0; i < 4; i++)
                    acc[m][n][i] = fmaf(fresh[m][n][i], scale[m][i / 2], acc[m][n][i]);
    }

    __device__ __forceinline__ void finish() {}
};
