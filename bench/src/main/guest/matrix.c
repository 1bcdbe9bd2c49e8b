// The product of two matrices of 64-bit integers, 48 by 48.
#include "bench.h"

#define N 48
static int64_t a[N][N], b[N][N], c[N][N];

uint64_t kernel(uint64_t work) {
  uint64_t random = 4;
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      a[i][j] = (int64_t)next_random(&random);
      b[i][j] = (int64_t)next_random(&random);
    }
  }
  while (work--) {
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) {
        int64_t sum = 0;
        for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
        c[i][j] = sum;
      }
    }
    a[work % N][work / 7 % N] = c[work % N][work / 5 % N];
  }
  uint64_t sum = 0;
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) sum = mix(sum, (uint64_t)c[i][j]);
  }
  return sum;
}
