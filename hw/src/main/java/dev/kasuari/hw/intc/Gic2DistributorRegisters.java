package dev.kasuari.hw.intc;

import dev.kasuari.machine.Registers;
import dev.kasuari.machine.memory.BusAccess;

/** The registers of a {@link Gic2}'s distributor: IHI 0048B.b, section 4.3. */
final class Gic2DistributorRegisters {
  private static final int SGIS = 16;
  private static final int GROUP_1 = 2;

  private final Gic2 gic;
  private final int words;
  private final int interrupts;

  Gic2DistributorRegisters(Gic2 gic) {
    this.gic = gic;
    this.interrupts = gic.props().numIrq();
    this.words = interrupts / 32;
  }

  /** Picks one of the words of bits. */
  private interface Words {
    int[] of(Gic2Distributor.State state);
  }

  Registers declare() {
    var registers =
        Registers.width(4)
            .accepts(1, 4)
            .at(0x000, "GICD_CTLR")
            .field("ENABLEGRP0", 0, 1, "forwards group 0; to the non-secure world, group 1")
            .field("ENABLEGRP1", 1, 1, "forwards group 1")
            .reset(0)
            .readBy((i, a) -> gic.nonSecure(a) ? state().ctlr >> 1 : state().ctlr)
            .writeBy((i, v, a) -> writeControl((int) v, a))
            .at(0x004, "GICD_TYPER")
            .field("ITLINESNUMBER", 0, 5, "32 interrupts each, less 1")
            .field("CPUNUMBER", 5, 3, "CPUs less 1")
            .field("SECURITYEXTN", 10, 1, "security extensions")
            .read(this::type)
            .at(0x008, "GICD_IIDR")
            .constant(0x0200143b)
            .at(0x080, "GICD_IGROUPR")
            .times(words, 4)
            .doc("which interrupts are of group 1; the secure world's")
            .readBy((i, a) -> gic.nonSecure(a) ? 0 : state().group[word(i, a)])
            .writeBy((i, v, a) -> {
              if (!gic.nonSecure(a)) {
                state().group[word(i, a)] = (int) v;
              }
            });
    bits(registers, 0x100, "GICD_ISENABLER", "enables", s -> s.enabled, true);
    bits(registers, 0x180, "GICD_ICENABLER", "disables", s -> s.enabled, false);
    pending(registers, 0x200, "GICD_ISPENDR", "makes pending", true);
    pending(registers, 0x280, "GICD_ICPENDR", "makes not pending", false);
    bits(registers, 0x300, "GICD_ISACTIVER", "makes active", s -> s.active, true);
    bits(registers, 0x380, "GICD_ICACTIVER", "makes inactive", s -> s.active, false);
    registers
        .at(0x400, "GICD_IPRIORITYR")
        .wide(1)
        .times(interrupts, 1)
        .doc("0 is the most urgent")
        .readBy((id, a) -> readPriority(id, a))
        .writeBy((id, v, a) -> writePriority(id, (int) v, a))
        .at(0x800, "GICD_ITARGETSR")
        .wide(1)
        .times(interrupts, 1)
        .doc("which CPUs the interrupt goes to, a bit for each")
        .readBy((id, a) -> seen(id, a) && cpus() > 1 ? target(id, a) : 0)
        .writeBy((id, v, a) -> {
          if (seen(id, a)) {
            distributor().setTarget(id, (int) v);
          }
        })
        .at(0xc00, "GICD_ICFGR")
        .times(interrupts / 16, 4)
        .doc("bit 2n + 1: the interrupt is edge-triggered")
        .readBy((i, a) -> readConfiguration(i, a))
        .writeBy((i, v, a) -> writeConfiguration(i, (int) v, a))
        .at(0xf00, "GICD_SGIR")
        .field("SGIINTID", 0, 4, "which")
        .field("NSATT", 15, 1, "only if it is of group 1, else only of group 0")
        .field("CPUTARGETLIST", 16, 8, "to whom")
        .field("TARGETLISTFILTER", 24, 2, "0 the list, 1 all others, 2 oneself")
        .writeBy((i, v, a) -> send((int) v, a))
        .at(0xf10, "GICD_CPENDSGIR")
        .wide(1)
        .times(SGIS, 1)
        .doc("takes back what these CPUs have sent")
        .readBy((id, a) -> senders(id, a))
        .writeBy((id, v, a) -> setSenders(id, (int) v, a, false))
        .at(0xf20, "GICD_SPENDSGIR")
        .wide(1)
        .times(SGIS, 1)
        .doc("sends in the place of these CPUs")
        .readBy((id, a) -> senders(id, a))
        .writeBy((id, v, a) -> setSenders(id, (int) v, a, true));
    return GicIdentity.identify(registers, 0xfd0, 0x490, 2);
  }

