package dev.kasuari.target.arm.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.InterruptPort;
import dev.kasuari.machine.cpu.GuestState;
import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.target.arm.cpu.GicCpuInterface.Verdict;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class GicCpuInterfaceTest {
  private static final int NONE = 1023;

  private final Distributor other = new Distributor();
  private final Cpu cpu = new Cpu();
  private final GuestState state = new GuestState(ArmState.LAYOUT);
  private final GicCpuInterface gic = new GicCpuInterface(other, cpu, state);

  @AfterEach
  void close() {
    state.close();
  }

  /** All that it remembers. */
  private List<Long> saved() {
    return ArmState.GIC.stream()
        .flatMap(f -> IntStream.range(0, f.count()).mapToObj(i -> state.get(f, i)))
        .toList();
  }

  private void restore(List<Long> saved) {
    Iterator<Long> next = saved.iterator();
    for (StateField field : ArmState.GIC) {
      for (int i = 0; i < field.count(); i++) {
        state.set(field, i, next.next());
      }
    }
    gic.stateChanged();
  }

  /** The other half: interrupts that are pending, each with its priority and group. */
  private static final class Distributor implements InterruptPort {
    private record Waiting(int priority, int group) {}

    private final Map<Integer, Waiting> pending = new TreeMap<>();
    private final Map<Integer, Integer> groups = new TreeMap<>();
    private final List<Integer> ended = new ArrayList<>();
    private final List<Message> sent = new ArrayList<>();
    private @Nullable Listener listener;
    private int accepted;

    void raise(int id, int priority, int group) {
      pending.put(id, new Waiting(priority, group));
      groups.put(id, group);
      tell();
    }

    private void tell() {
      int best = InterruptPort.NONE;
      for (var entry : pending.entrySet()) {
        Waiting waiting = entry.getValue();
        Waiting before = pending.get(best);
        boolean taken = (accepted & 1 << waiting.group) != 0;
        if (taken && (before == null || waiting.priority < before.priority)) {
          best = entry.getKey();
        }
      }
      Waiting told = pending.getOrDefault(best, new Waiting(0x100, 0));
      if (listener != null) {
        listener.pending(best, told.priority, told.group);
      }
    }

    @Override
    public void connect(Listener cpu) {
      listener = cpu;
      tell();
    }

    @Override
    public void accept(int newGroups) {
      accepted = newGroups;
      tell();
    }

    @Override
    public void acknowledge(int id) {
      pending.remove(id);
      tell();
    }

    @Override
    public void deactivate(int id) {
      ended.add(id);
    }

    @Override
    public int groupOf(int id) {
      return groups.getOrDefault(id, 1);
    }

    @Override
    public void send(Message message) {
      sent.add(message);
    }
  }

  private static final class Cpu implements GicCpuInterface.Surroundings {
    private int level = 1;
    private boolean secure;
    private boolean hasEl2;
    private boolean hasEl3;
    private long hcr;
    private long scr;

    @Override
    public int level() {
      return level;
    }

    @Override
    public boolean secure() {
      return secure || level == 3;
    }

    @Override
    public boolean hasEl2() {
      return hasEl2;
    }

    @Override
    public boolean hasEl3() {
      return hasEl3;
    }

    @Override
    public long hcr() {
      return hcr;
    }

    @Override
    public long scr() {
      return scr | (hasEl3 && !secure ? 1 : 0);
    }
  }

  private long read(int register) {
    assertThat(gic.check(register, false)).isEqualTo(Verdict.ALLOWED);
    return gic.read(register);
  }

  private void write(int register, long value) {
    assertThat(gic.check(register, true)).isEqualTo(Verdict.ALLOWED);
    gic.write(register, value);
  }

  private void open() {
    write(GicRegister.PMR, 0xf0);
    write(GicRegister.IGRPEN1, 1);
  }

  @Test
  void registersHaveTheirNumbers() {
    assertThat(GicRegister.PMR).isEqualTo(0xc230); // S3_0_C4_C6_0
    assertThat(GicRegister.IAR1).isEqualTo(0xc660); // S3_0_C12_C12_0
    assertThat(GicRegister.SGI1R).isEqualTo(0xc65d); // S3_0_C12_C11_5
    assertThat(GicRegister.ICH_LR0).isEqualTo(0xe660); // S3_4_C12_C12_0
    assertThat(GicRegister.IGRPEN1_EL3).isEqualTo(0xf667); // S3_6_C12_C12_7
    assertThat(GicCpuInterface.has(GicRegister.ICH_HCR)).isTrue();
    assertThat(GicCpuInterface.has(0xc600)).as("VBAR_EL1").isFalse();
  }

  @Test
  void saysWhatItIs() {
    assertThat(read(GicRegister.SRE)).isEqualTo(7);
    assertThat(read(GicRegister.CTLR)).as("five bits of priority, A3V").isEqualTo(0x8400);
    assertThat(read(GicRegister.RPR)).isEqualTo(0xff);
    write(GicRegister.PMR, 0xff);
    assertThat(read(GicRegister.PMR)).isEqualTo(0xf8);
    write(GicRegister.BPR0, 0);
    write(GicRegister.BPR1, 0);
    assertThat(read(GicRegister.BPR0)).isEqualTo(2);
    assertThat(read(GicRegister.BPR1)).isEqualTo(3);
    write(GicRegister.CTLR, 1);
    write(GicRegister.BPR0, 4);
    assertThat(read(GicRegister.BPR1)).as("of BPR0").isEqualTo(5);
  }

  @Test
  void takesAnInterruptAndEndsIt() {
    open();
    other.raise(40, 0xa0, 1);
    assertThat(gic.irq().level()).isTrue();
    assertThat(gic.fiq().level()).isFalse();
    assertThat(read(GicRegister.HPPIR1)).isEqualTo(40);
    assertThat(read(GicRegister.HPPIR0)).isEqualTo(NONE);
    assertThat(read(GicRegister.IAR0)).isEqualTo(NONE);
    assertThat(read(GicRegister.IAR1)).isEqualTo(40);
    assertThat(gic.irq().level()).isFalse();
    assertThat(read(GicRegister.RPR)).isEqualTo(0xa0);
    assertThat(read(GicRegister.AP1R0)).isEqualTo(1 << 20);
    assertThat(read(GicRegister.IAR1)).isEqualTo(NONE);
    write(GicRegister.EOIR1, 40);
    assertThat(other.ended).containsExactly(40);
    assertThat(read(GicRegister.RPR)).isEqualTo(0xff);
  }

  @Test
  void onlyTheMoreUrgentInterruptsAnInterrupt() {
    open();
    write(GicRegister.BPR1, 6); // bits 7 and 6 decide
    other.raise(40, 0xa0, 1);
    assertThat(read(GicRegister.IAR1)).isEqualTo(40);
    other.raise(41, 0x80, 1);
    assertThat(gic.irq().level()).isFalse();
    other.raise(42, 0x40, 1);
    assertThat(gic.irq().level()).isTrue();
    assertThat(read(GicRegister.IAR1)).isEqualTo(42);
    write(GicRegister.EOIR1, 42);
    assertThat(read(GicRegister.RPR)).isEqualTo(0x80);
    write(GicRegister.EOIR1, 40);
    assertThat(gic.irq().level()).isTrue();
    write(GicRegister.PMR, 0x80);
    assertThat(gic.irq().level()).as("masked").isFalse();
    assertThat(read(GicRegister.IAR1)).isEqualTo(NONE);
  }

  @Test
  void endAndDeactivationCanBeSplit() {
    open();
    write(GicRegister.CTLR, 2);
    other.raise(40, 0xa0, 1);
    read(GicRegister.IAR1);
    write(GicRegister.EOIR1, 40);
    assertThat(other.ended).isEmpty();
    assertThat(read(GicRegister.RPR)).isEqualTo(0xff);
    write(GicRegister.DIR, 40);
    assertThat(other.ended).containsExactly(40);
  }

  @Test
  void messagesAreOnlyEnded() {
    open();
    other.raise(8200, 0xa0, 1);
    assertThat(read(GicRegister.IAR1)).isEqualTo(8200);
    write(GicRegister.EOIR1, 8200);
    assertThat(other.ended).isEmpty();
    assertThat(read(GicRegister.RPR)).isEqualTo(0xff);
  }

  @Test
  void groupZeroIsFast() {
    open();
    write(GicRegister.IGRPEN0, 1);
    other.raise(40, 0x40, 0);
    assertThat(gic.fiq().level()).isTrue();
    assertThat(gic.irq().level()).isFalse();
    assertThat(read(GicRegister.IAR1)).isEqualTo(NONE);
    assertThat(read(GicRegister.IAR0)).isEqualTo(40);
    write(GicRegister.EOIR1, 40);
    assertThat(read(GicRegister.RPR)).as("the other group's").isEqualTo(0x40);
    write(GicRegister.EOIR0, 40);
    assertThat(read(GicRegister.RPR)).isEqualTo(0xff);
    other.raise(41, 0x40, 0);
    write(GicRegister.IGRPEN0, 0);
    assertThat(gic.fiq().level()).isFalse();
  }

  @Test
  void sendsToOthers() {
    open();
    write(GicRegister.SGI1R, 5L << 24 | 3L << 48 | 2L << 32 | 1L << 16 | 1L << 44 | 0x8001);
    write(GicRegister.SGI0R, 1L << 40 | 6 << 24);
    assertThat(other.sent)
        .containsExactly(
            new InterruptPort.Message(5, 1, false, false, 0x3_0002_0100L, 16, 0x8001),
            new InterruptPort.Message(6, 0, false, true, 0, 0, 0));
  }

  // Two worlds.

  @Test
  void whatIsOfTheOtherWorldIsFast() {
    cpu.hasEl3 = true;
    cpu.level = 3;
    write(GicRegister.IGRPEN1_EL3, 3);
    write(GicRegister.PMR, 0xf8);
    other.raise(40, 0xa0, 1);
    assertThat(gic.fiq().level()).as("EL3").isTrue();
    assertThat(read(GicRegister.HPPIR0)).as("for the non-secure world").isEqualTo(1021);
    assertThat(read(GicRegister.IAR0)).isEqualTo(1021);
    cpu.secure = true;
    assertThat(read(GicRegister.HPPIR1)).as("of either world").isEqualTo(40);
    assertThat(read(GicRegister.IGRPEN1)).as("of the secure world").isEqualTo(1);
    write(GicRegister.IGRPEN1_EL3, 1);
    assertThat(read(GicRegister.IGRPEN1)).isZero();
    write(GicRegister.IGRPEN1_EL3, 3);
    cpu.secure = false;
    cpu.level = 1;
    gic.update();
    assertThat(gic.irq().level()).as("its own").isTrue();
    cpu.secure = true;
    gic.update();
    assertThat(gic.fiq().level()).isTrue();
    other.raise(41, 0x20, 2);
    assertThat(gic.irq().level()).isTrue();
    assertThat(read(GicRegister.IAR1)).isEqualTo(41);
    cpu.secure = false;
    assertThat(read(GicRegister.IGRPEN1)).isEqualTo(1);
    write(GicRegister.IGRPEN1, 0);
    cpu.level = 3;
    assertThat(read(GicRegister.IGRPEN1_EL3)).isEqualTo(2);
  }

  @Test
  void theNonSecureWorldSeesHalfOfThePriorities() {
    cpu.hasEl3 = true;
    cpu.secure = true;
    write(GicRegister.PMR, 0xf8);
    cpu.secure = false;
    cpu.scr = 1 << 2;
    assertThat(read(GicRegister.PMR)).isEqualTo(0xf0);
    write(GicRegister.PMR, 0x20);
    cpu.secure = true;
    assertThat(read(GicRegister.PMR)).isEqualTo(0x90);
    write(GicRegister.PMR, 0x40);
    cpu.secure = false;
    write(GicRegister.PMR, 0xf0);
    assertThat(read(GicRegister.PMR)).isZero();
  }

  @Test
  void whoMayNotIsTrapped() {
    cpu.level = 0;
    assertThat(gic.check(GicRegister.PMR, false)).isEqualTo(Verdict.UNDEFINED);
    cpu.level = 1;
    assertThat(gic.check(GicRegister.ICH_HCR, false)).isEqualTo(Verdict.UNDEFINED);
    assertThat(gic.check(GicRegister.IAR1, true)).isEqualTo(Verdict.UNDEFINED);
    assertThat(gic.check(GicRegister.EOIR1, false)).isEqualTo(Verdict.UNDEFINED);
    cpu.hasEl3 = true;
    cpu.scr = 1 << 1;
    assertThat(gic.check(GicRegister.IAR1, false)).isEqualTo(Verdict.TRAP_EL3);
    assertThat(gic.check(GicRegister.IAR0, false)).isEqualTo(Verdict.ALLOWED);
    assertThat(gic.check(GicRegister.PMR, false)).isEqualTo(Verdict.ALLOWED);
    cpu.scr = 1 << 1 | 1 << 2;
    assertThat(gic.check(GicRegister.PMR, false)).isEqualTo(Verdict.TRAP_EL3);
    cpu.hasEl2 = true;
    cpu.hcr = 1 << 4;
    assertThat(gic.check(GicRegister.SGI1R, true)).isEqualTo(Verdict.TRAP_EL2);
    assertThat(gic.check(GicRegister.IAR1, false)).as("virtual").isEqualTo(Verdict.ALLOWED);
    cpu.level = 2;
    gic.write(GicRegister.ICH_HCR, 1 << 10 | 1 << 12);
    cpu.level = 1;
    assertThat(gic.check(GicRegister.PMR, false)).isEqualTo(Verdict.TRAP_EL2);
    assertThat(gic.check(GicRegister.IAR1, false)).isEqualTo(Verdict.TRAP_EL2);
  }

  // A guest.

  private static final long PENDING = 1L << 62;
  private static final long GROUP_1 = 1L << 60;

  private void openGuest() {
    cpu.hasEl2 = true;
    cpu.hcr = 1 << 3 | 1 << 4;
    cpu.level = 2;
    write(GicRegister.ICH_HCR, 1);
    cpu.level = 1;
    write(GicRegister.PMR, 0xf0);
    write(GicRegister.IGRPEN1, 1);
  }

  private void list(int register, long entry) {
    cpu.level = 2;
    write(GicRegister.ICH_LR0 + register, entry);
    cpu.level = 1;
  }

  private long hypervisor(int register) {
    cpu.level = 2;
    long value = read(register);
    cpu.level = 1;
    return value;
  }

  @Test
  void aGuestTakesWhatIsListed() {
    openGuest();
    list(0, PENDING | GROUP_1 | 0xa0L << 48 | 50);
    assertThat(gic.virq().level()).isTrue();
    assertThat(gic.irq().level()).isFalse();
    assertThat(read(GicRegister.IAR1)).isEqualTo(50);
    assertThat(gic.virq().level()).isFalse();
    assertThat(read(GicRegister.RPR)).isEqualTo(0xa0);
    assertThat(hypervisor(GicRegister.ICH_LR0) >>> 62).isEqualTo(2);
    assertThat(hypervisor(GicRegister.ICH_AP1R0)).isEqualTo(1 << 20);
    assertThat(hypervisor(GicRegister.ICH_ELRSR)).isEqualTo(0xe);
    write(GicRegister.EOIR1, 50);
    assertThat(hypervisor(GicRegister.ICH_ELRSR)).isEqualTo(0xf);
    assertThat(read(GicRegister.RPR)).isEqualTo(0xff);
  }

  @Test
  void aRealInterruptIsDeactivatedByTheGuest() {
    openGuest();
    list(1, PENDING | GROUP_1 | 1L << 61 | 27L << 32 | 0xa0L << 48 | 27);
    assertThat(read(GicRegister.IAR1)).isEqualTo(27);
    write(GicRegister.EOIR1, 27);
    assertThat(other.ended).containsExactly(27);
  }

  @Test
  void groupZeroOfAGuestIsFast() {
    openGuest();
    write(GicRegister.IGRPEN0, 1);
    list(0, PENDING | 0x80L << 48 | 50);
    assertThat(gic.vfiq().level()).isTrue();
    assertThat(gic.virq().level()).isFalse();
    assertThat(read(GicRegister.IAR0)).isEqualTo(50);
  }

  @Test
  void theHypervisorIsTold() {
    openGuest();
    list(0, PENDING | GROUP_1 | 1L << 41 | 0xa0L << 48 | 50);
    read(GicRegister.IAR1);
    assertThat(gic.maintenance().level()).isFalse();
    write(GicRegister.EOIR1, 50);
    assertThat(gic.maintenance().level()).isTrue();
    assertThat(hypervisor(GicRegister.ICH_MISR)).isEqualTo(1);
    assertThat(hypervisor(GicRegister.ICH_EISR)).isEqualTo(1);
    list(0, 0);
    assertThat(gic.maintenance().level()).isFalse();
    cpu.level = 2;
    write(GicRegister.ICH_HCR, 0x8b);
    assertThat(read(GicRegister.ICH_MISR)).as("underflow, none pending").isEqualTo(0x0a);
  }

  @Test
  void theHypervisorSeesWhatTheGuestHasSet() {
    openGuest();
    write(GicRegister.CTLR, 3);
    write(GicRegister.BPR0, 4);
    assertThat(hypervisor(GicRegister.ICH_VMCR)).isEqualTo(0xf08c_021aL);
    cpu.level = 2;
    write(GicRegister.ICH_VMCR, 0x80a0_0001L);
    cpu.level = 1;
    assertThat(read(GicRegister.PMR)).isEqualTo(0x80);
    assertThat(read(GicRegister.BPR0)).isEqualTo(5);
    assertThat(read(GicRegister.IGRPEN0)).isEqualTo(1);
    assertThat(read(GicRegister.IGRPEN1)).isZero();
    assertThat(hypervisor(GicRegister.ICH_VTR)).isEqualTo(0x9038_0003L);
  }

  // The house.

  @Test
  void comesBackInTheMiddleOfAnInterrupt() {
    open();
    other.raise(40, 0xa0, 1);
    read(GicRegister.IAR1);
    other.raise(41, 0x40, 1);
    List<Long> saved = saved();
    gic.reset();
    assertThat(gic.irq().level()).isFalse();
    assertThat(read(GicRegister.RPR)).isEqualTo(0xff);
    restore(saved);
    assertThat(gic.irq().level()).isTrue();
    assertThat(saved()).isEqualTo(saved);
    assertThat(read(GicRegister.RPR)).isEqualTo(0xa0);
  }

  @Test
  void survivesAnyGuest() {
    long seed = 1;
    var random = new SplittableRandom(seed);
    cpu.hasEl2 = true;
    cpu.hasEl3 = true;
    int accesses = 0;
    for (int i = 0; i < 200_000; i++) {
      cpu.level = random.nextInt(4);
      cpu.hcr = random.nextLong() & 0x18;
      cpu.scr = random.nextLong() & 7;
      int op1 = new int[] {0, 0, 4, 6}[random.nextInt(4)];
      int register = 3 << 14 | op1 << 11 | 12 << 7 | (8 + random.nextInt(6)) << 3;
      register = random.nextInt(8) == 0 ? GicRegister.PMR : register | random.nextInt(8);
      boolean write = random.nextBoolean();
      if (random.nextInt(4) == 0) {
        other.raise(random.nextInt(64), random.nextInt(32) << 3, random.nextInt(3));
      }
      if (gic.check(register, write) == Verdict.ALLOWED) {
        accesses++;
        if (write) {
          gic.write(register, random.nextLong() >>> random.nextInt(64));
        } else {
          gic.read(register);
        }
      }
    }
    assertThat(accesses).as("seed " + seed).isGreaterThan(20_000);
  }
}
