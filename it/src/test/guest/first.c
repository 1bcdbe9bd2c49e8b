// A hart stores to code just as another one runs it for the first time: whatever that one has seen, after its
// fence.i it runs what was stored.
#include "smp.h"

#define PAGES 256

static u32 pages[PAGES][1024] PAGE_ALIGNED;
static struct {
  volatile u64 count;
} CACHE_LINE meeting[PAGES], ready;
static u64 met, before;

static void store(u32 *to, u32 instruction) { *(volatile u32 *)to = instruction; }
static code_function at(u64 i) { return (code_function)&pages[i][i % 16 * 4]; }

static void write_all(u64 version) {
  for (u64 i = 0; i < PAGES; i++) {
    u32 *code = pages[i] + i % 16 * 4;
    store(code + 1, RET);
    store(code, lui_a0(version));
    meeting[i].count = 0;
  }
  ready.count = 0;
  fence();
}

static void check(u64 i, u64 least, u64 most, const char *when) {
  u64 is = at(i)();
  if (is < lui_value(least) || is > lui_value(most)) fail(when, is >> 12, most);
  if (is != lui_value(most)) before++;
}

static void work(u64 hart) {
  u64 random = seed_of(hart);
  for (u64 round = 0; round < ROUNDS; round += PAGES) {
    u64 old = round / PAGES * 2 & 0x3ffff, new = old + 1;
    if (hart == 0) write_all(old);
    barrier();
    fence_i();
    rendezvous(&ready.count, 2, 2000000);
    for (u64 i = 0; i < PAGES; i++) {
      int together = rendezvous(&meeting[i].count, 2, 20000);
      if (hart == 0) {
        delay(next_random(&random) & 0x3fff);
        store(pages[i] + i % 16 * 4, lui_a0(new));
      } else {
        check(i, old, new, "the first time: is, new");
        met += together;
      }
    }
    fence();
    barrier();
    fence_i();
    for (u64 i = 0; i < PAGES && hart == 1; i++) {
      check(i, new, new, "old code after fence.i: is, new");
    }
    barrier();
  }
}

void main(void) {
  run_on_all(work);
  report("met", met);
  report("old-code-the-first-time", before);
}
