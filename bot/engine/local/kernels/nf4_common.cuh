// What the kernels of NF4 matrices share: the table of codes, and how memory is read.
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
