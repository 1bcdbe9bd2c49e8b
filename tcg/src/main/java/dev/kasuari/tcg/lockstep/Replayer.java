package dev.kasuari.tcg.lockstep;

import dev.kasuari.machine.memory.AddressSpace;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.ExecutionLog;
import dev.kasuari.tcg.ir.Helper;
import java.util.List;

/**
 * Tells the guest what it was told before, and compares what it asks. Nothing outside happens a
 * second time.
 */
final class Replayer implements ExecutionLog {
  private final ExecutionContext context;
  private final List<Told> tape;
  private final MemoryLog memory;
  private final boolean records;
  private final StateImage now;
  private int position;
  private long answer;

  /**
   * @param memory the stores that are expected; or where to keep them
   * @param records stores are kept, to be taken back
   */
  Replayer(ExecutionContext context, List<Told> tape, MemoryLog memory, boolean records) {
    this.context = context;
    this.tape = tape;
    this.memory = memory;
    this.records = records;
    now = new StateImage(context.cpu().state().layout());
  }

  Replayer rewind() {
    position = 0;
    return this;
  }

  /** What the guest was told before and has not asked for this time. */
  List<Told> rest() {
    return tape.subList(position, tape.size());
  }

  private Told next(Object asked) {
    if (position == tape.size()) {
      throw new Divergence("it asks for %s, the reference for nothing more".formatted(asked));
    }
    return tape.get(position++);
  }

  private static Divergence instead(String asked, Told expected) {
    return new Divergence("it asks for %s, the reference for %s".formatted(asked, expected));
  }

  @Override
  public BusResult access(AddressSpace space, BusAccess access) {
    long value = Told.written(access);
    Told told = next(access);
    if (!(told instanceof Told.Bus bus)
        || bus.address() != access.address()
        || bus.size() != access.size()
        || bus.write() != access.write()
        || bus.value() != value) {
      throw instead(access.toString(), told);
    }
    answer = bus.answer();
    bus.delta().apply(context.state());
    return bus.result();
  }

  @Override
  public long answer() {
    return answer;
  }

  @Override
  public long call(ExecutionContext ignored, Helper helper, long a, long b, long c) {
    Told told = next(helper);
    if (!(told instanceof Told.Call call)
        || !call.helper().equals(helper)
        || call.a() != a
        || call.b() != b
        || call.c() != c) {
      String asked = "a call of %s(0x%x, 0x%x, 0x%x)".formatted(helper.name(), a, b, c);
      throw instead(asked, told);
    }
    now.capture(context.state());
    if (!now.same(call.before())) {
      throw new Divergence("the state differs at %s".formatted(call), call.before());
    }
    call.delta().apply(context.state());
    if (call.flushed()) {
      context.mmu().flush();
    }
    Told.Fault fault = call.fault();
    if (fault != null) {
      context.raise(fault.cause(), fault.value());
    }
    return call.result();
  }

  @Override
  public void loading(long host, int size) {}

  @Override
  public void storing(long virtual, long host, int size, RamBlock ram, long offset) {
    if (records) {
      memory.storing(virtual, host, size, ram, offset);
    } else if (!memory.wrote(host, size)) {
      throw new Divergence(
          "it stores %d bytes at 0x%x, the reference does not".formatted(size, virtual));
    }
  }

  @Override
  public boolean takesBack() {
    return records;
  }

  @Override
  public void flushed() {}
}
