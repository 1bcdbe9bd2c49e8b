package dev.kasuari.tcg;

import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Verifier;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Translates units that vCPUs will soon want, in a thread of its own, while they interpret them. A
 * vCPU that asks does what only it can do, which is to see that the bytes of the page cannot change
 * unnoticed; the rest needs no vCPU.
 */
final class BackgroundTranslator implements AutoCloseable {
  /** More than that, and what is asked for now would come too late. */
  private static final int MOST_WAITING = 64;

  /** How often a unit is interpreted at the most while it waits here. */
  static final int PATIENCE = 12;

  /**
   * While units come in it looks for them by itself, so often that few have to be waited for: to
   * wake it for each would take a vCPU as long as to interpret the unit.
   */
  private static final long LOOK_NANOS = 60_000;

  /** So often it looks in vain before it sleeps. */
  private static final int LOOKS = 200;

  /** A unit to be translated, of the bytes that its page has while the ticket holds. */
  private record Request(long ramAddress, long mode, long ticket) {}

  private final TcgAccelerator accelerator;
  private final CodeCache cache;
  private final Translator translator;

  /** Nothing of a second page: how it is mapped is known to vCPUs only. */
  private final Translation translation = new Translation(offset -> -1);

  private final Queue<Request> requests = new ArrayBlockingQueue<>(MOST_WAITING);
  private final Consumer<Throwable> failed;
  private final Thread thread;
  private volatile boolean asleep;
  private volatile boolean closed;

  /**
   * @param translator of any of the CPUs, used here only
   * @param failed hears what ended this; vCPUs then translate themselves
   */
  BackgroundTranslator(
      TcgAccelerator accelerator, Translator translator, String name, Consumer<Throwable> failed) {
    this.accelerator = accelerator;
    this.cache = accelerator.cache();
    this.translator = translator;
    this.failed = failed;
    this.thread = new Thread(null, this::run, name, 8L << 20);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /**
   * Asks for a unit; {@link CodeCache#find} finds it some time later, if its page is not written
   * meanwhile. A vCPU's thread.
   *
   * @return false if too much waits already
   */
  boolean ask(long ramAddress, long mode) {
    if (requests.size() >= MOST_WAITING) {
      return false;
    }
    long page = ramAddress & -4096L;
    long ticket = cache.startReading(page);
    accelerator.settleWrites();
    boolean taken = requests.offer(new Request(ramAddress, mode, ticket));
    if (!taken) {
      cache.doneReading(page);
    } else if (asleep) {
      LockSupport.unpark(thread);
    }
    return taken;
  }

  private void run() {
    try {
      Request request = next();
      while (request != null) {
        try {
          translate(request);
        } finally {
          cache.doneReading(request.ramAddress() & -4096L);
        }
        request = next();
      }
    } catch (RuntimeException | Error e) {
      failed.accept(e);
    }
  }

  /** Waits for a request; null when this is closed. */
  private @Nullable Request next() {
    int looks = 0;
    while (!closed) {
      Request request = requests.poll();
      if (request != null) {
        return request;
      }
      if (++looks < LOOKS) {
        LockSupport.parkNanos(this, LOOK_NANOS);
      } else {
        asleep = true;
        if (requests.isEmpty() && !closed) {
          LockSupport.park(this);
        }
        asleep = false;
        looks = 0;
      }
    }
    return null;
  }

  private void translate(Request request) {
    long ram = request.ramAddress();
    int offset = (int) (ram & 4095);
    long hostPage = accelerator.hostPage(ram);
    if (hostPage == -1 || cache.find(ram, request.mode(), 0, page -> -1) != null) {
      return;
    }
    translation.begin(request.mode(), 0, offset, hostPage, Translation.MAX_INSTRUCTIONS);
    if (!translation.run(translator)) {
      return;
    }
    IrUnit unit = translation.finish();
    assert verified(unit);
    CompiledCode code = accelerator.compile(unit, offset);
    var block =
        new TranslationBlock(
            ram,
            translation.bytes(),
            TranslationBlock.ONE_PAGE,
            request.mode(),
            0,
            unit.instructions().size(),
            code);
    var _ = cache.publish(block, request.ticket(), 0);
  }

  private static boolean verified(IrUnit unit) {
    Verifier.verify(unit);
    return true;
  }

  /** Ends it. No vCPU runs any more. */
  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
    TcgAccelerator.join(thread);
  }
}
