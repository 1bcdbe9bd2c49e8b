// SHA-256 (FIPS 180-4, section 6.2) of a message of 4 KiB, again and again.
#include "bench.h"

static uint32_t constant[64];
static uint8_t message[4096];

static inline uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (section 4.2.2).
static void make_constants(void) {
  int found = 0;
  for (uint64_t p = 2; found < 64; p++) {
    int prime = 1;
    for (uint64_t d = 2; d * d <= p; d++) prime &= p % d != 0;
    if (!prime) continue;
    uint64_t low = 0, high = 8ULL << 32; // of the root in units of 2^-32
    while (high - low > 1) {
      uint64_t root = (low + high) / 2;
      unsigned __int128 square = (unsigned __int128)root * root;
      // root^3 against p * 2^96, without 2^105
      unsigned __int128 cube = (square >> 32) * root + (((square & 0xffffffff) * root) >> 32);
      if (cube <= (unsigned __int128)p << 64) low = root; else high = root;
    }
    constant[found++] = (uint32_t)low;
  }
}

static void block(uint32_t hash[8], const uint8_t *bytes) {
  uint32_t w[64];
  for (int t = 0; t < 16; t++) {
    w[t] = (uint32_t)bytes[4 * t] << 24 | bytes[4 * t + 1] << 16 | bytes[4 * t + 2] << 8 | bytes[4 * t + 3];
  }
  for (int t = 16; t < 64; t++) {
    uint32_t s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3;
    uint32_t s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10;
    w[t] = s1 + w[t - 7] + s0 + w[t - 16];
  }
  uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3];
  uint32_t e = hash[4], f = hash[5], g = hash[6], h = hash[7];
  for (int t = 0; t < 64; t++) {
    uint32_t t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + constant[t] + w[t];
    uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g; g = f; f = e; e = d + t1;
    d = c; c = b; b = a; a = t1 + t2;
  }
  hash[0] += a; hash[1] += b; hash[2] += c; hash[3] += d;
  hash[4] += e; hash[5] += f; hash[6] += g; hash[7] += h;
}

uint64_t kernel(uint64_t work) {
  uint32_t hash[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  uint64_t random = 2;
  make_constants();
  for (size_t i = 0; i < sizeof message; i++) message[i] = (uint8_t)next_random(&random);
  while (work--) {
    for (size_t i = 0; i < sizeof message; i += 64) block(hash, message + i);
  }
  uint64_t sum = constant[63];
  for (int i = 0; i < 8; i++) sum = mix(sum, hash[i]);
  return sum;
}
