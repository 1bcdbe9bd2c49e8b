// Recursion: Fibonacci's numbers and Takeuchi's function.
#include "bench.h"

static NOINLINE uint64_t fib(uint64_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

static NOINLINE int64_t tak(int64_t x, int64_t y, int64_t z) {
  return y >= x ? z : tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

uint64_t kernel(uint64_t work) {
  uint64_t sum = 0;
  while (work--) sum = mix(sum, fib(14) + (uint64_t)tak(8, 4, (int64_t)(work & 1)));
  return sum;
}
