#include "nf4_common.cuh"

// W itself as bf16 [rows, columns], a warp for each 16 rows and 64 columns.
extern "C" __global__ void __launch_bounds__(THREADS) nf4_unpack(
    const uint4* __restrict__ packed, const u16* __restrict__ absmax,
    const float* __restrict__ outer, const float* __restrict__ offset,
    const float* __restrict__ code, const float* __restrict__ inner,
    char* __restrict__ out, int rows, int columns) {
    const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    const int blocks = columns / 64, warps = gridDim.x * (THREADS / 32);
    const u32 absmaxes = 128 | lane * 4;
    let_next_start();
    fill_table(code, inner);
    wait_for_previous();
    for (int place = blockIdx.x * (THREADS / 32) + threadIdx.x / 32; place < rows / 16 * blocks;
         place += warps) {
        const int tile = place / blocks, block = place % blocks;
        const uint4 word = stream(packed + (i64)place * 32 + lane);
        const u32 q = __ldg(absmax + (i64)place * 8 + g);
        const u32 words[2][2] = {{word.x, word.y}, {word.z, word.w}};
#pragma unroll
        for (int h = 0; h < 2; h++) {
            const int row = tile * 16 + h * 8 + g;
            const u32 step = h ? look_up<1>(q, absmaxes) : look_up<0>(q, absmaxes);
            const float wide = __ldg(outer + ((row * blocks + block) >> 8));
            const float scale = fmaf(__uint_as_float(step), wide, __ldg(offset + tile));
#pragma unroll
            for (int half = 0; half < 2; half++) {
                u32 pairs[4];
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    const u32 byte = words[h][half] >> i * 8 & 255;
                    pairs[i] = rounded(code[byte >> 4] * scale)
                             | (u32)rounded(code[byte & 15] * scale) << 16;
                }
                const i64 at = (i64)row * columns + block * 64 + half * 32 + t * 8;
                *(uint4*)(out + at * 2) = make_uint4(pairs[0], pairs[1], pairs[2], pairs[3]);
            }
        }
    }
}
