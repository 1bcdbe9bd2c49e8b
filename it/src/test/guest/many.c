// More code than there is room for: every hart calls thousands of functions, some of which call the next one, and
// writes some of its own anew.
#include "smp.h"

#define FUNCTIONS 16384
#define WORDS 8

static u32 code[FUNCTIONS][WORDS] PAGE_ALIGNED;
static volatile u32 versions[FUNCTIONS];
static struct {
  volatile u64 value;
} CACHE_LINE calls[MAX_HARTS];

// Function i returns its version, shifted; every fourth one jumps to what follows and returns that one's.
static void write(u64 i, u32 version) {
  versions[i] = version & 0xfffff;
  for (int n = 1; n < WORDS - 1; n++) code[i][n] = 0x00150513; // addi a0, a0, 1
  code[i][0] = lui_a0(version);
  code[i][WORDS - 1] = i % 4 == 0 ? 0x0040006f : RET; // j to the next function
}

static u64 expected(u64 i) {
  u64 last = i % 4 == 0 ? i + 1 : i;
  return lui_value(versions[last]) + WORDS - 2;
}

static void work(u64 hart) {
  u64 random = seed_of(hart);
  for (u64 n = 0; n < ROUNDS; n++) {
    u64 r = next_random(&random);
    // A group of four belongs to one hart, which alone changes it and calls it; pages belong to all.
    u64 group = (r >> 8) % (FUNCTIONS / 4 / HARTS) * HARTS + hart;
    u64 i = 4 * group + (r & 3);
    if ((r >> 40) % 16 == 0) {
      write(i, (u32)(r >> 44));
      fence_i();
    }
    u64 is = ((code_function)code[i])();
    if (is != expected(i)) fail("another function: number, result", i, is);
    calls[hart].value++;
  }
}

void main(void) {
  for (u64 i = 0; i < FUNCTIONS; i++) write(i, (u32)i);
  fence();
  remote_fence_i(all_harts());
  run_on_all(work);
  u64 sum = 0;
  for (u64 h = 0; h < HARTS; h++) sum += calls[h].value;
  report("calls", sum);
}
