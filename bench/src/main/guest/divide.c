// Modular powers, greatest common divisors and decimal digits: multiplication, division, remainder.
#include "bench.h"

static NOINLINE uint64_t power(uint64_t base, uint64_t exponent, uint64_t modulus) {
  uint64_t result = 1;
  for (base %= modulus; exponent; exponent >>= 1) {
    if (exponent & 1) result = result * base % modulus;
    base = base * base % modulus;
  }
  return result;
}

static NOINLINE int64_t gcd(int64_t a, int64_t b) {
  while (b) { int64_t t = a % b; a = b; b = t; }
  return a;
}

uint64_t kernel(uint64_t work) {
  uint64_t random = 8, sum = 0;
  while (work--) {
    uint64_t r = next_random(&random);
    sum += power(r, r >> 40, 4294967291u);
    sum = mix(sum, (uint64_t)gcd((int64_t)r, (int64_t)next_random(&random) | 1));
    for (uint32_t n = (uint32_t)r; n; n /= 10) sum += n % 10;
  }
  return sum;
}
