// The weights of a warp's two tiles of 16 rows, on their way from memory through registers: `DEPTH`
// blocks of 64 columns are fetched ahead.

struct Weights {
    uint4 words[DEPTH][2];
    u32 scales[DEPTH][2];
    const char *packed, *absmax;
    const float* outer;
    u32 word_at[2], absmax_at[2];  // in bytes
    int scale_at[2];               // of row g, counted in absmaxes
    float wide[2][2], added[2];    // outer of rows g and g + 8, offset
    int blocks, end;

    __device__ __forceinline__ Weights(
        const uint4* packed, const u16* absmax, const float* outer, const float* offset,
        const int (&tile)[2], int blocks, int begin, int end)
        : packed((const char*)packed), absmax((const char*)absmax), outer(outer), blocks(blocks),
          end(end) {
        const int lane = threadIdx.x % 32, g = lane / 4;
#pragma unroll
        for (int m = 0; m < 2; m++) {
            word_at[m] = (tile[m] * blocks * 32 + lane) * 16;
            absmax_at[m] = (tile[m] * blocks * 8 + g) * 2;
            scale_at[m] = (tile[m] * 16 + g) * blocks;
            added[m] = __ldg(offset + tile[m]);
#pragma unroll
            for (int h = 0; h < 2; h++)
                wide[m][h] = __ldg(outer + (scale_at[m] + h * 8 * blocks + begin >> 8));
        }
    }

    __device__ __forceinline__ void fetch(int slot, int block) {
        if (block >= end) return;
#pragma unroll
        for (int m = 0; m < 2; m++) {
            words[slot][m] = stream(packed + (word_at[m] + block * 512));
            scales[slot][m] = __ldg((const u16*)(absmax + (absmax_at[m] + block * 16)));
        }
    }

    // What the codes of rows g (h = 0) and g + 8 are multiplied with in this block, of absmaxes q;
    // to be asked of one block after the other, since 256 of them share an outer.
    __device__ __forceinline__ float scale(int m, int h, u32 q, int block) {
        const u32 absmaxes = 128 | threadIdx.x % 32 * 4;
        const int at = scale_at[m] + h * 8 * blocks + block;
        if (at % 256 == 0) wide[m][h] = __ldg(outer + (at >> 8));
        const u32 step = h ? look_up<1>(q, absmaxes) : look_up<0>(q, absmaxes);
        return fmaf(__uint_as_float(step), wide[m][h], added[m]);
    }
};
