// Harts that change the page tables under others, which load, store and run code there. A page that was mapped
// and is not any more is poisoned as soon as all harts have said that they forgot it.
#include "smp.h"

#define SMALL 12             // pages of 4 KiB
#define SLOTS (SMALL + 2)    // the others are large pages, of 2 MiB
#define COPIES 4             // physical pages that each of them may be at
#define WINDOW 0xc0000000ULL // where the small ones are, three pages apart
#define LARGE 0x100000000ULL
#define MEGA (2ULL << 20)
#define POISON 0x5a5a5a5a5a5a5a5aULL
#define NOTHING 0xdeadULL // of a load or a call that faulted
#define ACCESSED_DIRTY 0xc0ULL
enum { VALID = 1, READ = 2, WRITE = 4, EXECUTE = 8 };

// What a page has: the second half of an instruction whose first half is at the end of the page before, with the
// low bits of the version, and a return; code that returns the version; the version; where harts store what version
// they saw.
struct page {
  volatile u16 half, half_return;
  u32 unused;
  u32 code[2];
  volatile u64 version;
  volatile u64 mail[MAX_HARTS];
};

enum kind { ALL, NO_ACCESS, READ_ONLY, NO_CODE, KINDS };

struct slot {
  volatile u64 begun, acked; // version that was about to be mapped; that all harts must see
  struct page *copies[COPIES];
  u64 next;
  volatile uint8_t kinds[ROUNDS + 1]; // by version
};

static struct slot slots[SLOTS];
static u64 root[512] PAGE_ALIGNED, window_middle[512] PAGE_ALIGNED, window_leaves[512] PAGE_ALIGNED;
static u64 large_middle[512] PAGE_ALIGNED;
static char small_pages[SMALL * COPIES][4096] PAGE_ALIGNED;
static u16 before_pages[2048] PAGE_ALIGNED; // before every small page: two nops and half a lui a0
static char noise[2 << 20] PAGE_ALIGNED;
static struct {
  volatile u64 sequence, start, size, answers[MAX_HARTS];
} CACHE_LINE requests[MAX_HARTS];
static struct {
  volatile u64 value;
} CACHE_LINE loads[MAX_HARTS], faults[MAX_HARTS], changes[MAX_HARTS], faulted[MAX_HARTS];
static struct {
  volatile u64 value;
} CACHE_LINE remappers_left;

// ---- fences on other harts --------------------------------------------------------------------------------

static void flush(u64 start, u64 size) {
  if (size == ~0ULL) {
    __asm__ volatile("sfence.vma" ::: "memory");
  }
  for (u64 at = start; size != ~0ULL && at < start + size; at += 4096) {
    if (at & 4096) __asm__ volatile("sfence.vma %0, zero" ::"r"(at) : "memory");
    else __asm__ volatile("sfence.vma %0, %1" ::"r"(at), "r"(1ULL) : "memory");
  }
  fence_i();
}

void on_ipi(u64 hart) {
  for (u64 h = 0; h < HARTS; h++) {
    u64 wanted = acquire(&requests[h].sequence);
    if (requests[h].answers[hart] != wanted) {
      flush(requests[h].start, requests[h].size);
      release(&requests[h].answers[hart], wanted);
    }
  }
}

static void own_shootdown(u64 hart, u64 start, u64 size) {
  requests[hart].start = start;
  requests[hart].size = size;
  u64 wanted = requests[hart].sequence + 1;
  fence();
  release(&requests[hart].sequence, wanted);
  fence();
  send_ipi(other_harts());
  flush(start, size);
  for (u64 h = 0; h < HARTS; h++) {
    while (h != hart && acquire(&requests[hart].answers[h]) != wanted) {
    }
  }
}

static void shootdown(u64 hart, u64 start, u64 random) {
  u64 size = random & 7 ? 4096 : ~0ULL;
  fence();
  if (random & 8) {
    own_shootdown(hart, start, size);
  } else {
    if (random & 16) remote_sfence(all_harts(), start, size);
    else remote_sfence_asid(all_harts(), start, size, 1);
    remote_fence_i(all_harts());
  }
}

// ---- page tables ------------------------------------------------------------------------------------------

static u64 address_of(u64 i) { return i < SMALL ? WINDOW + (i * 3 + 1) * 4096 : LARGE + (i - SMALL) * 2 * MEGA; }

