package dev.kasuari.hw.intc;

import dev.kasuari.machine.Registers;
import dev.kasuari.machine.memory.BusAccess;

/**
 * The registers of a {@link Gic2}'s CPU interfaces, of which each CPU sees its own: IHI 0048B.b,
 * section 4.4.
 */
final class Gic2CpuRegisters {
  private static final int CTLR_SECURE = 0x7ff;
  private static final int CTLR_WITHOUT = 0x3ff;

  private final Gic2 gic;

  Gic2CpuRegisters(Gic2 gic) {
    this.gic = gic;
  }

  Registers declare() {
    return Registers.width(4)
        .at(0x000, "GICC_CTLR")
        .field("ENABLEGRP0", 0, 1, "lets group 0 through; to the non-secure world, group 1")
        .field("ENABLEGRP1", 1, 1, "lets group 1 through")
        .field("ACKCTL", 2, 1, "IAR acknowledges group 1 too")
        .field("FIQEN", 3, 1, "group 0 is a FIQ")
        .field("CBPR", 4, 1, "BPR is for both groups")
        .field("EOIMODES", 9, 1, "EOIR does not deactivate")
        .field("EOIMODENS", 10, 1, "nor the non-secure one")
        .reset(0)
        .readBy((i, a) -> readControl(a))
        .writeBy((i, v, a) -> writeControl((int) v, a))
        .at(0x004, "GICC_PMR")
        .doc("only more urgent priorities get through")
        .reset(0)
        .readBy((i, a) -> gic.nonSecure(a) ? shown(state(a).pmr) : state(a).pmr)
        .writeBy((i, v, a) -> writeMask((int) v, a))
        .at(0x008, "GICC_BPR")
        .doc("how many bits of a priority decide about interrupting an interrupt")
        .readBy((i, a) -> readPoint(a))
        .writeBy((i, v, a) -> writePoint((int) v, a))
        .at(0x00c, "GICC_IAR")
        .doc("acknowledges the most urgent interrupt; 1023 is none")
        .readBy((i, a) -> cpu(a).acknowledge(gic.nonSecure(a), false))
        .peekEach(i -> Gic2.SPURIOUS)
        .at(0x010, "GICC_EOIR")
        .doc("ends an interrupt")
        .writeBy((i, v, a) -> cpu(a).end((int) v, gic.nonSecure(a), gic.nonSecure(a)))
        .at(0x014, "GICC_RPR")
        .doc("the priority that the CPU is busy with")
        .readBy((i, a) -> readRunning(a))
        .at(0x018, "GICC_HPPIR")
        .doc("the most urgent interrupt that waits")
        .readBy((i, a) -> cpu(a).waiting(gic.nonSecure(a), false))
        .at(0x01c, "GICC_ABPR")
        .doc("as BPR, for group 1; the secure world's")
        .readBy((i, a) -> gic.nonSecure(a) ? 0 : state(a).abpr)
        .writeBy((i, v, a) -> {
          if (!gic.nonSecure(a)) {
            state(a).abpr = Math.max((int) v & 7, Gic2Cpu.LEAST_POINT + 1);
          }
        })
        .at(0x020, "GICC_AIAR")
        .doc("acknowledges group 1; the secure world's")
        .readBy((i, a) -> gic.nonSecure(a) ? 0 : cpu(a).acknowledge(true, true))
        .peekEach(i -> Gic2.SPURIOUS)
        .at(0x024, "GICC_AEOIR")
        .doc("ends an interrupt of group 1; the secure world's")
        .writeBy((i, v, a) -> {
          if (!gic.nonSecure(a)) {
            cpu(a).end((int) v, true, false);
          }
        })
        .at(0x028, "GICC_AHPPIR")
        .doc("the most urgent of group 1 that waits; the secure world's")
        .readBy((i, a) -> gic.nonSecure(a) ? 0 : cpu(a).waiting(true, true))
        .at(0x0d0, "GICC_APR0")
        .doc("priorities that are active; to the non-secure world, those of group 1")
        .readBy((i, a) -> gic.nonSecure(a) ? state(a).active[1] >>> 16 : state(a).active[0])
        .writeBy((i, v, a) -> writeActive((int) v, a))
        .at(0x0e0, "GICC_NSAPR0")
        .doc("priorities that are active in group 1; the secure world's")
        .readBy((i, a) -> gic.nonSecure(a) ? 0 : state(a).active[1])
        .writeBy((i, v, a) -> {
          if (!gic.nonSecure(a)) {
            state(a).active[1] = (int) v;
          }
        })
        .at(0x0fc, "GICC_IIDR")
        .constant(0x0202143b)
        .at(0x1000, "GICC_DIR")
        .doc("deactivates an interrupt that EOIR has ended")
        .writeBy((i, v, a) -> cpu(a).deactivate((int) v, gic.nonSecure(a)));
  }

  private Gic2Cpu cpu(BusAccess access) {
    return gic.cpu(gic.cpuOf(access));
  }

  private Gic2Cpu.State state(BusAccess access) {
    return cpu(access).state();
  }

  /**
   * A priority as the non-secure world sees it: of the upper half it sees only that it is there.
   */
  private static int shown(int priority) {
    return priority < 0x80 ? 0 : priority << 1 & 0xff;
  }

  private long readControl(BusAccess access) {
    int ctlr = state(access).ctlr;
    if (!gic.nonSecure(access)) {
      return ctlr;
    }
    return (ctlr >> 1 & 0x001) | (ctlr >> 2 & 0x060) | (ctlr >> 1 & 0x200);
  }

  private void writeControl(int value, BusAccess access) {
    Gic2Cpu.State state = state(access);
    if (gic.nonSecure(access)) {
      int mine = (value & 0x001) << 1 | (value & 0x060) << 2 | (value & 0x200) << 1;
      state.ctlr = (state.ctlr & ~0x582) | mine;
    } else {
      state.ctlr = value & (gic.props().hasSecurityExtensions() ? CTLR_SECURE : CTLR_WITHOUT);
    }
  }

  /** The non-secure world cannot move the mask out of its half, nor into it. */
  private void writeMask(int value, BusAccess access) {
    Gic2Cpu.State state = state(access);
    if (!gic.nonSecure(access)) {
      state.pmr = value & Gic2.PRIORITY_MASK;
    } else if (state.pmr >= 0x80) {
      state.pmr = (0x80 | (value & 0xff) >> 1) & Gic2.PRIORITY_MASK;
    }
  }

  private int readPoint(BusAccess access) {
    Gic2Cpu.State state = state(access);
    if (!gic.nonSecure(access)) {
      return state.bpr;
    }
    return (state.ctlr & Gic2Cpu.CBPR) != 0 ? Math.min(state.bpr + 1, 7) : state.abpr;
  }

  private void writePoint(int value, BusAccess access) {
    Gic2Cpu.State state = state(access);
    if (!gic.nonSecure(access)) {
      state.bpr = Math.max(value & 7, Gic2Cpu.LEAST_POINT);
    } else if ((state.ctlr & Gic2Cpu.CBPR) == 0) {
      state.abpr = Math.max(value & 7, Gic2Cpu.LEAST_POINT + 1);
    }
  }

  private int readRunning(BusAccess access) {
    int running = Math.min(cpu(access).running(), 0xff);
    if (running == 0xff || !gic.nonSecure(access)) {
      return running;
    }
    return shown(running);
  }

  private void writeActive(int value, BusAccess access) {
    if (gic.nonSecure(access)) {
      int others = state(access).active[1] & 0xffff;
      state(access).active[1] = others | (value << 16);
    } else {
      state(access).active[0] = value;
    }
  }
}
