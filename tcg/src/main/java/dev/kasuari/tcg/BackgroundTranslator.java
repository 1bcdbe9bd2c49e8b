package dev.kasuari.tcg;

import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Verifier;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;

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

  /** A unit to be translated, of the bytes that its page has while the ticket holds. */
  private record Request(long ramAddress, long mode, long ticket) {}

  private final TcgAccelerator accelerator;
  private final CodeCache cache;
  private final Translator translator;

  /** Nothing of a second page: how it is mapped is known to vCPUs only. */
  private final Translation translation = new Translation(offset -> -1);

  private final BlockingQueue<Request> requests = new ArrayBlockingQueue<>(MOST_WAITING);
  private final Consumer<Throwable> failed;
  private final Thread thread;

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
    if (requests.remainingCapacity() == 0) {
      return false;
    }
    long page = ramAddress & -4096L;
    long ticket = cache.startReading(page);
    accelerator.settleWrites();
    boolean taken = requests.offer(new Request(ramAddress, mode, ticket));
    if (!taken) {
      cache.doneReading(page);
    }
    return taken;
  }

  private void run() {
    try {
      while (true) {
        Request request = requests.take();
        try {
          translate(request);
        } finally {
          cache.doneReading(request.ramAddress() & -4096L);
        }
      }
    } catch (InterruptedException e) {
      // It is closed.
    } catch (RuntimeException | Error e) {
      failed.accept(e);
    }
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
    thread.interrupt();
    TcgAccelerator.join(thread);
  }
}