static volatile u64 *entry_of(u64 i) {
  return i < SMALL ? &window_leaves[i * 3 + 1] : &large_middle[(i - SMALL) * 2];
}

static u64 entry_for(struct page *page, enum kind kind) {
  static const u64 access[] = {READ | WRITE | EXECUTE, 0, READ | EXECUTE, READ | WRITE};
  if (kind == NO_ACCESS) return 0;
  return (u64)page >> 2 | ACCESSED_DIRTY | VALID | access[kind];
}

static void map_everything(void) {
  for (u64 i = 0; i < 4; i++) root[i] = i << 28 | ACCESSED_DIRTY | VALID | READ | WRITE | EXECUTE;
  root[WINDOW >> 30] = (u64)window_middle >> 2 | VALID;
  root[LARGE >> 30] = (u64)large_middle >> 2 | VALID;
  window_middle[0] = (u64)window_leaves >> 2 | VALID;
  before_pages[2045] = before_pages[2046] = 0x0001; // c.nop
  before_pages[2047] = (u16)lui_a0(0);
  for (u64 i = 0; i < SMALL; i++) {
    window_leaves[i * 3] = (u64)before_pages >> 2 | ACCESSED_DIRTY | VALID | READ | EXECUTE;
  }
}

static void translate(u64 hart) {
  (void)hart;
  __asm__ volatile("csrw satp, %0; sfence.vma" ::"r"(8ULL << 60 | 1ULL << 44 | (u64)root >> 12) : "memory");
}

// ---- those who change ---------------------------------------------------------------------------------------

// A large page has the same at its beginning and at 16 more places.
static struct page *part(struct page *page, u64 i, u64 which) {
  return i < SMALL ? page : (struct page *)((char *)page + which * (MEGA / 16) + (which & 7) * 4096);
}

static void fill(struct page *page, u64 i, u64 version) {
  for (u64 n = 0; n < (i < SMALL ? 1 : 16); n++) {
    struct page *to = part(page, i, n);
    to->half = (u16)version;
    to->half_return = 0x8082; // c.jr ra
    to->code[0] = lui_a0(version);
    to->code[1] = RET;
    to->version = version;
    for (u64 h = 0; h < HARTS; h++) to->mail[h] = 0;
  }
}

static void poison(struct page *page, u64 i, u64 version) {
  for (u64 n = 0; n < (i < SMALL ? 1 : 16); n++) {
    struct page *to = part(page, i, n);
    for (u64 h = 0; h < HARTS; h++) {
      if (to->mail[h] > version) fail("stored through a translation that was forgotten", to->mail[h], version);
      to->mail[h] = POISON;
    }
    to->version = POISON;
    to->code[0] = to->code[1] = to->half = to->half_return = 0;
  }
}

static void still_poisoned(struct page *page, u64 i) {
  for (u64 n = 0; n < (i < SMALL ? 1 : 16); n++) {
    struct page *at = part(page, i, n);
    for (u64 h = 0; h < HARTS; h++) {
      if (at->mail[h] != POISON) fail("stored after the fence: hart, version", h, at->mail[h]);
    }
  }
}

static void change(u64 hart, u64 i, u64 random) {
  struct slot *slot = &slots[i];
  u64 version = slot->begun + 1;
  struct page *old = slot->copies[slot->next];
  u64 next = (slot->next + 1) % COPIES;
  struct page *new = slot->copies[next];
  still_poisoned(new, i);
  fill(new, i, version);
  enum kind kind = random % 3 ? ALL : (random >> 8) % KINDS;
  slot->kinds[version] = kind;
  fence();
  slot->begun = version;
  fence();
  *entry_of(i) = entry_for(new, kind);
  shootdown(hart, address_of(i) + (i < SMALL ? 0 : (random >> 16) % MEGA & -4096ULL), random >> 32);
  slot->acked = version;
  fence();
  poison(old, i, version);
  slot->next = next;
}

static void remap(u64 hart) {
  u64 random = seed_of(hart);
  for (u64 n = 0; n < ROUNDS; n++) {
    u64 r = next_random(&random);
    u64 i = r % SLOTS;
    if (i % REMAPPERS == hart) {
      change(hart, i, next_random(&random));
      changes[hart].value++;
    }
  }
  __atomic_fetch_sub(&remappers_left.value, 1, __ATOMIC_ACQ_REL);
}

// ---- those who use ------------------------------------------------------------------------------------------

