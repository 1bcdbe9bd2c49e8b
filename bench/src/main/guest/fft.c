// A fast Fourier transform of 1,024 complex doubles, there and back.
#include "bench.h"
#include "target.h"

#define LOG 10
#define N (1 << LOG)
static double re[N], im[N], cosine[LOG + 1], sine[LOG + 1];

static void transform(double sign) {
  for (int i = 1, j = 0; i < N; i++) {
    int bit = N >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      double t = re[i]; re[i] = re[j]; re[j] = t;
      t = im[i]; im[i] = im[j]; im[j] = t;
    }
  }
  for (int level = 1; level <= LOG; level++) {
    int half = 1 << (level - 1);
    double c = cosine[level], s = sign * sine[level];
    for (int start = 0; start < N; start += 2 * half) {
      double wr = 1, wi = 0;
      for (int k = start; k < start + half; k++) {
        double tr = wr * re[k + half] - wi * im[k + half], ti = wr * im[k + half] + wi * re[k + half];
        re[k + half] = re[k] - tr;
        im[k + half] = im[k] - ti;
        re[k] += tr;
        im[k] += ti;
        double t = wr * c - wi * s;
        wi = wr * s + wi * c;
        wr = t;
      }
    }
  }
}

uint64_t kernel(uint64_t work) {
  uint64_t random = 11;
  // Angles of 2 pi / 2^level by halving: cos(x/2) = sqrt((1 + cos x) / 2).
  cosine[0] = 1; cosine[1] = -1; sine[1] = 0; cosine[2] = 0; sine[2] = 1;
  for (int level = 3; level <= LOG; level++) {
    cosine[level] = square_root((1 + cosine[level - 1]) / 2);
    sine[level] = sine[level - 1] / (2 * cosine[level]);
  }
  for (int i = 0; i < N; i++) {
    re[i] = (double)(int32_t)next_random(&random) / 65536;
    im[i] = 0;
  }
  while (work--) {
    transform(1);
    transform(-1);
    for (int i = 0; i < N; i++) {
      re[i] *= 1.0 / N;
      im[i] *= 1.0 / N;
    }
  }
  return bits_of(re[3]) ^ bits_of(im[100]);
}
