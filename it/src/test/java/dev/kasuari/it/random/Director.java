package dev.kasuari.it.random;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.cpu.StateLayout;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.cpu.RiscvState;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What happens to a random guest from outside, decided by its seed and by what the guest does, and
 * by nothing else: interrupts after so many units, a device, writes over its code, and after each
 * trap into M-mode another mode, address space and place to go on at. Keeps the history.
 *
 * <p>All of it is done on the vCPU's thread, inside an instruction.
 */
final class Director implements MmioHandler {
  private static final int MSTATUS = 0x300;
  private static final int MEDELEG = 0x302;
  private static final int MIDELEG = 0x303;
  private static final int MIE = 0x304;
  private static final int MTVEC = 0x305;
  private static final int MCOUNTEREN = 0x306;
  private static final int MENVCFG = 0x30a;
  private static final int MEPC = 0x341;
  private static final int MCAUSE = 0x342;
  private static final int MTVAL = 0x343;
  private static final int PMPCFG0 = 0x3a0;
  private static final int PMPADDR0 = 0x3b0;
  private static final int STVEC = 0x105;
  private static final int SIE = 0x104;
  private static final int SATP = 0x180;
  private static final int STIMECMP = 0x14d;
  private static final int TIME = 0xc01;

  private static final long MTI = 1 << 7;
  private static final long TW = 1 << 21;
  private static final long MPRV = 1 << 17;
  private static final long HARDWARE_UPDATES = 1L << 61;

  /** What {@code mstatus} may have at random: SIE, SPIE, MPIE, SPP, FS, SUM, MXR, TVM, TSR. */
  private static final long STATUS =
      0x2 | 0x20 | 0x80 | 0x100 | 0x6000 | 3 << 18 | 1 << 20 | 1 << 22;

  /** Not the fetches: a handler that cannot be fetched would be all that is tried from then on. */
  private static final long DELEGATED = 0xb3ff & ~(1 << 1 | 1 << 12 | 1);

  private static final int MOST_UNITS = 200_000;

  private final RandomGuest guest;
  private final SplittableRandom random;
  private final PageMap pages;
  private final Machine machine;
  private final RamBlock ram;
  private final RiscvCpu hart;
  private final Dma dma;
  private final int mostTraps;
  private final List<Trap> traps = new ArrayList<>();
  private long units;
  private long nextEvent;
  private long sliceEnd;
  private long path;

  /** Addresses of units that were entered lately. */
  private final long[] recent = new long[8];

  private int space;
  private volatile boolean ended;
  private @org.jspecify.annotations.Nullable GuestEnd end;

  Director(RandomGuest guest, Machine machine, RamBlock ram, RiscvCpu hart) {
    this.guest = guest;
    this.machine = machine;
    this.ram = ram;
    this.hart = hart;
    random = new SplittableRandom(guest.seed() + 2);
    pages = RandomGuest.pages(guest.seed());
    dma = machine.memory().dma(7);
    mostTraps = 50 + random.nextInt(200);
  }

  /** After the guest's end, what became of it. */
  GuestEnd end() {
    GuestEnd known = end;
    if (!ended || known == null) {
      throw new IllegalStateException("the guest has not ended");
    }
    return known;
  }

  private void mix(long value) {
    path = (path ^ value) * 0x9e37_79b9_7f4a_7c15L;
    path ^= path >>> 29;
  }

  private long recent() {
    return recent[random.nextInt(recent.length)];
  }

  // ---- between units ---------------------------------------------------------------------------

  /** A unit begins. */
  void unit(long pc) {
    if (ended) {
      return;
    }
    units++;
    mix(pc);
    mix(hart.state().get(RiscvState.SEPC) ^ hart.state().get(RiscvState.SCAUSE));
    mix(hart.privilege() ^ hart.state().get(RiscvState.STVAL) << 2);
    if ((units & 3) == 0) {
      recent[(int) (units >> 2) % recent.length] = pc;
    }
    if (units >= sliceEnd) {
      sliceEnd = Long.MAX_VALUE;
      hart.machineTimerInput().set(true);
    }
    if (units >= nextEvent) {
      nextEvent = units + 1 + random.nextInt(150);
      event();
    }
  }

  private void event() {
    switch (random.nextInt(10)) {
      case 0 -> hart.machineSoftwareInput().set(true);
      case 1 -> hart.machineExternalInput().set(true);
      case 2, 3 -> hart.supervisorExternalInput().set(true);
      case 4 -> hart.supervisorExternalInput().set(false);
      case 5, 6 -> hart.raiseSupervisorSoftware();
      case 7 -> hart.timeChanged();
      default -> overwrite();
    }
  }

