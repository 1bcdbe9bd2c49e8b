package dev.kasuari.hw.intc;

import dev.kasuari.machine.Device;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.IrqLine;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.SysBus;
import dev.kasuari.machine.Wiring;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * RISC-V platform-level interrupt controller: levels of many sources, by priority, to the contexts
 * of harts. Source: RISC-V Platform-Level Interrupt Controller Specification 1.0.0; SiFive
 * FU540-C000 manual, chapter 10, for what that leaves open.
 *
 * <p>An input {@code irq[n]} for each source n from 1 on; an output for each context, under the
 * name it was given. Gateways are level-triggered: a source that is high sends one request, and the
 * next when that was completed and it is high still. A request cannot be taken back.
 */
@DeviceModel(name = "riscv.sifive.plic", bus = SysBus.class)
public final class Plic extends Device<Plic.Props, Plic.State> {
  /** Sources are numbered below this. */
  public static final int MAX_SOURCES = 1023;

  /** The greatest priority. */
  public static final int MAX_PRIORITY = 7;

  private static final long CONTEXTS_FROM = 0x20_0000;
  private static final int CONTEXT_STRIDE = 0x1000;
  private static final int ENABLE_WORDS = 32; // of a context, whether or not it has so many sources

  /**
   * What can be chosen.
   *
   * @param contexts names of the outputs in the order of their contexts
   * @param sources how many sources there are, numbered from 1
   * @param size bytes of address space
   */
  public record Props(
      List<String> contexts,
      @Options.Default("95") @Options.Range(min = 1, max = MAX_SOURCES) int sources,
      @Options.Size @Options.Default("6M") long size) {}

  /** What changes. Bit n % 32 of word n / 32 belongs to source n. */
  public static final class State {
    final int[] priority = new int[MAX_SOURCES + 1];

    /** Requests that were sent, until they are claimed. */
    final int[] requested = new int[ENABLE_WORDS];

    /** Claimed and not yet completed: the gateway sends nothing. */
    final int[] claimed = new int[ENABLE_WORDS];

    /** {@link #ENABLE_WORDS} for each context. */
    int[] enable = {};

    int[] threshold = {};
  }

  /** The levels of the inputs. They are others' state, so that a reset leaves them. */
  private final int[] levels = new int[ENABLE_WORDS];

  private int words;
  private IrqLine[] outputs;

  /** With 95 sources, for these contexts. */
  public static Plic of(List<String> contexts) {
    return PlicType.TYPE.create(new Props(contexts, 95, 6 << 20));
  }

  /** {@code hart0.M}, {@code hart0.S}, {@code hart1.M} …: two contexts for each hart. */
  public static List<String> machineAndSupervisor(int harts) {
    return IntStream.range(0, harts)
        .boxed()
        .flatMap(i -> Stream.of("hart" + i + ".M", "hart" + i + ".S"))
        .toList();
  }

  /** The input of source {@code number}, from 1 on. */
  public IrqLine input(int number) {
    return input("irq[" + number + "]");
  }

  @Override
  protected void realize(Wiring w) {
    int sources = props().sources();
    int contexts = props().contexts().size();
    check(contexts);
    words = sources / 32 + 1;
    w.region(
        "regs",
        props().size(),
        Registers.width(4)
            .at(0x0000, "PRIORITY")
            .times(sources + 1, 4)
            .field("PRIORITY", 0, 3, "0 never interrupts, 7 is the most urgent")
            .reset(0)
            .readWriteEach(i -> state().priority[i], this::setPriority)
            .at(0x1000, "PENDING")
            .times(words, 4)
            .doc("a bit for each source")
            .reset(0)
            .readEach(this::pending)
            .at(0x2000, "ENABLE")
            .times(contexts * ENABLE_WORDS, 4)
            .doc("a bit for each source, 32 words for each context")
            .reset(0)
            .readWriteEach(i -> state().enable[i], this::setEnable)
            .at(CONTEXTS_FROM, "THRESHOLD")
            .times(contexts, CONTEXT_STRIDE)
            .field("THRESHOLD", 0, 3, "only greater priorities interrupt the context")
            .reset(0)
            .readWriteEach(
                i -> state().threshold[i], (i, v) -> state().threshold[i] = (int) v & MAX_PRIORITY)
            .at(CONTEXTS_FROM + 4, "CLAIM_COMPLETE")
            .times(contexts, CONTEXT_STRIDE)
            .doc("reading claims the most urgent source or 0, writing completes one")
            .reset(0)
            .readEach(this::claim)
            .peekEach(c -> best(c, 0))
            .writeEach(this::complete));
    w.interruptInputs("irq", sources + 1, List::of, this::drive);
    outputs = props().contexts().stream().map(w::irq).toArray(IrqLine[]::new);
    fit();
  }

