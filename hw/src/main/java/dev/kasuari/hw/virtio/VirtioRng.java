package dev.kasuari.hw.virtio;

import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.machine.time.Clock;
import dev.kasuari.machine.time.Timer;
import dev.kasuari.qapi.Options;
import java.util.random.RandomGenerator;

/**
 * Gives the guest random bytes. Source: Virtio 1.2, 5.4 "Entropy Device". The bytes come from the
 * machine's random numbers, so that a run can be repeated.
 */
@DeviceModel(name = "virtio-rng-device", bus = VirtioBus.class)
public final class VirtioRng extends VirtioDevice<VirtioRng.Props, VirtioRng.State> {
  /**
   * What can be chosen.
   *
   * @param maxBytes the most bytes in a period
   * @param period milliseconds
   * @param indirectDesc offer descriptors in tables of their own
   * @param eventIdx offer to say exactly when to notify and to interrupt
   */
  public record Props(
      @Options.Name("max-bytes") @Options.Default("9223372036854775807") @Options.Range(min = 1)
          long maxBytes,
      @Options.Default("65536") @Options.Range(min = 1, max = 1L << 40) long period,
      @Options.Name("indirect_desc") @Options.Default("on") boolean indirectDesc,
      @Options.Name("event_idx") @Options.Default("on") boolean eventIdx) {}

  /** What changes. */
  public static final class State {
    final VirtioState virtio = new VirtioState();

    /** Bytes given in this period. */
    long given;

    /** When the period ends, virtual time; {@link Timer#NEVER} if none has begun. */
    long periodEnd = Timer.NEVER;
  }

  private static final int QUEUE_SIZE = 8;
  private static final long MILLISECOND = 1_000_000;

  /** The most bytes for one request; a driver must cope with fewer than it wanted. */
  private static final int MOST = 64 * 1024;

  private final Registers configuration = Registers.width(4).accepts(1, 8).unaligned();
  private RandomGenerator random;
  private Clock clock;
  private Timer timer;
  private Virtqueue requests;

  /** One without limits. */
  public VirtioRng() {
    super(Virtio.ENTROPY);
  }

  /** One without limits. */
  public static VirtioRng of() {
    return VirtioRngType.TYPE.create(new Props(Long.MAX_VALUE, 1 << 16, true, true));
  }

  @Override
  protected void realize(Wiring w) {
    super.realize(w);
    random = w.random();
    clock = w.clock();
    timer = w.timer("period", this::periodEnded);
    requests = addQueue("requestq", QUEUE_SIZE, this::serve);
  }

  @Override
  protected void outputs() {
    super.outputs();
    timer.at(state().periodEnd);
  }

  @Override
  protected VirtioState virtio() {
    return state().virtio;
  }

  @Override
  protected long offered() {
    return (props().indirectDesc() ? Virtio.RING_INDIRECT_DESC : 0)
        | (props().eventIdx() ? Virtio.RING_EVENT_IDX : 0);
  }

  @Override
  protected Registers configuration() {
    return configuration;
  }

  /** The limit is the host's and outlives the driver. */
  @Override
  protected void resetByDriver() {}

  private void serve(Virtqueue queue) {
    queue.drain("a buffer to fill", () -> left() > 0, this::fill);
  }

  private long left() {
    return props().maxBytes() - state().given;
  }

  private void fill(DescriptorChain chain) throws DmaFault {
    int length = (int) Math.min(Math.min(chain.writableLength(), MOST), left());
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    chain.write(0, bytes);
    count(length);
    requests.push(chain, length);
  }

  private void count(int length) {
    if (props().maxBytes() == Long.MAX_VALUE) {
      return;
    }
    if (state().periodEnd == Timer.NEVER) {
      state().periodEnd = clock.now() + props().period() * MILLISECOND;
    }
    state().given += length;
  }

  private void periodEnded() {
    state().periodEnd = Timer.NEVER;
    state().given = 0;
    requests.serve();
  }
}