  /** Another party writes over code: a few instructions from elsewhere in the arena. */
  private void overwrite() {
    byte[] some = new byte[2 << random.nextInt(4)];
    int from = random.nextInt(Layout.ARENA_PAGES * Layout.PAGE - some.length) & -2;
    long hot = pages.arenaOffset(recent()) + 2L * random.nextInt(-8, 24);
    boolean there = hot >= 0 && hot <= Layout.ARENA_PAGES * Layout.PAGE - some.length;
    long to = there ? hot : random.nextInt(Layout.ARENA_PAGES * Layout.PAGE - some.length) & -2;
    System.arraycopy(
        ram.get(Layout.ARENA * Layout.PAGE + from, some.length), 0, some, 0, some.length);
    write(Layout.page(Layout.ARENA) + to, some);
  }

  private void write(long address, byte[] bytes) {
    try {
      dma.write(address, bytes);
    } catch (DmaFault e) {
      throw new AssertionError(e);
    }
  }

  // ---- the device ------------------------------------------------------------------------------

  @Override
  public long read(long offset, int size, BusAccess access) {
    mix(offset << 8 | size);
    if (offset >= 0xc00) {
      access.fail(BusResult.SLAVE_ERROR);
      return 0;
    }
    return path;
  }

  @Override
  public void write(long offset, int size, long value, BusAccess access) {
    long written = size == 8 ? value : value & ((1L << (8 * size)) - 1);
    mix(offset << 8 | size);
    mix(written);
    if (offset >= 0xc00) {
      access.fail(BusResult.SLAVE_ERROR);
    } else if (!ended) {
      line((int) offset >> 4 & 3).set((written & 1) != 0);
    }
  }

  private IrqLine line(int number) {
    return switch (number) {
      case 0 -> hart.machineSoftwareInput();
      case 1 -> hart.machineExternalInput();
      default -> hart.supervisorExternalInput();
    };
  }

  // ---- traps -----------------------------------------------------------------------------------

  /** Before the first instruction. */
  private void begin() {
    hart.writeCsr(MTVEC, Layout.MONITOR);
    // What nobody writes: with tables that walks write, only what is in front of them.
    long fixed = guest.hardwareUpdates() ? Layout.TABLES : 2 * Layout.TABLES;
    hart.writeCsr(PMPADDR0, Layout.RAM >> 2 | (fixed * Layout.PAGE / 8 - 1));
    hart.writeCsr(PMPADDR0 + 15, -1);
    hart.writeCsr(PMPCFG0 + 2, 0x1fL << 56);
    hart.writeCsr(PMPCFG0, 0x9d);
  }

  /** The monitor was entered: by the reset, or by a trap. */
  void trap() {
    if (ended) {
      return;
    }
    if (traps.isEmpty()) {
      begin();
    }
    traps.add(
        new Trap(
            csr(MCAUSE),
            csr(MEPC),
            csr(MTVAL),
            csr(MSTATUS),
            hart.vcpu().instructionsRetired(),
            path,
            registers()));
    if (traps.size() >= mostTraps || units >= MOST_UNITS) {
      finish();
    } else {
      goOn();
    }
  }

  private long csr(int number) {
    return hart.readCsr(number).orElseThrow();
  }

  private long registers() {
    return java.util.Arrays.hashCode(state()) & 0xffff_ffffL;
  }

  /** All that a guest could see of its CPU. */
  private byte[] state() {
    int size = hart.state().layout().size() - StateLayout.RESERVED;
    byte[] bytes = new byte[size];
    RawMemory.get(hart.state().address() + StateLayout.RESERVED, bytes, 0, size);
    return bytes;
  }

  private void finish() {
    end =
        new GuestEnd(
            hart.vcpu().instructionsRetired(),
            units,
            List.copyOf(traps),
            ByteBuffer.wrap(state()),
            ByteBuffer.wrap(ram.get(0, Layout.RAM_SIZE)));
    ended = true;
    hart.writeCsr(MEPC, Layout.MONITOR);
    hart.writeCsr(MSTATUS, 3 << 11);
    hart.writeCsr(MIE, 0);
    machine.requestShutdown(new Shutdown(Shutdown.Cause.GUEST, 0, "the guest has ended"));
  }

  private void goOn() {
    hart.machineTimerInput().set(false);
    for (int i = 0; i < 3; i++) {
      if (random.nextBoolean()) {
        line(i).set(false);
      }
    }
    if (random.nextInt(4) != 0) {
      hart.clearSupervisorSoftware();
    }
    hart.writeCsr(STIMECMP, csr(TIME) + random.nextInt(1 << random.nextInt(2, 12)));
    sliceEnd = units + 20 + random.nextInt(1 << random.nextInt(5, 12));
    boolean machineMode = !guest.hardwareUpdates() && random.nextInt(8) == 0;
    boolean bare = !guest.hardwareUpdates() && random.nextInt(12) == 0;
    if (random.nextInt(3) == 0) {
      space = random.nextInt(PageMap.SPACES);
    }
    int mode = machineMode ? 3 : random.nextInt(2);
    if (random.nextInt(4) == 0) {
      change();
    }
    if (random.nextInt(6) == 0) {
      protect();
    }
    environment(machineMode, mode);
    hart.writeCsr(SATP, bare ? 0 : PageMap.satp(space));
    boolean physical = machineMode || bare;
    values(physical, mode == 0);
    hart.writeCsr(STVEC, (code(bare, false) & -4) | random.nextInt(2));
    hart.writeCsr(MEPC, machineMode ? body() : code(bare, mode == 0));
    var _ = hart.sfenceVma(0, true, 0, true);
  }

