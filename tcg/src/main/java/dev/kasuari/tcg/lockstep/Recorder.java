package dev.kasuari.tcg.lockstep;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.memory.AddressSpace;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.ExecutionLog;
import dev.kasuari.tcg.ir.Helper;
import java.util.List;

/** Lets everything happen, and keeps what the guest was told and what it did to memory. */
final class Recorder implements ExecutionLog {
  private final long state;
  private final List<Told> tape;
  private final MemoryLog memory;
  private final StateImage before;
  private final StateImage after;
  private long answer;
  private boolean flushed;

  Recorder(ExecutionContext context, List<Told> tape, MemoryLog memory) {
    this.state = context.state();
    this.tape = tape;
    this.memory = memory;
    before = new StateImage(context.cpu().state().layout());
    after = before.copy();
  }

  private long retired() {
    return RawMemory.getLong(state + EngineState.RETIRED);
  }

  @Override
  public BusResult access(AddressSpace space, BusAccess access) {
    before.capture(state);
    long at = retired();
    long value = Told.written(access);
    BusResult result = space.access(access);
    answer = access.write() ? 0 : access.value();
    after.capture(state);
    tape.add(
        new Told.Bus(
            at,
            access.address(),
            access.size(),
            access.write(),
            value,
            result,
            answer,
            StateDelta.between(before, after)));
    return result;
  }

  @Override
  public long answer() {
    return answer;
  }

  @Override
  public long call(ExecutionContext context, Helper helper, long a, long b, long c) {
    before.capture(state);
    long at = retired();
    flushed = false;
    long result = helper.call(context, a, b, c);
    after.capture(state);
    var mmu = context.mmu();
    var fault = mmu.faulted ? new Told.Fault(mmu.faultCause, mmu.faultValue) : null;
    tape.add(
        new Told.Call(
            at,
            helper,
            a,
            b,
            c,
            before.copy(),
            result,
            StateDelta.between(before, after),
            fault,
            flushed));
    return result;
  }

  @Override
  public void loading(long host, int size) {
    memory.loading(host, size);
  }

  @Override
  public void storing(long virtual, long host, int size, RamBlock ram, long offset) {
    memory.storing(virtual, host, size, ram, offset);
  }

  @Override
  public boolean takesBack() {
    return true;
  }

  @Override
  public void flushed() {
    flushed = true;
  }
}
