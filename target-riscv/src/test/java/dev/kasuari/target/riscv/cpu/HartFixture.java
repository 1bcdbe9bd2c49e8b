package dev.kasuari.target.riscv.cpu;

import dev.kasuari.machine.Log;
import dev.kasuari.machine.LogCategory;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.machine.time.ManualClock;
import dev.kasuari.machine.time.Timebase;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;

/** A machine of harts that execute nothing, with a little memory and a clock that tests move. */
public final class HartFixture implements AutoCloseable {
  public static final long RAM = 0x8000_0000L;
  public static final long RAM_SIZE = 1 << 20;

  public final ManualClock clock = new ManualClock();
  public final List<String> lines = Collections.synchronizedList(new ArrayList<>());
  public final Machine machine;
  public final RamBlock ram;
  public final List<RiscvCpu> harts = new ArrayList<>();
  public final List<FakeVcpu> vcpus = new ArrayList<>();

  /** The first hart and what runs it. */
  public final RiscvCpu hart;

  public final FakeVcpu vcpu;

  public HartFixture() {
    this(RiscvModel.rv64(), 1);
  }

  public HartFixture(RiscvModel model, int count) {
    Log log = Log.to(lines::add);
    log.select(EnumSet.complementOf(EnumSet.of(LogCategory.CPU_RESET)));
    machine = Machine.builder("test").clock(clock).log(log).build();
    ram = machine.ram().allocate("ram", RAM_SIZE);
    machine.locked(() -> machine.root().add(RAM, MemoryRegion.ram(ram)));
    Timebase time = Timebase.of(clock, RiscvCpu.DEFAULT_TIMEBASE);
    for (int i = 0; i < count; i++) {
      var cpu = new RiscvCpu(i, model, machine, time);
      var runner = new FakeVcpu();
      cpu.attach(runner);
      harts.add(cpu);
      vcpus.add(runner);
    }
    hart = harts.getFirst();
    vcpu = vcpus.getFirst();
  }

  public RiscvCpu mode(int privilege) {
    hart.state().set(RiscvState.PRIVILEGE, privilege);
    return hart;
  }

  /** What a CSR reads, whatever the privilege. */
  public long csr(String name) {
    return find(name).read().getAsLong();
  }

  /** Writes a CSR as {@code csrrw} in M-mode does. */
  public void csr(String name, long value) {
    int privilege = hart.privilege();
    mode(Privilege.MACHINE);
    if (!hart.accessCsr(find(name).number(), RiscvCpu.CSR_SWAP, true, value)) {
      throw new AssertionError(name + " is not writable");
    }
    mode(privilege);
  }

  public boolean has(String name) {
    return hart.csrs().stream().anyMatch(c -> c.name().equals(name));
  }

  public Csr find(String name) {
    return hart.csrs().stream()
        .filter(c -> c.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no CSR " + name));
  }

  /** True if reading is legal in the present mode. */
  public boolean reads(String name) {
    return hart.accessCsr(find(name).number(), RiscvCpu.CSR_READ, false, 0);
  }

  public boolean writes(String name, long value) {
    return hart.accessCsr(find(name).number(), RiscvCpu.CSR_SWAP, true, value);
  }

  public boolean sets(String name, long bits) {
    return hart.accessCsr(find(name).number(), RiscvCpu.CSR_SET, true, bits);
  }

  public boolean clears(String name, long bits) {
    return hart.accessCsr(find(name).number(), RiscvCpu.CSR_CLEAR, true, bits);
  }

  public void poke(long physical, long value) {
    ram.put(physical - RAM, bytes(value));
  }

  public long peek(long physical) {
    return machine.memory().peek(physical, 8);
  }

  private static byte[] bytes(long value) {
    byte[] bytes = new byte[8];
    for (int i = 0; i < 8; i++) {
      bytes[i] = (byte) (value >> (8 * i));
    }
    return bytes;
  }

  @Override
  public void close() {
    harts.forEach(RiscvCpu::close);
    machine.close();
  }
}