// A page fault of what touches the window: the load gives NOTHING, the store does nothing, the call returns NOTHING.
u64 on_exception(u64 hart, u64 cause, u64 pc, u64 value, u64 ra, u64 *result) {
  if (value < WINDOW || cause < 12) {
    report("cause", cause);
    fail("exception: pc, value", pc, value);
  }
  faulted[hart].value = 1;
  *result = NOTHING;
  return cause == 12 ? ra : pc + 4;
}

static u64 load_version(struct page *page) {
  register u64 a0 __asm__("a0");
  __asm__ volatile(".option push\n.option norvc\nld %0, 16(%1)\n.option pop" : "=r"(a0) : "r"(page) : "memory");
  return a0;
}

static void store_mail(struct page *page, u64 hart, u64 value) {
  register u64 a0 __asm__("a0") = value;
  __asm__ volatile(".option push\n.option norvc\nsd %0, 0(%1)\n.option pop"
                   : "+r"(a0)
                   : "r"(&page->mail[hart])
                   : "memory");
}

static int permits(enum kind kind, u64 what) {
  if (kind == NO_ACCESS) return 0;
  return what == 0 || (what == 1 ? kind != READ_ONLY : kind != NO_CODE);
}

// Whether one of the versions that were there meanwhile explains that the access faulted, or did not.
static int explained(struct slot *slot, u64 least, u64 most, u64 what, int did) {
  for (u64 v = least; v <= most; v++) {
    if (permits(slot->kinds[v], what) == did) return 1;
  }
  return 0;
}

static void use(u64 hart, u64 random) {
  u64 i = random % SLOTS, what = (random >> 8) % (i < SMALL ? 5 : 3);
  struct slot *slot = &slots[i];
  struct page *page = part((struct page *)address_of(i), i, (random >> 16) & 15);
  u64 least = acquire(&slot->acked);
  faulted[hart].value = 0;
  u64 got = 0;
  if (what == 0) got = load_version(page);
  else if (what == 1) store_mail(page, hart, least);
  else if (what == 2) got = ((code_function)page->code)();
  else got = ((code_function)((char *)page - (what == 3 ? 6 : 2)))();
  u64 most = acquire(&slot->begun);
  int did = !faulted[hart].value;
  if (!explained(slot, least, most, what, did)) fail(did ? "no fault" : "a fault", what, least);
  if (!did) {
    faults[hart].value++;
    return;
  }
  if (what == 2) {
    if (got != lui_value(got >> 12)) fail("what no code returns", got, least);
    got = got >> 12 & 0xfffff;
  } else if (what > 2) {
    got = got >> 16 & 0xffff;
    while (got < least) got += 1 << 16;
  }
  if (what != 1 && (got < least || got > most)) fail("another page: what, version", what, got);
  loads[hart].value++;
}

static void access(u64 hart) {
  u64 random = seed_of(hart);
  while (acquire(&remappers_left.value)) {
    for (int n = 0; n < 50; n++) {
      u64 r = next_random(&random);
      use(hart, r);
      if ((r >> 40) % 8 == 0) noise[(r >> 44) % sizeof noise]++;
    }
  }
}

static void storm(u64 hart) {
  translate(hart);
  barrier();
  interrupts_on();
  if (hart < REMAPPERS) {
    remap(hart);
    while (acquire(&remappers_left.value)) {
    }
  } else {
    access(hart);
  }
  interrupts_off();
}

static u64 sum(volatile u64 *first) {
  u64 all = 0;
  for (u64 h = 0; h < HARTS; h++) all += first[h * 8];
  return all;
}

void main(void) {
  map_everything();
  remappers_left.value = REMAPPERS;
  for (u64 i = 0; i < SLOTS; i++) {
    for (u64 n = 0; n < COPIES; n++) {
      slots[i].copies[n] = i < SMALL ? (struct page *)small_pages[i * COPIES + n]
                                     : (struct page *)(0x84000000ULL + ((i - SMALL) * COPIES + n) * MEGA);
      poison(slots[i].copies[n], i, 0);
    }
    fill(slots[i].copies[0], i, 0);
    *entry_of(i) = entry_for(slots[i].copies[0], ALL);
  }
  run_on_all(storm);
  report("changes", sum(&changes[0].value));
  report("accesses", sum(&loads[0].value));
  report("faults", sum(&faults[0].value));
}
