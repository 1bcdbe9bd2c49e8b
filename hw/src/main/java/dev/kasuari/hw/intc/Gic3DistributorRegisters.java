package dev.kasuari.hw.intc;

import dev.kasuari.machine.Registers;
import dev.kasuari.machine.memory.BusAccess;

/** The registers of a {@link Gic3}'s distributor: IHI 0069, section 12.9. */
final class Gic3DistributorRegisters {
  private static final int ARE = 0x10;
  private static final int ARE_BOTH = 0x30;
  private static final int DS = 0x40;
  private static final int GROUP_1 = 0x2;
  private static final int FIRST_SPI = 32;

  private final Gic3 gic;
  private final int spis;

  Gic3DistributorRegisters(Gic3 gic) {
    this.gic = gic;
    this.spis = gic.props().numIrq() - FIRST_SPI;
  }

  Registers declare() {
    var registers =
        Registers.width(4)
            .accepts(1, 8)
            .at(0x0000, "GICD_CTLR")
            .field("ENABLEGRP0", 0, 1, "forwards group 0; the secure world's")
            .field("ENABLEGRP1NS", 1, 1, "forwards group 1 of the non-secure world")
            .field("ENABLEGRP1S", 2, 1, "forwards group 1 of the secure world; its own")
            .field("ARE", 4, 2, "affinity routing, always on")
            .field("DS", 6, 1, "there is one world only")
            .readBy((i, a) -> readControl(a))
            .writeBy((i, v, a) -> writeControl((int) v, a))
            .at(0x0004, "GICD_TYPER")
            .field("ITLINESNUMBER", 0, 5, "32 interrupts each, less 1")
            .field("SECURITYEXTN", 10, 1, "there are two worlds")
            .field("LPIS", 17, 1, "messages")
            .field("IDBITS", 19, 5, "bits of a number, less 1")
            .field("A3V", 24, 1, "addresses have four parts")
            .field("NO1N", 25, 1, "no interrupt goes to any of several")
            .read(this::type)
            .at(0x0008, "GICD_IIDR")
            .constant(0x043b)
            .at(0x0010, "GICD_STATUSR")
            .constant(0)
            .write(v -> {})
            // Of these the first belong to each CPU, and are in its redistributor.
            .at(0x6000 + 8 * FIRST_SPI, "GICD_IROUTER")
            .times(2 * spis, 4)
            .doc("the address of the CPU that the interrupt goes to")
            .readBy((i, a) -> readRoute(i, a))
            .writeBy((i, v, a) -> writeRoute(i, v, a));
    gic.shared().declare(registers, "GICD", 0);
    return GicIdentity.identify(registers, 0xffd0, 0x492, 3);
  }

  private Gic3.State state() {
    return gic.visibleState();
  }

  private long readControl(BusAccess access) {
    int enabled = state().enabledGroups;
    if (gic.nonSecure(access)) {
      return ARE | (enabled & GROUP_1);
    }
    return gic.oneWorld() ? DS | ARE | (enabled & 3) : ARE_BOTH | enabled;
  }

  private void writeControl(int value, BusAccess access) {
    if (gic.nonSecure(access)) {
      state().enabledGroups = (state().enabledGroups & ~GROUP_1) | (value & GROUP_1);
      return;
    }
    boolean one = gic.oneWorld() || (value & DS) != 0;
    state().securityDisabled = one && gic.props().hasSecurityExtensions();
    state().enabledGroups = value & (one ? 3 : 7);
  }

  private long type() {
    return (gic.props().numIrq() / 32 - 1)
        | (gic.oneWorld() ? 0 : 1 << 10)
        | (gic.props().hasLpi() ? 1 << 17 : 0)
        | (Gic3.ID_BITS - 1) << 19
        | 1 << 24
        | 1L << 25;
  }

  private boolean sees(int index, BusAccess access) {
    int group = gic.shared().group(FIRST_SPI + index);
    return !gic.nonSecure(access) || group == Gic3Bank.GROUP_1_NON_SECURE;
  }

  private long readRoute(int half, BusAccess access) {
    long route = sees(half / 2, access) ? state().routes[half / 2] : 0;
    return half % 2 == 0 ? route & 0xffff_ffffL : route >>> 32;
  }

  private void writeRoute(int half, long value, BusAccess access) {
    if (!sees(half / 2, access)) {
      return;
    }
    long route = state().routes[half / 2];
    state().routes[half / 2] =
        half % 2 == 0
            ? (route & ~0xffff_ffffL) | (value & 0xff_ffff)
            : (route & 0xffff_ffffL) | (value & 0xff) << 32;
  }
}
