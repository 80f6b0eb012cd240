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
//
// Compiled for each combination of
//   TILES      groups of 8 tokens
//   ROW_WARPS  warps of a block that share columns; each has 2 tiles of 16 rows
//   K_WARPS    warps of a block that share rows
//   GATED      rows are [gate; up] and y = silu(gate x) * (up x)
//   RESIDENT   blocks that a multiprocessor is to hold at once
//   WGMMA      four warps multiply together, with the tokens in shared memory (Hopper only,
//              ROW_WARPS a multiple of 4, K_WARPS 1); faster from some 32 tokens on

typedef unsigned short u16;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;

constexpr int THREADS = 32 * ROW_WARPS * K_WARPS;
constexpr int DEPTH = WGMMA || TILES > 4 ? 2 : 4;  // blocks of 64 columns that a warp has under way
constexpr int STRIDE = 256;        // bytes between entries of the table
constexpr int TABLE = 256 * STRIDE;
constexpr int SUMS = 2 * TILES * 4;              // of a lane
constexpr int PARTIAL = ROW_WARPS * SUMS * 32;  // of a block
[[maybe_unused]] constexpr int STAGES = 3;  // of x in shared memory, 64 columns each, if WGMMA
[[maybe_unused]] constexpr int STAGE = TILES * 8 * 128;

extern __shared__ __align__(1024) char shared[];

// Blocks of the next kernel may start while this one runs; what it made they see after `wait`.
__device__ __forceinline__ void let_next_start() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;");
#endif
}

__device__ __forceinline__ void wait_for_previous() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

__device__ __forceinline__ uint4 stream(const uint4* at) {
    uint4 v;
    asm volatile("ld.global.nc.L1::no_allocate.L2::128B.v4.u32 {%0,%1,%2,%3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(at));
    return v;
}

__device__ __forceinline__ float uncached(const float* at) {
    float v;
    asm volatile("ld.global.cg.f32 %0, [%1];" : "=f"(v) : "l"(at));
    return v;
}

// The table's entry for byte `n` of `word`; `lane` is where the lane's column begins.
template <int n> __device__ __forceinline__ u32 look_up(u32 word, u32 lane) {
    return *(const u32*)(shared + __byte_perm(word, lane, 0x5504 | n << 4));
}

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

__device__ __forceinline__ u16 rounded(float v) {
    u16 bits;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(v));
    return bits;
}

__device__ __forceinline__ float widened(u16 bits) { return __uint_as_float((u32)bits << 16); }

__device__ void fill_table(const float* code, const float* inner) {
    for (int i = threadIdx.x; i < 256 * 32; i += THREADS) {
        int byte = i / 32, lane = i % 32;
        char* entry = shared + byte * STRIDE + lane * 4;
        *(u32*)entry = rounded(code[byte >> 4]) | (u32)rounded(code[byte & 15]) << 16;
        *(float*)(entry + 128) = inner[byte];
    }
    __syncthreads();
}

#if WGMMA
// d = W x (+ d) for 64 rows, 16 columns and 8 * TILES tokens; a as in mma, x by its descriptor.
__device__ __forceinline__ void wgmma(float* d, const u32 (&a)[4], u64 x, int add) {
#define D(i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#if TILES == 4
    asm volatile("{ .reg .pred p; setp.ne.b32 p, %21, 0;"
                 "wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 "
                 "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15}, "
                 "{%16,%17,%18,%19}, %20, p, 1, 1, 0; }"
                 : D(0), D(4), D(8), D(12)
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(x), "r"(add));
#else
    asm volatile("{ .reg .pred p; setp.ne.b32 p, %37, 0;"
                 "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
                 "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,"
                 "%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31}, "
                 "{%32,%33,%34,%35}, %36, p, 1, 1, 0; }"
                 : D(0), D(4), D(8), D(12), D(16), D(20), D(24), D(28)
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(x), "r"(add));
#endif
#undef D
}

