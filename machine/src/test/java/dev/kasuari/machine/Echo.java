package dev.kasuari.machine;

import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.machine.time.Timer;
import dev.kasuari.qapi.Options;
import org.jspecify.annotations.Nullable;

/** A device that does a little of everything. Only for tests. */
@DeviceModel(name = "echo", bus = SysBus.class)
public final class Echo extends Device<Echo.Props, Echo.State> {
  /**
   * What can be chosen.
   *
   * @param gain what values are multiplied with
   */
  public record Props(@Options.Default("2") int gain, @Nullable String label) {}

  /** Everything that changes. */
  public static final class State {
    long value = 7;
    long target;
    boolean pending;
    boolean enabled;
    long deadline = Timer.NEVER;
    final boolean[] lines = new boolean[4];
    int kept;
  }

  /** One slot for a device of this kind. */
  public static final class EchoBus extends Bus {
    EchoBus(Wiring wiring) {
      super(wiring, "slot");
    }

    @Override
    protected boolean full() {
      return !devices().isEmpty();
    }

    void run(Card card, Runnable action) {
      enter(card, action);
    }
  }

  /** What goes into the slot. */
  @DeviceModel(name = "echo-card", bus = EchoBus.class)
  public static final class Card extends Device<Card.CardProps, Card.CardState> {
    /** Its properties. */
    public record CardProps(@Options.Default("off") boolean broken) {}

    /** Nothing. */
    public static final class CardState {}

    boolean closed;
    int faults;
    int outputsCalls;
    private Dma dma;

    void copyTo(long address) {
      ((EchoBus) bus())
          .run(
              this,
              () -> {
                try {
                  dma.write32(address, 99);
                } catch (DmaFault e) {
                  faults++;
                }
              });
    }

    @Override
    protected void outputs() {
      outputsCalls++;
    }

    @Override
    protected void realize(Wiring w) {
      dma = w.dma();
      w.own(() -> closed = true);
      if (props().broken()) {
        throw new dev.kasuari.qapi.OptionException("-device echo-card: 'broken' is on");
      }
    }
  }

  private IrqLine irq;
  private Timer timer;
  private Dma dma;
  Wiring wiring;
  int outputsCalls;
  int operations;
  boolean closed;

  @Override
  protected void realize(Wiring w) {
    wiring = w;
    w.region(
        "regs",
        0x2000,
        Registers.width(4)
            .accepts(1, 8)
            .at(0x00, "VALUE")
            .doc("what was written, multiplied")
            .field("LOW", 0, 8, "the low byte")
            .reset(7)
            .readWrite(() -> state().value, v -> state().value = v * props().gain())
            .at(0x04, "STATUS")
            .read(this::takePending)
            .peek(() -> state().pending ? 1 : 0)
            .at(0x08, "ENABLE")
            .write(v -> state().enabled = v != 0)
            .at(0x10, "DEADLINE")
            .wide(8)
            .readWrite(() -> state().deadline, v -> state().deadline = v)
            .at(0x18, "TARGET")
            .write(this::copyTo)
            .at(0x20, "FAIL")
            .read(() -> {
              throw new IllegalStateException("bug");
            })
            .at(0x24, "WHO")
            .readBy((i, a) -> a.requester())
            .at(0x1000, "A")
            .times(4, 8)
            .readEach(i -> 0xa0 + i)
            .at(0x1004, "B")
            .times(4, 8)
            .readWriteEach(i -> i == 1 ? state().kept : 0, (i, v) -> state().kept = (int) v));
    irq = w.irq("irq");
    timer = w.timer("timer", this::expired);
    w.inputs("in", 4, (i, level) -> state().lines[i] = level);
    dma = w.dma();
    w.bus(new EchoBus(w));
  }

  private void expired() {
    state().pending = true;
    state().deadline = Timer.NEVER;
  }

  private long takePending() {
    boolean was = state().pending;
    state().pending = false;
    return was ? 1 : 0;
  }

  private void copyTo(long target) {
    state().target = target;
    try {
      dma.write32(target, (int) state().value);
    } catch (DmaFault e) {
      state().target = -1;
    }
  }

  @Override
  protected void outputs() {
    outputsCalls++;
    irq.set((state().pending && state().enabled) || state().lines[0]);
    timer.at(state().deadline);
  }

  @Override
  protected void onReset(State before) {
    state().kept = before.kept;
  }

  @Override
  protected int inFlight() {
    return operations;
  }

  @Override
  protected void close() {
    closed = true;
  }

  @Override
  public void describe(HardwareNode n) {
    n.named("echo").compatible("test,echo").reg().interrupts();
  }
}
