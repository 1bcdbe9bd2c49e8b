package dev.kasuari.machine;

import dev.kasuari.machine.time.ManualClock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;

/** A machine without CPUs, with a clock that tests move, whose log is kept. */
public final class TestMachine implements AutoCloseable {
  public final ManualClock clock = new ManualClock();
  public final List<String> lines = Collections.synchronizedList(new ArrayList<>());
  public final Machine machine;

  public TestMachine() {
    Log log = Log.to(lines::add);
    log.select(EnumSet.allOf(LogCategory.class));
    machine = Machine.builder("test").clock(clock).log(log).build();
  }

  @Override
  public void close() {
    machine.close();
  }
}
