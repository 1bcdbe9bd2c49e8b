// Litmus tests of RVWMO. Bodies that run at the same time on several harts, thousands of times on other
// variables, and how often that happened which only reordering explains. After "!" it must never happen.
// What counts are rounds in which the harts met before; those in which one was late are done all the same.
#include "smp.h"

#define SLOTS 512

typedef u64 registers[2];
typedef void (*body)(u64 *x, u64 *y, u64 *result);

// %[a], %[b]: what was read; %[x], %[y]: addresses; %[i], %[j]: 1 and 2.
#define BODY(name, code)                                                                                   \
  static void name(u64 *x, u64 *y, u64 *result) {                                                          \
    u64 a = 0, b = 0;                                                                                      \
    __asm__ volatile(code                                                                                  \
                     : [a] "+&r"(a), [b] "+&r"(b)                                                          \
                     : [x] "r"(x), [y] "r"(y), [i] "r"(1ULL), [j] "r"(2ULL)                                \
                     : "t0", "t1", "memory");                                                              \
    result[0] = a;                                                                                         \
    result[1] = b;                                                                                         \
  }

#define SX(w) "s" w " %[i], (%[x])\n"
#define SY(w) "s" w " %[i], (%[y])\n"
#define SX2(w) "s" w " %[j], (%[x])\n"
#define SY2(w) "s" w " %[j], (%[y])\n"
#define AX(w) "l" w " %[a], (%[x])\n"
#define AY(w) "l" w " %[a], (%[y])\n"
#define BX(w) "l" w " %[b], (%[x])\n"
#define BY(w) "l" w " %[b], (%[y])\n"

#define FULL "fence rw, rw\n"
#define WW "fence w, w\n"
#define RR "fence r, r\n"
#define RW "fence r, w\n"
#define WR "fence w, r\n"
#define TSO "fence.tso\n"

BODY(store_x, SX("d"))
BODY(store_y, SY("d"))

