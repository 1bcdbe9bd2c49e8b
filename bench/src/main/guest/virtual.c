// Calls through tables of functions, of objects in no order.
#include "bench.h"

#define OBJECTS 512
struct shape;
struct methods { uint64_t (*area)(struct shape *); void (*grow)(struct shape *, uint64_t); };
struct shape { const struct methods *methods; uint64_t width, height; };

static uint64_t rectangle(struct shape *s) { return s->width * s->height; }
static uint64_t triangle(struct shape *s) { return s->width * s->height >> 1; }
static uint64_t ring(struct shape *s) { return 3 * (s->width * s->width - s->height * s->height); }
static uint64_t line(struct shape *s) { return s->width + s->height; }
static void wider(struct shape *s, uint64_t by) { s->width += by; }
static void higher(struct shape *s, uint64_t by) { s->height += by & 7; }
static const struct methods kinds[] = {{rectangle, wider}, {triangle, higher}, {ring, wider}, {line, higher}, {triangle, wider}};
static struct shape shapes[OBJECTS];

uint64_t kernel(uint64_t work) {
  uint64_t random = 6, sum = 0;
  for (int i = 0; i < OBJECTS; i++) {
    shapes[i] = (struct shape){&kinds[next_random(&random) % 5], next_random(&random) & 1023, (uint64_t)i};
  }
  while (work--) {
    for (int i = 0; i < OBJECTS; i++) {
      struct shape *s = &shapes[i];
      uint64_t area = s->methods->area(s);
      s->methods->grow(s, area & 3);
      sum += area;
    }
  }
  return sum;
}
