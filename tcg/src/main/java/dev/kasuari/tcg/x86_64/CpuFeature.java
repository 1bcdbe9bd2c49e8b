package dev.kasuari.tcg.x86_64;

import java.util.Locale;

/**
 * What not every x86-64 processor can do, as CPUID reports it (Intel 64 Software Developer's
 * Manual, volume 2, CPUID; LZCNT: AMD64 Architecture Programmer's Manual, volume 3, E.4.2).
 */
public enum CpuFeature {
  PCLMUL(1, Register.ECX, 1, false),
  FMA(1, Register.ECX, 12, true),
  CX16(1, Register.ECX, 13, false),
  SSE4_1(1, Register.ECX, 19, false),
  SSE4_2(1, Register.ECX, 20, false),
  MOVBE(1, Register.ECX, 22, false),
  POPCNT(1, Register.ECX, 23, false),
  AES(1, Register.ECX, 25, false),
  AVX(1, Register.ECX, 28, true),
  F16C(1, Register.ECX, 29, true),
  BMI1(7, Register.EBX, 3, false),
  AVX2(7, Register.EBX, 5, true),
  BMI2(7, Register.EBX, 8, false),
  SHA(7, Register.EBX, 29, false),
  LZCNT(0x8000_0001, Register.ECX, 5, false);

  /** What CPUID leaves, in the order in which the probe stores it. */
  enum Register {
    EAX,
    EBX,
    ECX,
    EDX
  }

  /** CPUID leaf, unsigned; the subleaf is 0. */
  final int leaf;

  final Register register;
  final int bit;

  /** The operating system must keep the vector registers' upper halves too. */
  final boolean needsAvxState;

  CpuFeature(int leaf, Register register, int bit, boolean needsAvxState) {
    this.leaf = leaf;
    this.register = register;
    this.bit = bit;
    this.needsAvxState = needsAvxState;
  }

  /** As an option spells it: {@code sse4_1}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