// Two stores, two loads, a store and a load, with something in between; and the same the other way round.
#define PAIRS(name, w, between)                                       \
  BODY(name##_store_xy, SX(w) between SY(w))                          \
  BODY(name##_store_xy2, SX(w) between SY2(w))                        \
  BODY(name##_store_yx2, SY(w) between SX2(w))                        \
  BODY(name##_store_y2_read_x, SY2(w) between AX(w))                  \
  BODY(name##_read_yx, AY(w) between BX(w))                           \
  BODY(name##_read_xy, AX(w) between BY(w))                           \
  BODY(name##_store_x_read_y, SX(w) between AY(w))                    \
  BODY(name##_store_y_read_x, SY(w) between AX(w))                    \
  BODY(name##_read_x_store_y, AX(w) between SY(w))                    \
  BODY(name##_read_y_store_x, AY(w) between SX(w))

#pragma GCC diagnostic ignored "-Wunused-function"
PAIRS(plain, "d", "")
PAIRS(plain_w, "w", "")
PAIRS(full, "d", FULL)
PAIRS(full_w, "w", FULL)
PAIRS(full_b, "b", FULL)
PAIRS(ww, "d", WW)
PAIRS(rr, "d", RR)
PAIRS(rw, "d", RW)
PAIRS(wr, "d", WR)
PAIRS(tso, "d", TSO)

BODY(amo_x_read_y, "amoswap.d.aq t0, %[i], (%[x])\n" AY("d"))
BODY(amo_y_read_x, "amoswap.d.aq t0, %[i], (%[y])\n" AX("d"))
BODY(amow_x_read_y, "amoadd.w.aqrl t0, %[i], (%[x])\n" AY("w"))
BODY(amow_y_read_x, "amoor.w.aqrl t0, %[i], (%[y])\n" AX("w"))
BODY(sc_x_read_y, "1: lr.d.aqrl t0, (%[x])\n sc.d.aqrl t0, %[i], (%[x])\n bnez t0, 1b\n lr.d.aqrl %[a], (%[y])\n")
BODY(sc_y_read_x, "1: lr.d.aqrl t0, (%[y])\n sc.d.aqrl t0, %[i], (%[y])\n bnez t0, 1b\n lr.d.aqrl %[a], (%[x])\n")
BODY(release_xy, SX("d") "amoswap.d.rl t0, %[i], (%[y])\n")
BODY(acquire_yx, "lr.d.aq %[a], (%[y])\n" BX("d"))
BODY(address_yx, AY("d") "xor t0, %[a], %[a]\n add t0, t0, %[x]\n ld %[b], (t0)\n")
BODY(data_x_y, AX("d") "xor t0, %[a], %[a]\n add t0, t0, %[i]\n sd t0, (%[y])\n")
BODY(data_y_x, AY("d") "xor t0, %[a], %[a]\n add t0, t0, %[i]\n sd t0, (%[x])\n")
BODY(control_x_y, AX("d") "bnez %[a], 1f\n1:\n" SY("d"))
BODY(control_y_x, AY("d") "bnez %[a], 1f\n1:\n" SX("d"))
BODY(read_xx, AX("d") BX("d"))
BODY(read_xx_widths, AX("d") "lw %[b], (%[x])\n")
BODY(read_xx_byte, "lbu %[a], (%[x])\n" BX("d"))
BODY(store_x_read_x, SX("d") AX("d"))
BODY(store_x2, SX2("d"))
BODY(store_x2_store_x3, SX2("d") "li t0, 3\n sd t0, (%[x])\n")

typedef int (*question)(registers *r, u64 x, u64 y);
static int sb(registers *r, u64 x, u64 y) { return (void)x, (void)y, !r[0][0] && !r[1][0]; }
static int mp(registers *r, u64 x, u64 y) { return (void)x, (void)y, r[1][0] && !r[1][1]; }
static int lb(registers *r, u64 x, u64 y) { return (void)x, (void)y, r[0][0] && r[1][0]; }
static int wrc(registers *r, u64 x, u64 y) { return (void)x, (void)y, r[1][0] && r[2][0] && !r[2][1]; }
static int iriw(registers *r, u64 x, u64 y) {
  return (void)x, (void)y, r[2][0] && !r[2][1] && r[3][0] && !r[3][1];
}
static int twice(registers *r, u64 x, u64 y) { return (void)r, x == 1 && y == 1; }
static int r_test(registers *r, u64 x, u64 y) { return (void)x, y == 2 && !r[1][0]; }
static int corr(registers *r, u64 x, u64 y) { return (void)x, (void)y, r[1][0] && !r[1][1]; }
static int cowr(registers *r, u64 x, u64 y) {
  // Own store, then a load: the own value, or the other's if that came later and is the last.
  return (void)y, r[0][0] == 0 || (r[0][0] == 2 && x == 1);
}
static int coherent(registers *r, u64 x, u64 y) {
  // 2 then 3 by another hart: never seen the other way round, and 3 or our own is what stays.
  return (void)y, (r[1][0] == 3 && r[1][1] == 2) || x == 2;
}

struct row {
  const char *name;
  u64 harts;
  question weak;
  body bodies[4];
};

static const struct row rows[] = {
    {"SB", 2, sb, {plain_store_x_read_y, plain_store_y_read_x}},
    {"SB.w", 2, sb, {plain_w_store_x_read_y, plain_w_store_y_read_x}},
    {"SB+tso", 2, sb, {tso_store_x_read_y, tso_store_y_read_x}},
    {"SB+rw,rw!", 2, sb, {full_store_x_read_y, full_store_y_read_x}},
    {"SB.w+rw,rw!", 2, sb, {full_w_store_x_read_y, full_w_store_y_read_x}},
    {"SB.b+rw,rw!", 2, sb, {full_b_store_x_read_y, full_b_store_y_read_x}},
    {"SB+w,r!", 2, sb, {wr_store_x_read_y, wr_store_y_read_x}},
    {"SB+amoswap.aq!", 2, sb, {amo_x_read_y, amo_y_read_x}},
    {"SB.w+amoadd.aqrl+amoor.aqrl!", 2, sb, {amow_x_read_y, amow_y_read_x}},
    {"SB+sc.aqrl+lr.aqrl!", 2, sb, {sc_x_read_y, sc_y_read_x}},
    {"MP", 2, mp, {plain_store_xy, plain_read_yx}},
    {"MP.w", 2, mp, {plain_w_store_xy, plain_w_read_yx}},
    {"MP+rw,rw!", 2, mp, {full_store_xy, full_read_yx}},
    {"MP.w+rw,rw!", 2, mp, {full_w_store_xy, full_w_read_yx}},
    {"MP.b+rw,rw!", 2, mp, {full_b_store_xy, full_b_read_yx}},
    {"MP+w,w+r,r!", 2, mp, {ww_store_xy, rr_read_yx}},
    {"MP+tso!", 2, mp, {tso_store_xy, tso_read_yx}},
    {"MP+amoswap.rl+lr.aq!", 2, mp, {release_xy, acquire_yx}},
    {"MP+w,w+address!", 2, mp, {ww_store_xy, address_yx}},
    {"LB", 2, lb, {plain_read_x_store_y, plain_read_y_store_x}},
    {"LB+rw,rw!", 2, lb, {full_read_x_store_y, full_read_y_store_x}},
    {"LB.w+rw,rw!", 2, lb, {full_w_read_x_store_y, full_w_read_y_store_x}},
    {"LB+r,w!", 2, lb, {rw_read_x_store_y, rw_read_y_store_x}},
    {"LB+data!", 2, lb, {data_x_y, data_y_x}},
    {"LB+control!", 2, lb, {control_x_y, control_y_x}},
    {"2+2W", 2, twice, {plain_store_xy2, plain_store_yx2}},
    {"2+2W+w,w!", 2, twice, {ww_store_xy2, ww_store_yx2}},
    {"R", 2, r_test, {plain_store_xy, plain_store_y2_read_x}},
    {"R+rw,rw!", 2, r_test, {full_store_xy, full_store_y2_read_x}},
    {"CoRR!", 2, corr, {store_x, read_xx}},
    {"CoRR.widths!", 2, corr, {store_x, read_xx_widths}},
    {"CoRR.byte!", 2, corr, {store_x, read_xx_byte}},
    {"CoWR!", 2, cowr, {store_x_read_x, store_x2}},
    {"CoWW!", 2, coherent, {store_x2_store_x3, read_xx}},
    {"WRC", 3, wrc, {store_x, plain_read_x_store_y, plain_read_yx}},
    {"WRC+rw,rw!", 3, wrc, {store_x, full_read_x_store_y, full_read_yx}},
    {"WRC+data+address!", 3, wrc, {store_x, data_x_y, address_yx}},
    {"IRIW", 4, iriw, {store_x, store_y, plain_read_xy, plain_read_yx}},
    {"IRIW+rw,rw!", 4, iriw, {store_x, store_y, full_read_xy, full_read_yx}},
    {"IRIW+r,r!", 4, iriw, {store_x, store_y, rr_read_xy, rr_read_yx}},
    {"IRIW+address!", 4, iriw, {store_x, store_y, rr_read_xy, address_yx}},
};

// x and y in pages of their own, each slot in lines of its own.
static struct {
  u64 value;
} CACHE_LINE x[SLOTS] PAGE_ALIGNED, y[SLOTS] PAGE_ALIGNED;
static struct {
  volatile u64 count, missed;
} CACHE_LINE meeting[SLOTS], ready;
static registers results[MAX_HARTS][SLOTS] PAGE_ALIGNED;
static const struct row *row;
static u64 first_hart, weak, outcomes, rounds, met;

static void batch(u64 hart) {
  u64 role = (hart + HARTS - first_hart) % HARTS;
  if (role >= row->harts) return;
  body run = row->bodies[role];
  u64 random = seed_of(hart) + first_hart + weak, late = 0;
  // The host may have put them on one processor until now.
  rendezvous(&ready.count, row->harts, row->harts == 2 ? 2000000 : 20000);
  for (u64 i = 0; i < SLOTS; i++) {
    u64 wait = next_random(&random);
    if (rendezvous(&meeting[i].count, row->harts, late < 8 ? 2000 : 50)) {
      late = 0;
    } else {
      meeting[i].missed = 1;
      late++;
    }
    delay(wait & 63);
    run(&x[i].value, &y[i].value, results[role][i]);
  }
}

static void count(void) {
  for (u64 i = 0; i < SLOTS; i++) {
    registers r[4];
    u64 key = x[i].value * 4 + y[i].value;
    for (u64 h = 0; h < row->harts; h++) {
      r[h][0] = results[h][i][0];
      r[h][1] = results[h][i][1];
      key = key * 16 + r[h][0] * 4 + r[h][1];
    }
    weak += (u64)row->weak(r, x[i].value, y[i].value);
    outcomes |= 1ULL << (key * 0x9e3779b97f4a7c15ULL >> 58);
    rounds++;
    met += !meeting[i].missed;
  }
}

static void run_row(void) {
  weak = outcomes = rounds = met = 0;
  while (met < ROUNDS && rounds < 4 * ROUNDS) {
    for (u64 i = 0; i < SLOTS; i++) x[i].value = y[i].value = meeting[i].count = meeting[i].missed = 0;
    ready.count = 0;
    first_hart = rounds / SLOTS % HARTS;
    run_on_all(batch);
    count();
  }
  print(row->name);
  print(" weak ");
  print_decimal(weak);
  print(" outcomes ");
  print_decimal((u64)__builtin_popcountll(outcomes));
  print(" met ");
  print_decimal(met);
  report(" rounds", rounds);
}

void main(void) {
  for (u64 i = 0; i < sizeof rows / sizeof *rows; i++) {
    row = &rows[i];
    if (row->harts <= HARTS) run_row();
  }
}
