// Code that one hart writes and others run, with and without the fences that RISC-V asks for.
#include "smp.h"

#define WRITER 0

static u32 page_pairs[4][2048] PAGE_ALIGNED; // two pages each
static struct {
  volatile u64 value;
} CACHE_LINE begun, acked, calls[MAX_HARTS], request, answered[MAX_HARTS];
static u32 *place;
static u64 round_count, mode;

static code_function at(const void *code) { return (code_function)code; }
static void store(u32 *to, u32 instruction) { *(volatile u32 *)to = instruction; }

// ---- a guest's own protocol: interrupt, fence.i, answer ---------------------------------------------------

void on_ipi(u64 hart) {
  u64 wanted = acquire(&request.value);
  if (answered[hart].value != wanted) {
    fence_i();
    release(&answered[hart].value, wanted);
  }
}

static void own_remote_fence_i(void) {
  fence();
  u64 wanted = request.value + 1;
  release(&request.value, wanted);
  fence();
  send_ipi(other_harts());
  for (u64 h = 0; h < HARTS; h++) {
    while (h != this_hart() && acquire(&answered[h].value) != wanted) {
    }
  }
  fence_i();
}

static void fence_everywhere(void) {
  if (round_count++ & 1) {
    own_remote_fence_i();
  } else {
    fence();
    remote_fence_i(all_harts());
  }
}

// ---- one instruction patched while others run it -----------------------------------------------------------

// Code that calls the patched function again and again, from the same page: its jumps are chained.
//   a1: times; the last value stays in a0
static void write_caller(u32 *to, const u32 *function) {
  int32_t distance = (int32_t)((const char *)function - (const char *)(to + 1));
  u32 jal = (u32)(distance & 0x7fe) << 20 | (u32)(distance >> 11 & 1) << 20;
  jal |= ((u32)distance & 0xff000) | (u32)(distance >> 20 & 1) << 31;
  to[0] = 0x00008293; // mv t0, ra
  to[1] = jal | 1 << 7 | 0x6f; // jal ra, function
  to[2] = 0xfff58593; // addi a1, a1, -1
  to[3] = 0xfe059ce3; // bnez a1, to[1]
  to[4] = 0x00028067; // jr t0
}

static u64 call_many(const u32 *caller, u64 times) {
  register u64 a0 __asm__("a0") = 0;
  register u64 a1 __asm__("a1") = times;
  __asm__ volatile("jalr ra, %2" : "+r"(a0), "+r"(a1) : "r"(caller) : "ra", "t0", "memory");
  return a0;
}

static void check(u64 value, u64 least) {
  u64 most = begun.value;
  u64 version = value >> 12 & 0xfffff;
  if (value != lui_value(version)) fail("not what was ever written", value, most);
  if (version < least) fail("code from before a fence", least, version);
  if (version > most) fail("code from the future", most, version);
}

static void patch_running(u64 hart) {
  interrupts_on();
  if (hart == WRITER) {
    u64 random = seed_of(hart) + mode;
    for (u64 version = begun.value + 1; version <= ROUNDS; version++) {
      begun.value = version;
      store(place, lui_a0(version));
      if (next_random(&random) % 16 == 0) {
        fence_everywhere();
        acked.value = version;
      }
      delay(next_random(&random) & 1023);
    }
    fence_everywhere();
    acked.value = ROUNDS;
  } else {
    const u32 *caller = place + 100;
    u64 least;
    do {
      least = acquire(&acked.value);
      u64 value = hart & 1 ? at(mode == 1 ? place - 3 : place)() : call_many(caller, 20);
      check(value, least);
      calls[hart].value++;
    } while (least != ROUNDS);
  }
  interrupts_off();
}

// 0: in a page. 1: the function begins in the page before. 2: it ends in the page behind.
static void patch_at(u64 where) {
  mode = where;
  u32 *pages = page_pairs[where];
  place = pages + (where == 0 ? 512 : where == 1 ? 1024 : 1023);
  for (int i = 1; where == 1 && i <= 3; i++) place[-i] = 0x00000013; // nop
  store(place, lui_a0(0));
  place[1] = RET;
  write_caller(place + 100, mode == 1 ? place - 3 : place);
  begun.value = acked.value = 0;
  fence();
  remote_fence_i(all_harts());
  run_on_all(patch_running);
}

