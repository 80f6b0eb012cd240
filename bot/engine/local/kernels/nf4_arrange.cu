#include "nf4_common.cuh"

// x [tokens, columns] in the stages' order, 8 * TILES tokens of 64 columns each: a row of 128 bytes
// for each token, swizzled as wgmma reads it, its columns in the order in which the weights lie.
extern "C" __global__ void __launch_bounds__(THREADS) nf4_arrange(
    const char* __restrict__ x, char* __restrict__ arranged, int tokens, int columns) {
    const int chunks = columns / 64 * TILES * 8 * 8;  // of 16 bytes
    let_next_start();
    wait_for_previous();
    for (int at = blockIdx.x * THREADS + threadIdx.x; at < chunks; at += gridDim.x * THREADS) {
        const int chunk = at % 8, row = at / 8 % (TILES * 8), block = at / (TILES * 64);
        const int token = min(row, tokens - 1), column = block * 64 + chunk / 4 * 32 + chunk % 4 * 2;
        const char* from = x + ((i64)token * columns + column) * 2;
        u32 pairs[4];
#pragma unroll
        for (int i = 0; i < 4; i++) pairs[i] = *(const u32*)(from + i * 16);
        *(uint4*)(arranged + (i64)block * STAGE + row * 128 + ((chunk ^ row & 7) << 4)) =
            make_uint4(pairs[0], pairs[1], pairs[2], pairs[3]);
    }
}