  private void check(int contexts) {
    long needed = CONTEXTS_FROM + (long) contexts * CONTEXT_STRIDE;
    if (contexts == 0 || new HashSet<>(props().contexts()).size() < contexts) {
      throw new OptionException(
          id() + ": contexts=" + props().contexts() + ": give one or more names, each once");
    }
    if (props().size() < needed) {
      throw new OptionException(
          id() + ": size=" + props().size() + ": " + contexts + " contexts take " + needed);
    }
  }

  private void setPriority(int source, long value) {
    state().priority[source] = source == 0 ? 0 : (int) value & MAX_PRIORITY;
  }

  private void setEnable(int word, long value) {
    state().enable[word] = (int) value & sourcesOf(word % ENABLE_WORDS);
  }

  /** The bits of a word that stand for a source. Source 0 means that there is none. */
  private int sourcesOf(int word) {
    int bits = -1;
    if (word >= words) {
      bits = 0;
    } else if (word == words - 1) {
      bits >>>= 31 - props().sources() % 32;
    }
    return word == 0 ? bits & ~1 : bits;
  }

  private void drive(int source, boolean level) {
    if (level) {
      levels[source / 32] |= 1 << source;
      request(source);
    } else {
      levels[source / 32] &= ~(1 << source);
    }
  }

  /** The gateway of a source that is high. */
  private void request(int source) {
    if (source != 0 && !bit(state().claimed, 0, source)) {
      state().requested[source / 32] |= 1 << source;
    }
  }

  /** What is high and not claimed counts as requested, as after a reset nothing was. */
  private int pending(int word) {
    return state().requested[word] | (levels[word] & ~state().claimed[word] & sourcesOf(word));
  }

  private long claim(int context) {
    int source = best(context, 0);
    if (source != 0) {
      state().requested[source / 32] &= ~(1 << source);
      state().claimed[source / 32] |= 1 << source;
    }
    return source;
  }

  /** Completing what is not enabled for the context is silently ignored (section 9). */
  private void complete(int context, long id) {
    if (id < 1 || id > props().sources()) {
      return;
    }
    int source = (int) id;
    if (bit(state().enable, context * ENABLE_WORDS, source)) {
      state().claimed[source / 32] &= ~(1 << source);
      if (bit(levels, 0, source)) {
        request(source);
      }
    }
  }

  private static boolean bit(int[] words, int from, int source) {
    return (words[from + source / 32] & (1 << source)) != 0;
  }

  /**
   * The pending and enabled source of the greatest priority above {@code threshold}, of equals the
   * lowest, or 0. Claims look at no threshold (section 8).
   */
  private int best(int context, int threshold) {
    int best = 0;
    int most = threshold;
    for (int word = 0; word < words; word++) {
      int bits = pending(word) & state().enable[context * ENABLE_WORDS + word];
      for (; bits != 0; bits &= bits - 1) {
        int source = 32 * word + Integer.numberOfTrailingZeros(bits);
        if (state().priority[source] > most) {
          best = source;
          most = state().priority[source];
        }
      }
    }
    return best;
  }

  @Override
  protected void outputs() {
    for (int context = 0; context < outputs.length; context++) {
      outputs[context].set(best(context, state().threshold[context]) != 0);
    }
  }

  @Override
  protected void onReset(State before) {
    fit();
  }

  @Override
  protected void onRestore() {
    fit();
  }

  /** Gives the arrays as many elements as there are contexts, and values no guest could give. */
  private void fit() {
    int contexts = props().contexts().size();
    state().enable = Arrays.copyOf(state().enable, contexts * ENABLE_WORDS);
    state().threshold = Arrays.copyOf(state().threshold, contexts);
    for (int word = 0; word < ENABLE_WORDS; word++) {
      state().requested[word] &= sourcesOf(word);
      state().claimed[word] &= sourcesOf(word);
    }
  }

  @Override
  public void describe(HardwareNode n) {
    n.named("plic")
        .compatible("sifive,plic-1.0.0", "riscv,plic0")
        .reg()
        .u32("#address-cells", 0)
        .u32("#interrupt-cells", 1)
        .flag("interrupt-controller")
        .interruptsExtended()
        .u32("riscv,ndev", props().sources());
  }
}
