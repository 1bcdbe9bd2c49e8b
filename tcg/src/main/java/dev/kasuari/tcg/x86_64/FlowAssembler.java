package dev.kasuari.tcg.x86_64;

/** Jumps, calls and what stands between them. */
abstract sealed class FlowAssembler extends Encoder permits SseAssembler {
  private static final int SIZE = 0x66;

  /** Whether a jump that starts here and has two bytes reaches the label, which is bound. */
  private boolean isNear(Label label) {
    return label.position >= 0 && label.position - (length() + 2) >= Byte.MIN_VALUE;
  }

  /** In two bytes if the label is bound and near. */
  final void j(Cc condition, Label to) {
    if (isNear(to)) {
      jShort(condition, to);
    } else {
      opcode(NO_PREFIX, 0, 0x0f80 | condition.ordinal());
      reference(to, 0);
    }
  }

  /** In two bytes: the label must turn out to be within −128 to 127. */
  final void jShort(Cc condition, Label to) {
    opcode(NO_PREFIX, 0, 0x70 | condition.ordinal());
    shortReference(to);
  }

  /** To an address outside of this code. */
  final void j(Cc condition, long target) {
    opcode(NO_PREFIX, 0, 0x0f80 | condition.ordinal());
    external(target);
  }

  /** In two bytes if the label is bound and near. */
  final void jmp(Label to) {
    if (isNear(to)) {
      jmpShort(to);
    } else {
      opcode(NO_PREFIX, 0, 0xe9);
      reference(to, 0);
    }
  }

  /** In two bytes: the label must turn out to be within −128 to 127. */
  final void jmpShort(Label to) {
    opcode(NO_PREFIX, 0, 0xeb);
    shortReference(to);
  }

  /** Jumps to an address outside of this code. */
  final void jmp(long target) {
    opcode(NO_PREFIX, 0, 0xe9);
    external(target);
  }

  /**
   * A jump whose distance may be replaced by one aligned store of four bytes, while others execute
   * it, if the code itself starts at a multiple of 4.
   *
   * @return offset of the distance, which counts from its own end
   */
  final int patchableJmp(Label to) {
    nop(-(length() + 1) & 3);
    opcode(NO_PREFIX, 0, 0xe9);
    reference(to, 0);
    return length() - 4;
  }

  /** The same, conditional. */
  final int patchableJ(Cc condition, Label to) {
    nop(-(length() + 2) & 3);
    opcode(NO_PREFIX, 0, 0x0f80 | condition.ordinal());
    reference(to, 0);
    return length() - 4;
  }

  final void jmp(Gpr target) {
    registers(NO_PREFIX, 0, 0xff, 4, target.ordinal());
  }

  final void jmp(Mem target) {
    memory(NO_PREFIX, 0, 0xff, 4, target);
  }

  /** The address of what lies outside of this code and is reached with a distance of 32 bits. */
  final void leaOutside(Gpr to, long target) {
    opcode(NO_PREFIX, REX_W | high(to.ordinal()) << 2, 0x8d);
    u8((to.ordinal() & 7) << 3 | 5); // RIP and a distance
    external(target);
  }

  /** Calls an address outside of this code. */
  final void call(long target) {
    opcode(NO_PREFIX, 0, 0xe8);
    external(target);
  }

  final void call(Label target) {
    opcode(NO_PREFIX, 0, 0xe8);
    reference(target, 0);
  }

  final void call(Gpr target) {
    registers(NO_PREFIX, 0, 0xff, 2, target.ordinal());
  }

  final void call(Mem target) {
    memory(NO_PREFIX, 0, 0xff, 2, target);
  }

  final void ret() {
    opcode(NO_PREFIX, 0, 0xc3);
  }

  final void ud2() {
    opcode(NO_PREFIX, 0, 0x0f0b);
  }

  /** RAX, RBX, RCX and RDX describe the processor. */
  final void cpuid() {
    opcode(NO_PREFIX, 0, 0x0fa2);
  }

  /** RDX:RAX is the extended control register of number RCX. */
  final void xgetbv() {
    opcode(NO_PREFIX, 0, 0x0f01d0);
  }

  /** Does nothing in as few instructions as there can be for so many bytes. */
  final void nop(int bytes) {
    for (int left = bytes; left > 0; left -= 9) {
      oneNop(Math.min(left, 9));
    }
  }

  /** The manual's recommended sequences (volume 2, NOP). */
  private void oneNop(int bytes) {
    switch (bytes) {
      case 1 -> opcode(NO_PREFIX, 0, 0x90);
      case 2 -> opcode(SIZE, 0, 0x90);
      case 3, 4, 5 -> nop(NO_PREFIX, bytes - 3);
      case 6 -> nop(SIZE, 2);
      case 7 -> nop(NO_PREFIX, 4);
      case 8 -> nop(NO_PREFIX, 5);
      default -> nop(SIZE, 5);
    }
  }

  /**
   * NOP with a memory operand.
   *
   * @param more bytes of the operand after ModRM: 0, 1, 2, 4 or 5
   */
  private void nop(int prefix, int more) {
    opcode(prefix, 0, 0x0f1f);
    switch (more) {
      case 0 -> u8(0x00);
      case 1 -> i16(0x0040);
      case 2 -> {
        i16(0x0044);
        u8(0);
      }
      case 4 -> {
        u8(0x80);
        i32(0);
      }
      default -> {
        i16(0x0084);
        i32(0);
      }
    }
  }
}
