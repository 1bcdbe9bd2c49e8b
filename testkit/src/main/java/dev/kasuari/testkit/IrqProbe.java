package dev.kasuari.testkit;

import dev.kasuari.machine.IrqLine;
import org.assertj.core.api.AbstractAssert;
import org.assertj.core.api.AssertProvider;

/** Listens to a line. {@code assertThat(probe).isHigh()} of AssertJ understands it. */
public final class IrqProbe implements IrqLine.Sink, AssertProvider<IrqProbe.IrqAssert> {
  private final String name;
  private volatile boolean level;
  private volatile int rises;

  /** A probe that hears nothing yet. */
  public IrqProbe(String name) {
    this.name = name;
  }

  @Override
  public synchronized void set(boolean high) {
    level = high;
    rises += high ? 1 : 0;
  }

  /** True while high. */
  public boolean level() {
    return level;
  }

  /** How often the line has gone from low to high. */
  public int rises() {
    return rises;
  }

  @Override
  public IrqAssert assertThat() {
    return new IrqAssert(this);
  }

  @Override
  public String toString() {
    return name;
  }

  /** What can be said of a line. */
  public static final class IrqAssert extends AbstractAssert<IrqAssert, IrqProbe> {
    IrqAssert(IrqProbe probe) {
      super(probe, IrqAssert.class);
    }

    /** The line is high. */
    public IrqAssert isHigh() {
      return is(true);
    }

    /** The line is low. */
    public IrqAssert isLow() {
      return is(false);
    }

    /** The line has gone from low to high so often. */
    public IrqAssert hasRisen(int times) {
      isNotNull();
      if (actual.rises != times) {
        failWithMessage(
            "Expected %s to have risen %s times, but it has %s times", actual, times, actual.rises);
      }
      return this;
    }

    private IrqAssert is(boolean high) {
      isNotNull();
      if (actual.level != high) {
        failWithMessage("Expected %s to be %s", actual, high ? "high" : "low");
      }
      return this;
    }
  }
}