  /** Where M-mode begins; it runs to the end of the page. */
  private long body() {
    return Layout.page(Layout.BODIES + random.nextInt(Layout.BODY_PAGES))
        + 4L * random.nextInt(Layout.PAGE / 4 - 16);
  }

  private long code(boolean physical, boolean user) {
    long again = recent();
    boolean possible =
        physical ? pages.arenaOffset(again) >= 0 : pages.executes(again, space, user);
    if (possible && random.nextInt(3) != 0) {
      return again;
    }
    boolean mapped = !physical && random.nextInt(12) != 0;
    return mapped ? pages.code(space, user) : address(physical) & -2;
  }

  private long address(boolean physical) {
    if (random.nextInt(3) == 0) {
      return recent() + random.nextInt(-64, 192);
    }
    if (!physical) {
      return pages.address(space);
    }
    long page =
        random.nextInt(8) == 0
            ? Layout.DEVICE
            : Layout.page(Layout.ARENA + random.nextInt(Layout.ARENA_PAGES));
    return page + pages.offset();
  }

  private void environment(boolean machineMode, int mode) {
    boolean override = machineMode && random.nextInt(4) == 0;
    long status = (random.nextLong() & STATUS) | TW | (random.nextInt(8) == 0 ? 0 : 0x2000);
    long previous = override ? random.nextInt(2) : mode;
    hart.writeCsr(MSTATUS, status | (long) mode << 11);
    if (override) {
      // A return leaves MPP at U: that is whose pages are meant then.
      hart.writeCsr(MSTATUS, status | MPRV | 3 << 11);
    }
    mix(previous);
    hart.writeCsr(MEDELEG, random.nextLong() & DELEGATED);
    hart.writeCsr(MIDELEG, random.nextInt(4) == 0 ? random.nextLong() & 0x222 : 0x222);
    hart.writeCsr(MIE, (random.nextLong() & 0xaaa) | MTI);
    hart.writeCsr(SIE, random.nextLong());
    hart.writeCsr(MCOUNTEREN, random.nextLong());
    long updates = guest.hardwareUpdates() ? HARDWARE_UPDATES : 0;
    hart.writeCsr(MENVCFG, (random.nextLong() & ~HARDWARE_UPDATES) | updates);
  }

  /** Some entries of an address space become others. */
  private void change() {
    for (int i = random.nextInt(1, 5); i > 0; i--) {
      PageMap.Change change = pages.change(space);
      ByteBuffer entry = ByteBuffer.allocate(8).order(java.nio.ByteOrder.LITTLE_ENDIAN);
      write(change.entryAddress(), entry.putLong(change.entry()).array());
    }
  }

  /** A part of the arena is protected, in whole pages or not. */
  private void protect() {
    int size = random.nextInt(3) == 0 ? random.nextInt(3, 12) : random.nextInt(12, 15);
    long at = Layout.page(Layout.ARENA) + random.nextLong(Layout.ARENA_PAGES * Layout.PAGE);
    long ones = (1L << (size - 3)) - 1;
    hart.writeCsr(PMPADDR0 + 1, (at & (-1L << size)) >> 2 | ones);
    int permissions = new int[] {0, 1, 3, 4, 5, 7, 7, 7}[random.nextInt(8)];
    hart.writeCsr(PMPCFG0, 0x9d | ((0x18L | permissions) << 8));
  }

  private void values(boolean physical, boolean user) {
    for (int i = 1; i < 32; i++) {
      if (random.nextBoolean()) {
        hart.setX(i, RandomGuest.number(random));
      }
      if (random.nextInt(3) == 0) {
        hart.state().set(RiscvState.F, i, RandomGuest.number(random));
      }
    }
    for (int register : RandomCode.Registers.POINTERS) {
      hart.setX(register, address(physical));
    }
    for (int register : RandomCode.Registers.TARGETS) {
      hart.setX(register, code(physical, user));
    }
    for (int register : RandomCode.Registers.INSTRUCTIONS) {
      int at = random.nextInt(Layout.ARENA_PAGES * Layout.PAGE - 8) & -2;
      byte[] bytes = ram.get(Layout.ARENA * Layout.PAGE + at, 8);
      hart.setX(register, ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).getLong());
    }
    hart.setX(RandomCode.Registers.SPACE, PageMap.satp(random.nextInt(PageMap.SPACES)));
  }
}
