// Runs SSE and FMA3 scalar instructions of the host on random operands under every rounding mode and
// every combination of denormals-are-zeros and flush-to-zero, and prints one vector a line:
// operation, MXCSR before, a, b, c, result, MXCSR flags after; all but the operation hexadecimal.
#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

static uint64_t next(void) {
  state += 0x9e3779b97f4a7c15u;
  uint64_t z = state;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

// A pattern with an eleven- or eight-bit exponent field, often at the ends of its range.
static uint64_t pattern(int exponent, int fraction) {
  uint64_t r = next();
  uint64_t sign = r >> 63 << (exponent + fraction);
  uint64_t max = (1ull << exponent) - 1;
  uint64_t field = r >> 8 & max;
  uint64_t bits = next() & ((1ull << fraction) - 1);
  switch (r & 15) {
    case 0: field = 0; break;
    case 1: field = max; break;
    case 2: field = 0; bits = 0; break;
    case 3: field = max; bits = 0; break;
    case 4: field = 1; bits &= 3; break;
    case 5: field = max - 1; break;
    case 6: field = max; bits |= 1ull << (fraction - 1); break;
    case 7: bits &= ~0ull << (fraction - 4); break;
    case 8: field = 1 + (field & 31); break;
    case 9: case 10: case 11: case 12: field = max / 2 - 2 + (field & 7); break;
    default: break;
  }
  return sign | field << fraction | bits;
}

static void emit(const char *name, int csr, uint64_t a, uint64_t b, uint64_t c, uint64_t r) {
  int flags = _mm_getcsr() & 63;
  _mm_setcsr(0x1f80);
  printf("%s %x %llx %llx %llx %llx %x\n", name, csr, (unsigned long long)a, (unsigned long long)b,
         (unsigned long long)c, (unsigned long long)r, flags);
}

#define TWO(name, insn, type, in, out)                                          \
  do {                                                                          \
    type r = in(a);                                                             \
    _mm_setcsr(csr);                                                            \
    __asm__ volatile(insn " %1, %0" : "+x"(r) : "x"(in(b)));                    \
    emit(name, csr, a, b, 0, out(r));                                           \
  } while (0)

#define ONE(name, insn, in, out)                                                \
  do {                                                                          \
    __m128i r = _mm_setzero_si128();                                            \
    _mm_setcsr(csr);                                                            \
    __asm__ volatile(insn " %1, %0" : "+x"(r) : "x"(in(a)));                    \
    emit(name, csr, a, 0, 0, out(r));                                           \
  } while (0)

#define TO_INTEGER(name, insn, type, in)                                        \
  do {                                                                          \
    type r;                                                                     \
    _mm_setcsr(csr);                                                            \
    __asm__ volatile(insn " %1, %0" : "=r"(r) : "x"(in(a)));                    \
    emit(name, csr, a, 0, 0, (uint64_t)(int64_t)r);                             \
  } while (0)

#define COMPARE(name, insn, in)                                                 \
  do {                                                                          \
    uint8_t cf, zf, pf;                                                         \
    _mm_setcsr(csr);                                                            \
    __asm__ volatile(insn " %4, %3\n\tsetc %0\n\tsetz %1\n\tsetp %2"            \
                     : "=r"(cf), "=r"(zf), "=r"(pf)                             \
                     : "x"(in(a)), "x"(in(b))                                   \
                     : "cc");                                                   \
    emit(name, csr, a, b, 0, (uint64_t)(pf ? 2 : zf ? 0 : cf ? -1 : 1));        \
  } while (0)

#define FMA(name, insn, in, out)                                                \
  do {                                                                          \
    __m128i r = in(c);                                                          \
    _mm_setcsr(csr);                                                            \
    __asm__ volatile(insn " %2, %1, %0" : "+x"(r) : "x"(in(a)), "x"(in(b)));    \
    emit(name, csr, a, b, c, out(r));                                           \
  } while (0)

#define S(x) _mm_cvtsi32_si128((int)(x))
#define D(x) _mm_cvtsi64_si128((long long)(x))
#define US(x) (uint32_t)_mm_cvtsi128_si32(x)
#define UD(x) (uint64_t)_mm_cvtsi128_si64(x)

static void singles(int csr, int fma) {
  uint64_t a = pattern(8, 23), b = pattern(8, 23), c = pattern(8, 23);
  TWO("f32_add", "addss", __m128i, S, US);
  TWO("f32_sub", "subss", __m128i, S, US);
  TWO("f32_mul", "mulss", __m128i, S, US);
  TWO("f32_div", "divss", __m128i, S, US);
  TWO("f32_min", "minss", __m128i, S, US);
  TWO("f32_max", "maxss", __m128i, S, US);
  ONE("f32_sqrt", "sqrtss", S, US);
  ONE("f32_round", "roundss $4,", S, US);
  ONE("f32_nearbyint", "roundss $12,", S, US);
  ONE("f32_to_f64", "cvtss2sd", S, UD);
  COMPARE("f32_ucomi", "ucomiss", S);
  COMPARE("f32_comi", "comiss", S);
  TO_INTEGER("f32_to_i32", "cvtss2si", int32_t, S);
  TO_INTEGER("f32_to_i64", "cvtss2si", int64_t, S);
  if (fma) FMA("f32_fma", "vfmadd231ss", S, US);
}

static void doubles(int csr, int fma) {
  uint64_t a = pattern(11, 52), b = pattern(11, 52), c = pattern(11, 52);
  TWO("f64_add", "addsd", __m128i, D, UD);
  TWO("f64_sub", "subsd", __m128i, D, UD);
  TWO("f64_mul", "mulsd", __m128i, D, UD);
  TWO("f64_div", "divsd", __m128i, D, UD);
  TWO("f64_min", "minsd", __m128i, D, UD);
  TWO("f64_max", "maxsd", __m128i, D, UD);
  ONE("f64_sqrt", "sqrtsd", D, UD);
  ONE("f64_round", "roundsd $4,", D, UD);
  ONE("f64_nearbyint", "roundsd $12,", D, UD);
  ONE("f64_to_f32", "cvtsd2ss", D, US);
  COMPARE("f64_ucomi", "ucomisd", D);
  COMPARE("f64_comi", "comisd", D);
  TO_INTEGER("f64_to_i32", "cvtsd2si", int32_t, D);
  TO_INTEGER("f64_to_i64", "cvtsd2si", int64_t, D);
  if (fma) FMA("f64_fma", "vfmadd231sd", D, UD);
}

int main(int argc, char **argv) {
  long rounds = argc > 1 ? atol(argv[1]) : 1000;
  state = argc > 2 ? strtoull(argv[2], 0, 0) : 1;
  int fma = __builtin_cpu_supports("fma");
  for (long i = 0; i < rounds; i++) {
    for (int rounding = 0; rounding < 4; rounding++) {
      for (int flush = 0; flush < 4; flush++) {
        int csr = 0x1f80 | rounding << 13 | (flush & 1 ? 0x40 : 0) | (flush & 2 ? 0x8000 : 0);
        singles(csr, fma);
        doubles(csr, fma);
      }
    }
  }
  return 0;
}
