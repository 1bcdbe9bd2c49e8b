// Five bodies under gravity, steps of a symplectic integrator.
#include "bench.h"
#include "target.h"

static struct { double x[3], v[3], mass; } body[5] = {
    {{0, 0, 0}, {0, 0, 0}, 40},
    {{5, 1, 0.1}, {0, 2.5, 0.1}, 0.04},
    {{-8, 3, 0.3}, {0.7, -2, 0}, 0.01},
    {{2, -13, -0.2}, {1.6, 0.2, 0.05}, 0.002},
    {{-15, -16, 0.5}, {0.9, -0.9, 0.01}, 0.002}};

uint64_t kernel(uint64_t work) {
  while (work--) {
    for (int i = 0; i < 5; i++) {
      for (int j = i + 1; j < 5; j++) {
        double d[3], square = 0.01;
        for (int k = 0; k < 3; k++) {
          d[k] = body[i].x[k] - body[j].x[k];
          square += d[k] * d[k];
        }
        double pull = 0.001 / (square * square_root(square));
        for (int k = 0; k < 3; k++) {
          body[i].v[k] -= d[k] * body[j].mass * pull;
          body[j].v[k] += d[k] * body[i].mass * pull;
        }
      }
    }
    for (int i = 0; i < 5; i++) {
      for (int k = 0; k < 3; k++) body[i].x[k] += 0.001 * body[i].v[k];
    }
  }
  return bits_of(body[1].x[0]) ^ bits_of(body[4].v[1]);
}