// One stage of x: a row of 128 bytes for each token, swizzled as wgmma reads it, its columns in
// the order in which the weights lie.
struct Stage {
    static constexpr int LOADS = TILES * 8 * 8 / THREADS;  // of 16 bytes, by each thread
    uint4 held[LOADS];

    __device__ __forceinline__ void load(const char* x, int tokens, int columns, int block) {
#pragma unroll
        for (int i = 0; i < LOADS; i++) {
            const int at = threadIdx.x + i * THREADS;
            const int token = min(at / 4 % (TILES * 8), tokens - 1), half = at / (TILES * 32);
            held[i] = __ldg((const uint4*)(x + ((i64)token * columns + block * 64 + half * 32
                                                + at % 4 * 8) * 2));
        }
    }

    __device__ __forceinline__ void store(char* stage) {
#pragma unroll
        for (int i = 0; i < LOADS; i++) {
            const int at = threadIdx.x + i * THREADS;
            const int token = at / 4 % (TILES * 8), half = at / (TILES * 32);
            const u32 pairs[4] = {held[i].x, held[i].y, held[i].z, held[i].w};
#pragma unroll
            for (int p = 0; p < 4; p++) {
                const int chunk = half * 4 + p;
                *(u32*)(stage + token * 128 + ((chunk ^ token & 7) << 4) + at % 4 * 4) = pairs[p];
            }
        }
    }

