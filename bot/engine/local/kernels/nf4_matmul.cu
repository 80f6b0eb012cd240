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
[[maybe_unused]] constexpr int STAGES = 4;  // of x in shared memory, 64 columns each, if WGMMA
[[maybe_unused]] constexpr int STAGE = TILES * 8 * 128;
[[maybe_unused]] constexpr int AHEAD = STAGES - 2;  // that are on their way
// In shared memory lie the table, then stages or the sums of warps, then barriers and a flag.
constexpr int BARRIERS = TABLE + (WGMMA ? STAGES * STAGE : 4 * (K_WARPS - 1) * PARTIAL);
constexpr int FLAG = BARRIERS + 2 * 8 * STAGES;

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

__device__ __forceinline__ uint4 stream(const void* at) {
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
    const u32 place = __byte_perm(word, lane, 0x5504 | n << 4);
#if __CUDA_ARCH__ == 900  // there the table, first in shared memory, is behind 1024 reserved bytes
    u32 entry;
    asm("ld.shared.u32 %0, [%1 + 1024];" : "=r"(entry) : "r"(place));
    return entry;
#else
    return *(const u32*)(shared + place);
#endif
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

__device__ __forceinline__ float widened(u32 bits) { return __uint_as_float(bits << 16); }

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

// The stages of x in shared memory: they come by bulk copies, out of what nf4_arrange made, and
// each warp says when it has read one. `turn` counts the blocks of 64 columns that were taken.
struct Stages {
    const char* arranged;
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
    __device__ __forceinline__ u32 take(u32 turn) {
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
    const int g = lane / 4, t = lane % 4;
    const u32 pairs = lane * 4, absmaxes = 128 | lane * 4;
    const int blocks = columns / 64, couples = rows / 32;
    const int units = whole + ((couples + ROW_WARPS - 1) / ROW_WARPS - whole) * splits;

    let_next_start();
    fill_table(code, inner);
#if WGMMA
    Stages stages(x);
    u32 turn = 0;
#endif
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
        u32 word_at[2], absmax_at[2];  // in bytes
        int scale_at[2];               // of row g, counted in absmaxes
        float wide[2][2], added[2];    // outer of rows g and g + 8, offset
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
        auto fetch = [&](int slot, int block) {
            if (block >= end) return;
#pragma unroll
            for (int m = 0; m < 2; m++) {
                words[slot][m] = stream((const char*)packed + (word_at[m] + block * 512));
                scales[slot][m] = __ldg((const u16*)((const char*)absmax + (absmax_at[m] + block * 16)));
            }
        };
        float acc[2][TILES][4] = {};
        // What the codes of rows g (h = 0) and g + 8 are multiplied with in this block; to be asked
        // of one block after the other, since 256 of them share an outer.
        auto scale_of = [&](int m, int h, u32 q, int block) {
            const int at = scale_at[m] + h * 8 * blocks + block;
            if (at % 256 == 0) wide[m][h] = __ldg(outer + (at >> 8));
            const u32 step = h ? look_up<1>(q, absmaxes) : look_up<0>(q, absmaxes);
            return fmaf(__uint_as_float(step), wide[m][h], added[m]);
        };
#if WGMMA
        u32 a[2][4][4];  // operand A of both tiles
        auto decode = [&](int m, const uint4& w, u32 q, int block) {
            u32 high[2], low[2];
#pragma unroll
            for (int h = 0; h < 2; h++) {
                const float scale = scale_of(m, h, q, block);
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
        };
        auto prepare = [&]() {
            if (threadIdx.x == 0)
                for (int i = 0; i < AHEAD && begin + i < end; i++) stages.fill(turn + i, begin + i);
            __syncwarp();
            decode(0, words[0][0], scales[0][0], begin);
        };
        // Decodes one tile while the other is multiplied; finds the first one decoded.
        auto multiply = [&](const uint4 (&w)[2], const u32 (&q)[2], const uint4& following,
                            u32 following_q, int block, int slot) {
            const u32 stage = stages.take(turn);
            auto start = [&](int m) {
                asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
                for (int s = 0; s < 4; s++) wgmma(&acc[m][0][0], a[m][s], stage + 2 * s);
                asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
                await_products<1>();
            };
            start(0);
            if (block > begin) stages.release(turn - 1);
            fetch(slot, block + DEPTH);
            decode(1, w[1], q[1], block);
            start(1);
            if (threadIdx.x == 0 && block + AHEAD < end) stages.fill(turn + AHEAD, block + AHEAD);
            __syncwarp();
            decode(0, following, following_q, min(block + 1, end - 1));
            turn++;
        };
        auto finish = [&]() {
            await_products<0>();
            stages.release(turn - 1);
#pragma unroll
            for (int m = 0; m < 2; m++)
#pragma unroll
                for (int n = 0; n < TILES; n++)
#pragma unroll
                    for (int i = 0; i < 4; i++) asm volatile("" : "+f"(acc[m][n][i])::"memory");
        };
#else
        auto prepare = [&]() {};
        auto finish = [&]() {};
        auto multiply = [&](const uint4 (&w)[2], const u32 (&q)[2], const uint4&, u32, int block,
                            int slot) {
            fetch(slot, block + DEPTH);
            float fresh[2][TILES][4], scale[2][2];
#pragma unroll
            for (int m = 0; m < 2; m++)
#pragma unroll
                for (int h = 0; h < 2; h++) scale[m][h] = scale_of(m, h, q[m], block);
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
            fetch(slot, begin + slot);
        if (unit == blockIdx.x) wait_for_previous();
        prepare();
        for (int block = begin; block < end; block += DEPTH)
#pragma unroll
            for (int slot = 0; slot < DEPTH; slot++)
                if (block + slot < end) {
                    uint4 w[2] = {words[slot][0], words[slot][1]};
                    u32 q[2] = {scales[slot][0], scales[slot][1]};
                    const int following = (slot + 1) % DEPTH;
                    multiply(w, q, words[following][0], scales[following][0], block + slot, slot);
                }
        finish();

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

#if WGMMA
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
#endif

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
