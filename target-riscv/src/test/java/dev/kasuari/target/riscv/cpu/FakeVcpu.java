package dev.kasuari.target.riscv.cpu;

import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.machine.cpu.Vcpu;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongPredicate;

/** Executes nothing; remembers what a hart asks of its thread, and does posted work at once. */
public final class FakeVcpu implements Vcpu {
  public int kicks;
  public int flushes;
  public final List<LongPredicate> spaceFlushes = new ArrayList<>();
  public long addressSpace;
  public final List<Long> pageFlushes = new ArrayList<>();
  public long retired;
  public int waits;

  @Override
  public void kick() {
    kicks++;
  }

  @Override
  public void post(Runnable work) {
    work.run();
  }

  @Override
  public Runnable begin(Runnable work) {
    work.run();
    return () -> {};
  }

  @Override
  public Runnable beginOnOthers(Consumer<Cpu> work) {
    return () -> {};
  }

  @Override
  public void flushTlb() {
    flushes++;
  }

  @Override
  public void flushTlb(LongPredicate addressSpaces) {
    spaceFlushes.add(addressSpaces);
  }

  @Override
  public void useAddressSpace(long id) {
    addressSpace = id;
  }

  @Override
  public void flushTlbPage(long virtualAddress) {
    pageFlushes.add(virtualAddress);
  }

  @Override
  public long instructionsRetired() {
    return retired;
  }

  @Override
  public void setInstructionsRetired(long count) {
    retired = count;
  }

  @Override
  public void waitForInterrupt() {
    waits++;
  }
}
