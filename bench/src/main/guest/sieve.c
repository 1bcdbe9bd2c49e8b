// The sieve of Eratosthenes up to 65,536.
#include "bench.h"

#define LIMIT 65536
static uint8_t composite[LIMIT];

uint64_t kernel(uint64_t work) {
  uint64_t sum = 0;
  while (work--) {
    for (int i = 0; i < LIMIT; i++) composite[i] = 0;
    for (int i = 2; i < 256; i++) {
      if (composite[i]) continue;
      for (int j = i * i; j < LIMIT; j += i) composite[j] = 1;
    }
    int primes = 0;
    for (int i = 2; i < LIMIT; i++) primes += !composite[i];
    sum += (uint64_t)primes;
  }
  return sum;
}
