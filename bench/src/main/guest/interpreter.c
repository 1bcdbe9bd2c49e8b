// A stack machine's program, interpreted through a jump table.
#include "bench.h"

enum { PUSH, ADD, SUB, MUL, XOR, SHIFT, DUP, SWAP, LOAD, STORE, LESS, JUMP_ZERO, JUMP, NOT, OVER, HALT };

// b = 1, c = 0; while (a) { b = (b * 5 + c) ^ a; c = b < c ? (c - b) >> 3 : 2 * c + ~a; a--; }
static const int16_t program[] = {
    /* 0 */ PUSH, 1, STORE, 1, PUSH, 0, STORE, 2,
    /* 8 */ LOAD, 0, JUMP_ZERO, 61,
    /* 12 */ LOAD, 1, PUSH, 5, MUL, LOAD, 2, ADD, LOAD, 0, XOR, DUP, STORE, 1,
    /* 26 */ LOAD, 2, LESS, JUMP_ZERO, 41,
    /* 31 */ LOAD, 2, LOAD, 1, SUB, PUSH, 3, SHIFT, JUMP, 50,
    /* 41 */ LOAD, 2, LOAD, 0, NOT, OVER, SWAP, ADD, ADD,
    /* 50 */ STORE, 2, LOAD, 0, PUSH, 1, SUB, STORE, 0, JUMP, 8,
    /* 61 */ HALT};

static NOINLINE uint64_t interpret(uint64_t n) {
  uint64_t variables[3] = {n, 0, 0}, stack[64], *top = stack;
  const int16_t *pc = program;
  for (int i = 0; i < 64; i++) stack[i] = 0;
  for (;;) {
    switch (*pc++) {
      case PUSH: *++top = (uint64_t)*pc++; break;
      case ADD: top--; *top += top[1]; break;
      case SUB: top--; *top -= top[1]; break;
      case MUL: top--; *top *= top[1]; break;
      case XOR: top--; *top ^= top[1]; break;
      case SHIFT: top--; *top >>= top[1] & 63; break;
      case DUP: top++; *top = top[-1]; break;
      case SWAP: { uint64_t t = *top; *top = top[-1]; top[-1] = t; break; }
      case LOAD: *++top = variables[*pc++]; break;
      case STORE: variables[*pc++] = *top--; break;
      case LESS: top--; *top = *top < top[1]; break;
      case JUMP_ZERO: { int16_t to = *pc++; if (*top-- == 0) pc = program + to; break; }
      case JUMP: pc = program + *pc; break;
      case NOT: *top = ~*top; break;
      case OVER: top++; *top = top[-2]; break;
      case HALT: return variables[1] ^ variables[2];
    }
  }
}

uint64_t kernel(uint64_t work) {
  uint64_t sum = 0;
  while (work--) sum = mix(sum, interpret(500));
  return sum;
}
