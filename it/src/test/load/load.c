/*
 * Writes, zeroes and discards at random on a disk, and reads back what must be there, until the
 * first byte of another disk is no zero. Of each block of 4096 bytes it is known which version it
 * has: 0 is what the host put there, ZERO is zeroes, and each write makes the next one.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BLOCK = 4096, MOST = 64, ZERO = 0xffffffff };

static const char *name;
static int disk;
static uint64_t blocks, rounds, random_state;
static uint32_t *versions, last;
static uint64_t *buffer;

static void fail(const char *what, uint64_t block) {
  printf("load %s: %s at block %llu in round %llu\n", name, what, (unsigned long long)block,
         (unsigned long long)rounds);
  exit(1);
}

static uint64_t any(uint64_t below) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state % below;
}

/* Repeats itself, so that it can be compressed. */
static uint64_t word(uint64_t block, uint32_t version, int i) {
  if (version == ZERO) return 0;
  return block * 0x9e3779b97f4a7c15 + version * 0xc2b2ae3d27d4eb4f + (i & 7);
}

static void change(uint64_t first, uint64_t count) {
  uint64_t range[2] = {first * BLOCK, count * BLOCK};
  uint64_t how = any(8);
  if (how == 0) {
    if (ioctl(disk, BLKZEROOUT, range)) fail("zeroing failed", first);
    for (uint64_t b = first; b < first + count; b++) versions[b] = ZERO;
    return;
  }
  /* What is there afterwards nobody knows. */
  if (how == 1 && ioctl(disk, BLKDISCARD, range)) fail("discarding failed", first);
  last++;
  for (uint64_t b = 0; b < count; b++) {
    versions[first + b] = last;
    for (int i = 0; i < BLOCK / 8; i++) buffer[b * (BLOCK / 8) + i] = word(first + b, last, i);
  }
  if (pwrite(disk, buffer, count * BLOCK, first * BLOCK) != (ssize_t)(count * BLOCK))
    fail("writing failed", first);
}

static void verify(uint64_t first, uint64_t count) {
  if (pread(disk, buffer, count * BLOCK, first * BLOCK) != (ssize_t)(count * BLOCK))
    fail("reading failed", first);
  for (uint64_t b = 0; b < count; b++)
    for (int i = 0; i < BLOCK / 8; i++)
      if (buffer[b * (BLOCK / 8) + i] != word(first + b, versions[first + b], i))
        fail("something else is there", first + b);
}

static int stopped(int control) {
  if (pread(control, buffer, BLOCK, 0) != BLOCK) fail("the control disk failed", 0);
  return *(char *)buffer != 0;
}

int main(int count, char **words) {
  if (count != 5) return 2;
  name = words[1];
  disk = open(words[2], O_RDWR | O_DIRECT);
  int control = open(words[3], O_RDONLY | O_DIRECT);
  random_state = strtoull(words[4], 0, 0) * 0x9e3779b97f4a7c15 + 1;
  uint64_t bytes;
  if (disk < 0 || control < 0 || ioctl(disk, BLKGETSIZE64, &bytes)) fail("cannot be opened", 0);
  blocks = bytes / BLOCK;
  versions = calloc(blocks, sizeof *versions);
  buffer = aligned_alloc(BLOCK, MOST * BLOCK);
  setvbuf(stdout, 0, _IOLBF, 0);
  for (rounds = 1; rounds % 8 || !stopped(control); rounds++) {
    uint64_t length = 1 + any(any(4) ? 8 : MOST);
    uint64_t first = any(blocks - length + 1);
    if (any(3)) change(first, length);
    else verify(first, length);
    if (!any(16) && fdatasync(disk)) fail("flushing failed", 0);
    if (rounds == 50) printf("load %s runs\n", name);
  }
  for (uint64_t b = 0; b < blocks; b += MOST) verify(b, blocks - b < MOST ? blocks - b : MOST);
  if (fdatasync(disk)) fail("flushing failed", 0);
  printf("load %s verified\n", name);
  return 0;
}
