// Where a row's sums are added and rounded, in an order that is always the same.

// Adds what the warps that share rows have; the first of them gets it.
__device__ __forceinline__ void add_warps(float* mine, int row_warp, int k_warp, int lane) {
    float* sums = (float*)(shared + TABLE);
    float* place = sums + ((k_warp - 1) * ROW_WARPS + row_warp) * SUMS * 32 + lane;
    if (k_warp > 0)
#pragma unroll
        for (int i = 0; i < SUMS; i++) place[i * 32] = mine[i];
    __syncthreads();
    if (k_warp == 0)
#pragma unroll
        for (int k = 1; k < K_WARPS; k++)
#pragma unroll
            for (int i = 0; i < SUMS; i++)
                mine[i] += sums[(((k - 1) * ROW_WARPS + row_warp) * SUMS + i) * 32 + lane];
    __syncthreads();
}

// Adds what the blocks that share rows have, in their order; the last to arrive gets it, and says
// so. `place` is the lane's in the first block's part of the workspace.
__device__ __forceinline__ bool add_blocks(
    float* mine, bool has_sums, float* place, int* arrived, int piece, int splits) {
    int& last = *(int*)(shared + FLAG);
    if (has_sums)
#pragma unroll
        for (int i = 0; i < SUMS; i++) place[piece * PARTIAL + i * 32] = mine[i];
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
        last = atomicAdd(arrived, 1) == splits - 1;
        if (last) *arrived = 0;
    }
    __syncthreads();
    const bool complete = has_sums && last;
    if (complete) {
        __threadfence();
#pragma unroll
        for (int i = 0; i < SUMS; i++) mine[i] = uncached(place + i * 32);
        for (int s = 1; s < splits; s++)
#pragma unroll
            for (int i = 0; i < SUMS; i++) mine[i] += uncached(place + s * PARTIAL + i * 32);
    }
    __syncthreads();
    return complete;
}

// The lane's sums, with their bias and gate, to where they belong.
__device__ __forceinline__ void round_to(
    u16* y, const float (&acc)[2][TILES][4], const u16* bias, const int (&tile)[2],
    int tokens, int rows) {
    const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
#pragma unroll
    for (int n = 0; n < TILES; n++)
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int token = n * 8 + t * 2 + i % 2, row = i / 2 * 8 + g;
            if (token >= tokens) continue;
            float out[2];
#pragma unroll
            for (int m = 0; m < 2; m++) {
                out[m] = acc[m][n][i];
                if (bias) out[m] += widened(bias[tile[m] * 16 + row]);
            }
            if (GATED)
                y[(i64)token * (rows / 2) + tile[0] * 16 + row] =
                    rounded(out[0] / (1.0f + __expf(-out[0])) * out[1]);
            else
#pragma unroll
                for (int m = 0; m < 2; m++)
                    y[(i64)token * rows + tile[m] * 16 + row] = rounded(out[m]);
        }
}
