package dev.kasuari.testkit;

import dev.kasuari.machine.Registers;
import dev.kasuari.machine.memory.MemoryRegion;
import java.util.SplittableRandom;

/** What every device must hold to, whatever it does. */
public final class DeviceContract {
  private DeviceContract() {}

  /**
   * Registers that declare their value after reset have it.
   *
   * @throws AssertionError naming the register
   */
  public static void checkResetValues(DeviceProbe<?> probe) {
    probe.device().registers().forEach((region, registers) -> check(probe, region, registers));
  }

  private static void check(DeviceProbe<?> probe, String region, Registers registers) {
    for (Registers.Register register : registers.list()) {
      Long expected = register.resetValue();
      for (int i = 0; expected != null && i < register.count(); i++) {
        long offset = register.offset() + i * register.stride();
        long actual = probe.region(region).peek(offset, register.width());
        if (actual != expected) {
          throw new AssertionError(
              "%s.%s[%d] is 0x%x after reset, declared is 0x%x"
                  .formatted(probe.device().id(), register.name(), i, actual, expected));
        }
      }
    }
  }

  /**
   * Whatever a guest does to the registers, the device goes on; and at any time its state can be
   * saved and restored without a line changing.
   *
   * @param seed named in the failure
   * @param accesses how many
   * @throws AssertionError if the machine failed
   */
  public static void checkSurvives(TestBench bench, DeviceProbe<?> probe, long seed, int accesses) {
    var random = new SplittableRandom(seed);
    var regions = probe.device().regions();
    for (int i = 0; i < accesses && !regions.isEmpty(); i++) {
      var region = regions.get(random.nextInt(regions.size()));
      var target = new RegionProbe(bench.machine(), region.absoluteAddress());
      int size = 1 << random.nextInt(4);
      long offset = somewhere(probe, region, random) & -size;
      if (random.nextBoolean()) {
        target.tryRead(offset, size);
      } else {
        long bits = random.nextLong() >>> (64 - 8 * size);
        target.tryWrite(offset, size, random.nextBoolean() ? bits : bits & 0xff);
      }
      if (random.nextInt(16) == 0) {
        bench.clock().advance(random.nextLong(1L << random.nextInt(1, 40)));
      }
      if (random.nextInt(64) == 0) {
        checkRestore(bench, probe, seed);
      }
      Throwable failure = bench.machine().failure();
      if (failure != null) {
        throw new AssertionError("seed " + seed + ": access " + i + " to " + region, failure);
      }
    }
  }

  /** Mostly a declared register, as large regions are mostly empty; sometimes anywhere. */
  private static long somewhere(
      DeviceProbe<?> probe, MemoryRegion region, SplittableRandom random) {
    var declared =
        probe.device().registers().entrySet().stream()
            .filter(e -> probe.device().region(e.getKey()) == region)
            .flatMap(e -> e.getValue().list().stream())
            .toList();
    if (declared.isEmpty() || random.nextInt(4) == 0) {
      long span = random.nextBoolean() ? region.size() : Math.min(region.size(), 0x100);
      return random.nextLong(span);
    }
    Registers.Register register = declared.get(random.nextInt(declared.size()));
    return register.offset()
        + random.nextInt(register.count()) * register.stride()
        + random.nextInt(register.width());
  }

  private static void checkRestore(TestBench bench, DeviceProbe<?> probe, long seed) {
    var lines = probe.device().outputLines();
    boolean[] before = new boolean[lines.size()];
    for (int i = 0; i < before.length; i++) {
      before[i] = lines.get(i).level();
    }
    bench.machine().devices().restore(bench.machine().devices().save());
    for (int i = 0; i < before.length; i++) {
      if (lines.get(i).level() != before[i]) {
        throw new AssertionError("seed " + seed + ": restoring has changed " + lines.get(i));
      }
    }
  }
}
