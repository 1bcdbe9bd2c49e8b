package dev.kasuari.hw.intc;

import dev.kasuari.machine.Registers;
import dev.kasuari.machine.memory.BusAccess;

/**
 * The registers of a {@link Gic2}'s virtual CPU interfaces, of which each CPU sees its own: the
 * hypervisor's, IHI 0048B.b, section 5.3, and its guests', section 5.5.
 */
final class Gic2HypRegisters {
  private final Gic2 gic;

  Gic2HypRegisters(Gic2 gic) {
    this.gic = gic;
  }

  private Gic2Hyp guest(BusAccess access) {
    return gic.guest(gic.cpuOf(access));
  }

  private Gic2Hyp.State state(BusAccess access) {
    return guest(access).state();
  }

  Registers declareHypervisors() {
    return Registers.width(4)
        .at(0x000, "GICH_HCR")
        .field("EN", 0, 1, "the guest has interrupts")
        .field("UIE", 1, 1, "tells if no more than one list register is used")
        .field("LRENPIE", 2, 1, "tells if the guest has ended what is not listed")
        .field("NPIE", 3, 1, "tells if none is pending")
        .field("VGRP", 4, 4, "tells if groups are enabled, or disabled")
        .field("EOICOUNT", 27, 5, "how many that were not listed have ended")
        .reset(0)
        .readBy((i, a) -> state(a).hcr)
        .writeBy((i, v, a) -> state(a).hcr = (int) v & 0xf80000ff)
        .at(0x004, "GICH_VTR")
        .field("LISTREGS", 0, 6, "less 1")
        .field("PREBITS", 26, 3, "bits of priority that decide, less 1")
        .field("PRIBITS", 29, 3, "bits of priority, less 1")
        .constant(0x9000_0000L | (Gic2Hyp.REGISTERS - 1))
        .at(0x008, "GICH_VMCR")
        .doc("what the guest has set: its CTLR, ABPR, BPR and PMR")
        .readBy((i, a) -> guest(a).controls())
        .writeBy((i, v, a) -> guest(a).setControls((int) v))
        .at(0x010, "GICH_MISR")
        .doc("why the maintenance interrupt comes")
        .reset(0)
        .readBy((i, a) -> guest(a).reasons())
        .at(0x020, "GICH_EISR0")
        .doc("list registers whose interrupt has ended and that wanted to tell")
        .reset(0)
        .readBy((i, a) -> guest(a).ended())
        .at(0x024, "GICH_EISR1")
        .constant(0)
        .at(0x030, "GICH_ELRSR0")
        .doc("list registers that are free")
        .reset((1 << Gic2Hyp.REGISTERS) - 1)
        .readBy((i, a) -> guest(a).free())
        .at(0x034, "GICH_ELRSR1")
        .constant(0)
        .at(0x0f0, "GICH_APR")
        .doc("priorities that the guest is busy with")
        .reset(0)
        .readBy((i, a) -> state(a).apr)
        .writeBy((i, v, a) -> state(a).apr = (int) v)
        .at(0x100, "GICH_LR")
        .times(Gic2Hyp.REGISTERS, 4)
        .field("VIRTUALID", 0, 10, "what the guest calls it")
        .field("PHYSICALID", 10, 10, "what it really is; or who sent it, and bit 19 to tell")
        .field("PRIORITY", 23, 5, "five upper bits")
        .field("STATE", 28, 2, "pending, active")
        .field("GRP1", 30, 1, "group")
        .field("HW", 31, 1, "it really is")
        .reset(0)
        .readBy((i, a) -> state(a).lr[i])
        .writeBy((i, v, a) -> state(a).lr[i] = (int) v & 0xff8fffff);
  }

  Registers declareGuests() {
    return Registers.width(4)
        .at(0x000, "GICV_CTLR")
        .doc("as GICC_CTLR")
        .reset(0)
        .readBy((i, a) -> state(a).ctlr)
        .writeBy((i, v, a) -> state(a).ctlr = (int) v & 0x21f)
        .at(0x004, "GICV_PMR")
        .reset(0)
        .readBy((i, a) -> state(a).pmr)
        .writeBy((i, v, a) -> state(a).pmr = (int) v & Gic2.PRIORITY_MASK)
        .at(0x008, "GICV_BPR")
        .reset(Gic2Cpu.LEAST_POINT)
        .readBy((i, a) -> state(a).bpr)
        .writeBy((i, v, a) -> guest(a).setPoint((int) v))
        .at(0x00c, "GICV_IAR")
        .readBy((i, a) -> guest(a).acknowledge(false))
        .peekEach(i -> Gic2.SPURIOUS)
        .at(0x010, "GICV_EOIR")
        .writeBy((i, v, a) -> guest(a).end((int) v))
        .at(0x014, "GICV_RPR")
        .reset(0xff)
        .readBy((i, a) -> Math.min(guest(a).running(), 0xff))
        .at(0x018, "GICV_HPPIR")
        .reset(Gic2.SPURIOUS)
        .readBy((i, a) -> guest(a).waiting(false))
        .at(0x01c, "GICV_ABPR")
        .reset(Gic2Cpu.LEAST_POINT + 1)
        .readBy((i, a) -> state(a).abpr)
        .writeBy((i, v, a) -> guest(a).setAliasPoint((int) v))
        .at(0x020, "GICV_AIAR")
        .readBy((i, a) -> guest(a).acknowledge(true))
        .peekEach(i -> Gic2.SPURIOUS)
        .at(0x024, "GICV_AEOIR")
        .writeBy((i, v, a) -> guest(a).end((int) v))
        .at(0x028, "GICV_AHPPIR")
        .reset(Gic2.SPURIOUS)
        .readBy((i, a) -> guest(a).waiting(true))
        .at(0x0d0, "GICV_APR0")
        .reset(0)
        .readBy((i, a) -> state(a).apr)
        .writeBy((i, v, a) -> state(a).apr = (int) v)
        .at(0x0fc, "GICV_IIDR")
        .constant(0x0202143b)
        .at(0x1000, "GICV_DIR")
        .writeBy((i, v, a) -> guest(a).deactivate((int) v));
  }
}