    // PTX ISA, matrix descriptor: rows of 128 bytes, groups of 8 of them 1024 bytes apart.
    static __device__ __forceinline__ u64 descriptor(const char* stage) {
        const u32 address = (u32)__cvta_generic_to_shared(stage);
        return 1ull << 62 | 64ull << 32 | 1ull << 16 | (address & 0x3FFFF) >> 4;
    }
};
#endif

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
    __shared__ bool last;
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
    int tokens, int rows, int g, int t) {
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

extern "C" __global__ void __launch_bounds__(THREADS, RESIDENT) nf4_matmul(
    const char* __restrict__ x,         // bf16 [tokens, columns]
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
    const int g = lane / 4, t = lane % 4;
    const u32 pairs = lane * 4, absmaxes = 128 | lane * 4;
    const int blocks = columns / 64, couples = rows / 32;
    const int units = whole + ((couples + ROW_WARPS - 1) / ROW_WARPS - whole) * splits;

    let_next_start();
    fill_table(code, inner);
    for (int unit = blockIdx.x; unit < units; unit += gridDim.x) {
        const bool cut = unit >= whole;
        const int cut_tile = (unit - whole) / splits, piece = cut ? (unit - whole) % splits : 0;
        const int couple = (cut ? whole + cut_tile : unit) * ROW_WARPS + row_warp;
        const int held = min(couple, couples - 1);
        const int tile[2] = {GATED ? held : 2 * held, GATED ? held + couples : 2 * held + 1};
        const int part = piece * K_WARPS + k_warp, parts = (cut ? splits : 1) * K_WARPS;
        const int begin = (i64)blocks * part / parts, end = (i64)blocks * (part + 1) / parts;

        uint4 words[DEPTH][2];
        u32 scales[DEPTH][2];
        auto fetch = [&](int slot, int block) {
#pragma unroll
            for (int m = 0; m < 2; m++) {
                i64 place = (i64)tile[m] * blocks + block;
                words[slot][m] = stream(packed + place * 32 + lane);
                scales[slot][m] = __ldg(absmax + place * 8 + g);
            }
        };
        float acc[2][TILES][4] = {}, scale[2][2];
        auto unpack_scales = [&](const u32 (&q)[2], int block) {
#pragma unroll
            for (int m = 0; m < 2; m++)
#pragma unroll
                for (int h = 0; h < 2; h++) {
                    int row = tile[m] * 16 + h * 8 + g;
                    float wide = __ldg(outer + ((row * blocks + block) >> 8));
                    u32 step = h ? look_up<1>(q[m], absmaxes) : look_up<0>(q[m], absmaxes);
                    scale[m][h] = fmaf(__uint_as_float(step), wide, __ldg(offset + tile[m]));
                }
        };
#if WGMMA
        u32 a[2][4][4];  // operand A of both tiles
        auto decode = [&](int m, const uint4& w) {
#pragma unroll
            for (int half = 0; half < 2; half++) {
                u32 upper = half ? w.y : w.x, lower = half ? w.w : w.z;
                a[m][half * 2][0] = look_up<0>(upper, pairs);
                a[m][half * 2][1] = look_up<0>(lower, pairs);
                a[m][half * 2][2] = look_up<1>(upper, pairs);
                a[m][half * 2][3] = look_up<1>(lower, pairs);
                a[m][half * 2 + 1][0] = look_up<2>(upper, pairs);
                a[m][half * 2 + 1][1] = look_up<2>(lower, pairs);
                a[m][half * 2 + 1][2] = look_up<3>(upper, pairs);
                a[m][half * 2 + 1][3] = look_up<3>(lower, pairs);
            }
        };
        Stage next;
        auto stage_of = [&](int block) { return shared + TABLE + (block - begin) % STAGES * STAGE; };
        auto prepare = [&]() {
            __syncthreads();  // the stages are no longer read
            next.load(x, tokens, columns, begin);
            next.store(stage_of(begin));
            if (begin + 1 < end) next.load(x, tokens, columns, begin + 1);
            decode(0, words[0][0]);
        };
        // Decodes one tile while the other is multiplied; finds the first one decoded.
        auto multiply = [&](const uint4 (&w)[2], const u32 (&q)[2], const uint4& following, int block) {
            if (block + 1 < end) next.store(stage_of(block + 1));
            if (block + 2 < end) next.load(x, tokens, columns, block + 2);
            asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
            __syncthreads();
            unpack_scales(q, block);
            const u64 stage = Stage::descriptor(stage_of(block));
            float fresh[TILES][4];
            auto start = [&](int m) {
                asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
                for (int s = 0; s < 4; s++) wgmma(&fresh[0][0], a[m][s], stage + 2 * s, s);
                asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
            };
            auto finish = [&](int m) {
                asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
#pragma unroll
                for (int n = 0; n < TILES; n++)
#pragma unroll
                    for (int i = 0; i < 4; i++) {
                        asm volatile("" : "+f"(fresh[n][i])::"memory");
                        acc[m][n][i] = fmaf(fresh[n][i], scale[m][i / 2], acc[m][n][i]);
                    }
            };
            start(0);
            decode(1, w[1]);
            finish(0);
            start(1);
            decode(0, following);
            finish(1);
        };
#else
        auto prepare = [&]() {};
        auto multiply = [&](const uint4 (&w)[2], const u32 (&q)[2], const uint4&, int block) {
            float fresh[2][TILES][4];
            unpack_scales(q, block);
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
        };
#endif

#pragma unroll
        for (int slot = 0; slot < DEPTH; slot++)
            if (begin + slot < end) fetch(slot, begin + slot);
        if (unit == blockIdx.x) wait_for_previous();
        prepare();
        for (int block = begin; block < end; block += DEPTH)
#pragma unroll
            for (int slot = 0; slot < DEPTH; slot++)
                if (block + slot < end) {
                    uint4 w[2] = {words[slot][0], words[slot][1]};
                    u32 q[2] = {scales[slot][0], scales[slot][1]};
                    if (block + slot + DEPTH < end) fetch(slot, block + slot + DEPTH);
                    multiply(w, q, words[(slot + 1) % DEPTH][0], block + slot);
                }

        if (K_WARPS > 1) add_warps(&acc[0][0][0], row_warp, k_warp, lane);
        bool complete = k_warp == 0;
        if (cut && splits > 1) {
            const i64 place = (i64)cut_tile * splits * PARTIAL + row_warp * SUMS * 32 + lane;
            complete = add_blocks(&acc[0][0][0], k_warp == 0, workspace + place,
                                  arrived + cut_tile, piece, splits);
        }
        if (complete && couple < couples) round_to(y, acc, bias, tile, tokens, rows, g, t);
    }
}

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
