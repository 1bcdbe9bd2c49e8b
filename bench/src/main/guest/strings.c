// Lengths, comparisons and searches, a byte at a time.
#include "bench.h"

#define TEXTS 64
#define LENGTH 200
static char texts[TEXTS][LENGTH];

static NOINLINE size_t length(const char *s) {
  const char *p = s;
  while (*p) p++;
  return (size_t)(p - s);
}

static NOINLINE int compare(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return (unsigned char)*a - (unsigned char)*b;
}

static NOINLINE const char *find(const char *s, char wanted, size_t n) {
  for (; n--; s++) {
    if (*s == wanted) return s;
  }
  return 0;
}

static NOINLINE void upper(char *s) {
  for (; *s; s++) {
    if (*s >= 'a' && *s <= 'z') *s = (char)(*s - 32);
    else if (*s >= 'A' && *s <= 'Z') *s = (char)(*s + 32);
  }
}

uint64_t kernel(uint64_t work) {
  uint64_t random = 10, sum = 0;
  for (int i = 0; i < TEXTS; i++) {
    int n = 100 + (int)(next_random(&random) % 99);
    for (int k = 0; k < n; k++) texts[i][k] = (char)(k < 60 ? 'a' + k % 26 : 'a' + (int)(next_random(&random) % 24));
  }
  while (work--) {
    for (int i = 0; i < TEXTS; i++) {
      size_t n = length(texts[i]);
      const char *found = find(texts[i] + 30, 'z', n - 30);
      sum += n + (uint64_t)compare(texts[i], texts[(i * 7 + 1) % TEXTS]) + (found ? (uint64_t)(found - texts[i]) : 1);
    }
    upper(texts[work % TEXTS]);
    upper(texts[work % TEXTS]);
  }
  return sum;
}
