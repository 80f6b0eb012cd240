// y = W x for W in bitsandbytes' NF4 and up to 8 * TILES tokens, on tensor cores.
//
// The weights stream from memory into registers exactly once, already in the order of mma's
// operand A (kernels/layout.py); tokens are operand B, so few of them waste few columns. A byte
// holds two codes: it is looked up as a whole in a table of 256 pairs of bf16 in shared memory.
// Each lane has a copy of the table in its own bank, and an entry's address is the byte and the
// lane side by side, which one byte permutation makes: two weights cost one PRMT and one LDS.
//
// Sums are fp32. Parts of a row (K_WARPS within a block, `splits` across blocks) are added in a
// fixed order, so that equal inputs give equal outputs.

#include "nf4_common.cuh"
#include "nf4_weights.cuh"
#include "nf4_sums.cuh"
#if WGMMA
#include "nf4_stages.cuh"
#include "nf4_together.cuh"
#else
#include "nf4_apart.cuh"
#endif

extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT) nf4_matmul(
    const char* __restrict__ x,         // bf16 [tokens, columns], arranged if WGMMA
    const uint4* __restrict__ packed,   // [rows / 16, columns / 64, 32 lanes]
    const u16* __restrict__ absmax,     // uint8 [rows / 16, columns / 64, 8, 2]
    const float* __restrict__ outer,    // [rows * columns / 64 / 256]
    const float* __restrict__ offset,   // [rows / 16]
    const float* __restrict__ code,     // [16]
    const float* __restrict__ inner,    // [256]
    const u16* __restrict__ bias,       // bf16 [rows] or null
    u16* __restrict__ y,                // bf16 [tokens, rows], half as many rows if GATED
    float* workspace,                   // [cut tiles, splits, ROW_WARPS, SUMS, 32]
    int* arrived,                       // zeros [cut tiles], and so again afterwards
    int tokens, int rows, int columns,
    int whole, int splits) {            // tiles from `whole` on are cut in `splits`
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    const int row_warp = warp % ROW_WARPS, k_warp = warp / ROW_WARPS;
    const int blocks = columns / 64, couples = rows / 32;
    const int units = whole + ((couples + ROW_WARPS - 1) / ROW_WARPS - whole) * splits;

    let_next_start();
    fill_table(code, inner);
#if WGMMA
    Stages stages(x);
#endif
    for (int unit = blockIdx.x; unit < units; unit += gridDim.x) {
        const bool cut = unit >= whole;
        const int cut_tile = (unit - whole) / splits, piece = cut ? (unit - whole) % splits : 0;
        const int couple = (cut ? whole + cut_tile : unit) * ROW_WARPS + row_warp;
        const int held = min(couple, couples - 1);
        const int tile[2] = {GATED ? held : 2 * held, GATED ? held + couples : 2 * held + 1};
        const int part = piece * K_WARPS + k_warp, parts = (cut ? splits : 1) * K_WARPS;
        const int begin = (i64)blocks * part / parts, end = (i64)blocks * (part + 1) / parts;

        float acc[2][TILES][4] = {};
        Weights weights(packed, absmax, outer, offset, tile, blocks, begin, end);
#if WGMMA
        Product product{acc, weights, stages, begin, end};
#else
        Product product{acc, weights, x, tokens, columns};
#endif
#pragma unroll
        for (int slot = 0; slot < DEPTH; slot++) weights.fetch(slot, begin + slot);
        if (unit == blockIdx.x) wait_for_previous();
        product.begin();
        for (int block = begin; block < end; block += DEPTH)
#pragma unroll
            for (int slot = 0; slot < DEPTH; slot++)
                if (block + slot < end) product.multiply(slot, block + slot);
        product.finish();

        if (K_WARPS > 1) add_warps(&acc[0][0][0], row_warp, k_warp, lane);
        bool complete = k_warp == 0;
        if (cut && splits > 1) {
            const i64 place = (i64)cut_tile * splits * PARTIAL + row_warp * SUMS * 32 + lane;
            complete = add_blocks(&acc[0][0][0], k_warp == 0, workspace + place,
                                  arrived + cut_tile, piece, splits);
        }
        if (complete && couple < couples) round_to(y, acc, bias, tile, tokens, rows);
    }
}
