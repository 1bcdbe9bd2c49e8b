// What compilers call in programs that have no library: here, and in the guests of tests.
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t n) {
  char *t = to;
  const char *f = from;
  while (n--) *t++ = *f++;
  return to;
}

void *memset(void *to, int value, size_t n) {
  char *t = to;
  while (n--) *t++ = (char)value;
  return to;
}
