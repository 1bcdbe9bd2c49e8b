// Read-modify-write by all harts at once on the same variables: what is left is exact.
#include "smp.h"

static struct {
  u64 d;
} CACHE_LINE amo_d, lrsc_d, swapped, cas_like, ticket, serving, owner, plain, maximum, least, bits, toggled;
static struct {
  u32 low, high;
} CACHE_LINE amo_w, lrsc_w, halves;
static struct {
  uint8_t bytes[8];
} CACHE_LINE shared_bytes;
static u64 sums[MAX_HARTS][8];

static u64 lrsc_add_d(u64 *at, u64 value) {
  u64 old, failed;
  __asm__ volatile("1: lr.d %0, (%2)\n add %1, %0, %3\n sc.d %1, %1, (%2)\n bnez %1, 1b"
                   : "=&r"(old), "=&r"(failed)
                   : "r"(at), "r"(value)
                   : "memory");
  return old;
}

static u32 lrsc_add_w(u32 *at, u32 value) {
  u32 old, failed;
  __asm__ volatile("1: lr.w %0, (%2)\n addw %1, %0, %3\n sc.w %1, %1, (%2)\n bnez %1, 1b"
                   : "=&r"(old), "=&r"(failed)
                   : "r"(at), "r"(value)
                   : "memory");
  return old;
}

// A byte of a word that others change too, as compilers do it.
static void lrsc_add_byte(uint8_t *at) {
  u64 word = (u64)at & ~3ULL, shift = ((u64)at & 3) * 8, old, next;
  __asm__ volatile(
      "1: lr.w %0, (%2)\n srl %1, %0, %3\n addi %1, %1, 1\n andi %1, %1, 0xff\n"
      " sll %1, %1, %3\n and %0, %0, %4\n or %1, %1, %0\n sc.w %1, %1, (%2)\n bnez %1, 1b"
      : "=&r"(old), "=&r"(next)
      : "r"(word), "r"(shift), "r"(~(0xffULL << shift))
      : "memory");
}

static void locks(u64 hart) {
  u64 mine = add(&ticket.d, 1);
  while (acquire(&serving.d) != mine) __asm__ volatile("");
  if (owner.d != 0) fail("two in the lock", owner.d, hart);
  owner.d = hart + 1;
  plain.d++;
  owner.d = 0;
  release(&serving.d, mine + 1);
}

static void work(u64 hart) {
  u64 random = seed_of(hart);
  u64 *sum = sums[hart];
  for (u64 i = 0; i < ROUNDS; i++) {
    u64 r = next_random(&random);
    __atomic_fetch_add(&amo_d.d, r, __ATOMIC_RELAXED);
    __atomic_fetch_add(&amo_w.low, (u32)r, __ATOMIC_RELAXED);
    __atomic_fetch_add(&amo_w.high, 1, __ATOMIC_RELAXED);
    lrsc_add_d(&lrsc_d.d, r);
    lrsc_add_w(&lrsc_w.low, (u32)r);
    lrsc_add_w(&lrsc_w.high, 1);
    lrsc_add_byte(&shared_bytes.bytes[hart]);
    sum[0] += r;
    // Whoever swaps a number in takes the one that was there: none is lost, none is seen twice.
    sum[1] += __atomic_exchange_n(&swapped.d, r, __ATOMIC_ACQ_REL);
    __atomic_fetch_xor(&toggled.d, r, __ATOMIC_RELAXED);
    sum[2] ^= r;
    __atomic_fetch_or(&bits.d, 1ULL << (r & 63), __ATOMIC_RELAXED);
    if (__atomic_fetch_and(&bits.d, ~(1ULL << hart), __ATOMIC_RELAXED) >> hart & 1) sum[3]++;
    if (!(__atomic_fetch_or(&bits.d, 1ULL << hart, __ATOMIC_RELAXED) >> hart & 1)) sum[4]++;
    u64 seen = __atomic_load_n(&cas_like.d, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&cas_like.d, &seen, seen * 3 + 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
    }
    __asm__ volatile("amomaxu.d zero, %0, (%1)" ::"r"(r), "r"(&maximum.d) : "memory");
    __asm__ volatile("amominu.d zero, %0, (%1)" ::"r"(r), "r"(&least.d) : "memory");
    if (r > sum[5]) sum[5] = r;
    if (r < sum[6] || i == 0) sum[6] = r;
    // The halves of a doubleword, one by a reservation on all of it, one by plain stores of hart 0.
    if (hart == 0) *(volatile u32 *)&halves.low = (u32)i + 1;
    else lrsc_add_d((u64 *)&halves, 1ULL << 32);
    if (i % 64 == 0) locks(hart);
  }
}

static void expect(const char *what, u64 is, u64 should) {
  if (is != should) fail(what, is, should);
  report(what, is);
}

void main(void) {
  least.d = ~0ULL;
  run_on_all(work);
  u64 sum = 0, in = swapped.d, x = 0, max = 0, min = ~0ULL, cas = 0;
  for (u64 h = 0; h < HARTS; h++) {
    sum += sums[h][0];
    in += sums[h][1];
    x ^= sums[h][2];
    if (sums[h][5] > max) max = sums[h][5];
    if (sums[h][6] < min) min = sums[h][6];
    if (shared_bytes.bytes[h] != (uint8_t)ROUNDS) fail("byte by lr.w and sc.w", h, shared_bytes.bytes[h]);
  }
  for (u64 i = 0; i < HARTS * ROUNDS; i++) cas = cas * 3 + 1;
  expect("amoadd.d", amo_d.d, sum);
  expect("amoadd.w", amo_w.low, (u32)sum);
  expect("amoadd.w-high", amo_w.high, HARTS * ROUNDS);
  expect("lr.d-sc.d", lrsc_d.d, sum);
  expect("lr.w-sc.w", lrsc_w.low, (u32)sum);
  expect("lr.w-sc.w-high", lrsc_w.high, HARTS * ROUNDS);
  expect("amoswap", in, sum);
  expect("amoxor", toggled.d, x);
  expect("amomaxu", maximum.d, max);
  expect("amominu", least.d, min);
  expect("compare-exchange", cas_like.d, cas);
  expect("locked", plain.d, HARTS * ((ROUNDS + 63) / 64));
  expect("half-stored", halves.low, ROUNDS);
  expect("half-reserved", halves.high, (HARTS - 1) * ROUNDS);
}
