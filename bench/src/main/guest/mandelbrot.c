// The Mandelbrot set on 32 by 32 points.
#include "bench.h"

uint64_t kernel(uint64_t work) {
  uint64_t sum = 0;
  while (work--) {
    for (int i = 0; i < 32; i++) {
      for (int j = 0; j < 32; j++) {
        double cx = i * 0.09 - 2.1, cy = j * 0.08 - 1.25, x = 0, y = 0;
        int n = 0;
        while (n < 100 && x * x + y * y < 4) {
          double t = x * x - y * y + cx;
          y = 2 * x * y + cy;
          x = t;
          n++;
        }
        sum += (uint64_t)n;
      }
    }
  }
  return sum;
}