// ---- many instructions, one of them in two pages; nobody runs them while they are written -------------------

static void write_long(u64 version) {
  // At offset 4078: li a0, 0; then additions of the version's parts, the fourth over the end of the page.
  u16 *to = (u16 *)((char *)page_pairs[3] + 4078);
  u32 code[] = {0x00000513, 0, 0, 0, 0, RET};
  for (u32 i = 1; i <= 4; i++) code[i] = (u32)(version >> (8 * (i - 1)) & 0xff) << 20 | 10 << 15 | 10 << 7 | 0x13;
  for (u64 i = 0; i < sizeof code / 4; i++) {
    to[2 * i] = (u16)code[i];
    to[2 * i + 1] = (u16)(code[i] >> 16);
  }
}

static u64 long_value(u64 version) {
  return (version & 0xff) + (version >> 8 & 0xff) + (version >> 16 & 0xff) + (version >> 24 & 0xff);
}

static void rewrite_long(u64 hart) {
  u64 random = seed_of(7);
  for (u64 i = 0; i < ROUNDS / 4; i++) {
    u64 version = next_random(&random) & 0x7f7f7f7f;
    barrier();
    if (i % HARTS == hart) {
      write_long(version);
      fence();
    }
    barrier();
    fence_i();
    for (int n = 0; n < 3; n++) {
      u64 is = at((char *)page_pairs[3] + 4078)();
      if (is != long_value(version)) fail("code over two pages", is, long_value(version));
    }
  }
}

// ---- harts that rewrite their own code in a page that all run from -----------------------------------------------

static void rewrite_own(u64 hart) {
  u32 *own = page_pairs[0] + 16 * hart;
  u64 random = seed_of(hart);
  for (u64 i = 0; i < ROUNDS; i++) {
    u64 r = next_random(&random);
    u64 version = r & 0xfffff;
    store(own, lui_a0(version));
    own[1] = RET;
    fence_i();
    u64 is = at(own)();
    if (is != lui_value(version)) fail("own code, after fence.i", is, lui_value(version));
    if (r & 1 << 20) own[8] = (u32)r; // no code
  }
}

// Code that patches what comes next: at once with fence.i, sooner or later without.
static void patch_itself(u64 hart) {
  u32 *own = page_pairs[1] + 1024 - 17 + 256 * hart; // that of hart 0 reaches into the second page
  u64 random = seed_of(hart);
  u64 before = 0;
  for (u64 i = 0; i < ROUNDS; i++) {
    u64 r = next_random(&random);
    u64 fenced = i & 1, version = r & 0xfffff;
    if (i % 64 < 2) {
      u32 *to = own + 32 * fenced;
      to[0] = 0x00000297; // auipc t0, 0
      for (int n = 1; n < 16; n++) to[n] = 0x00000013; // nop
      to[1] = 0x04a2a023; // sw a0, 64(t0)
      if (fenced) to[2] = 0x0000100f; // fence.i
      to[16] = lui_a0(0);
      to[17] = RET;
      fence_i();
      before = i % 2 ? before : 0;
    }
    register u64 a0 __asm__("a0") = lui_a0(version);
    u32 *code = own + 32 * fenced;
    __asm__ volatile("jalr ra, %1" : "+r"(a0) : "r"(code) : "ra", "t0", "memory");
    u64 is = a0;
    if (fenced && is != lui_value(version)) fail("patched itself, fence.i", is, lui_value(version));
    if (!fenced) {
      if (is != lui_value(version) && is != lui_value(before)) fail("patched itself", is, lui_value(version));
      before = version;
      fence_i();
    }
  }
}

// ---------------------------------------------------------------------------------------------------------

static void report_calls(const char *what) {
  u64 sum = 0;
  for (u64 h = 0; h < HARTS; h++) {
    sum += calls[h].value;
    calls[h].value = 0;
  }
  report(what, sum);
}

void main(void) {
  patch_at(0);
  report_calls("patched-in-a-page");
  patch_at(1);
  report_calls("patched-behind-the-boundary");
  patch_at(2);
  report_calls("patched-before-the-boundary");
  run_on_all(rewrite_long);
  report("rewritten-over-two-pages", ROUNDS / 4);
  run_on_all(rewrite_own);
  report("rewritten-by-its-hart", ROUNDS);
  run_on_all(patch_itself);
  report("patched-itself", ROUNDS);
}