  private void bits(
      Registers registers, long at, String name, String doc, Words words, boolean set) {
    registers
        .at(at, name)
        .times(this.words, 4)
        .doc("a bit for each interrupt that it " + doc)
        .readBy((i, a) -> words.of(state())[word(i, a)] & seenBits(i, a))
        .writeBy((i, v, a) -> change(words.of(state()), i, (int) v & seenBits(i, a), a, set));
  }

  /** Software-generated interrupts have registers of their own for this. */
  private void pending(Registers registers, long at, String name, String doc, boolean set) {
    registers
        .at(at, name)
        .times(words, 4)
        .doc("a bit for each interrupt that it " + doc)
        .readBy((i, a) -> distributor().pending(gic.cpuOf(a), i) & seenBits(i, a))
        .writeBy((i, v, a) -> {
          int bits = (int) v & seenBits(i, a) & (i == 0 ? 0xffff_0000 : -1);
          change(state().latched, i, bits, a, set);
        });
  }

  private void change(int[] words, int number, int bits, BusAccess access, boolean set) {
    int word = word(number, access);
    words[word] = set ? words[word] | bits : words[word] & ~bits;
    state().enabled[gic.cpuOf(access)] |= 0xffff; // what software sends is always enabled
  }

  private Gic2Distributor distributor() {
    return gic.distributor();
  }

  private Gic2Distributor.State state() {
    return distributor().state();
  }

  private int cpus() {
    return gic.props().numCpu();
  }

  private int word(int number, BusAccess access) {
    return Gic2Distributor.word(gic.cpuOf(access), number);
  }

  /** The non-secure world sees group 1 only. */
  private int seenBits(int number, BusAccess access) {
    return gic.nonSecure(access) ? state().group[word(number, access)] : -1;
  }

  private boolean seen(int id, BusAccess access) {
    return (seenBits(id / 32, access) >>> (id & 31) & 1) != 0;
  }

  private void writeControl(int value, BusAccess access) {
    state().ctlr =
        gic.nonSecure(access)
            ? (state().ctlr & ~GROUP_1) | ((value & 1) != 0 ? GROUP_1 : 0)
            : value & 3;
  }

  private long type() {
    int security = gic.props().hasSecurityExtensions() ? 1 << 10 : 0;
    return (words - 1) | ((cpus() - 1L) << 5) | security;
  }

  private int target(int id, BusAccess access) {
    return distributor().target(gic.cpuOf(access), id);
  }

  /** The non-secure world has the lower half of the priorities, and sees it as the whole. */
  private int readPriority(int id, BusAccess access) {
    int priority = distributor().priority(gic.cpuOf(access), id);
    if (!gic.nonSecure(access)) {
      return priority;
    }
    return seen(id, access) ? priority << 1 & 0xff : 0;
  }

  private void writePriority(int id, int value, BusAccess access) {
    if (seen(id, access)) {
      int priority = gic.nonSecure(access) ? 0x80 | value >> 1 : value;
      int place = Gic2Distributor.place(gic.cpuOf(access), id);
      state().priority[place] = (byte) (priority & Gic2.PRIORITY_MASK);
    }
  }

  private long readConfiguration(int register, BusAccess access) {
    int bits = state().edge[word(register / 2, access)] & seenBits(register / 2, access);
    int half = bits >>> (register % 2 * 16) & 0xffff;
    long value = 0;
    for (int i = 0; i < 16; i++) {
      value |= (long) (half >>> i & 1) << (2 * i + 1);
    }
    return value;
  }

  private void writeConfiguration(int register, int value, BusAccess access) {
    if (register == 0) {
      return; // what software sends is always an edge
    }
    int half = 0;
    for (int i = 0; i < 16; i++) {
      half |= (value >>> (2 * i + 1) & 1) << i;
    }
    int mask = 0xffff << (register % 2 * 16) & seenBits(register / 2, access);
    int word = word(register / 2, access);
    state().edge[word] = (state().edge[word] & ~mask) | (half << (register % 2 * 16) & mask);
  }

  private void send(int value, BusAccess access) {
    int from = gic.cpuOf(access);
    int all = (1 << cpus()) - 1;
    int to =
        switch (value >>> 24 & 3) {
          case 0 -> value >>> 16 & all;
          case 1 -> all & ~(1 << from);
          case 2 -> 1 << from;
          default -> 0;
        };
    int id = value & 0xf;
    int group = gic.nonSecure(access) ? 1 : value >>> 15 & 1;
    boolean secured = gic.props().hasSecurityExtensions();
    for (int cpu = 0; cpu < cpus(); cpu++) {
      boolean right = !secured || distributor().group(cpu, id) == group;
      if ((to & 1 << cpu) != 0 && right) {
        distributor().send(from, cpu, id);
      }
    }
  }

  private int senders(int id, BusAccess access) {
    return seen(id, access) ? distributor().senders(gic.cpuOf(access), id) : 0;
  }

  private void setSenders(int id, int from, BusAccess access, boolean on) {
    if (seen(id, access)) {
      distributor().setSenders(gic.cpuOf(access), id, from, on);
    }
  }
}
