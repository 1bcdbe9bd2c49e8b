package dev.kasuari.it;

import dev.kasuari.target.riscv.isa.RiscvDisassembler;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import dev.kasuari.target.riscv.isa.RiscvFeatures;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A program that runs sequences one after the other and keeps what each of them left.
 *
 * <p>Each sequence has a page of data: its scratch memory is the page's end and the beginning of
 * the next one; in between is its {@link Block}. A sequence ends with an {@code ecall} behind its
 * last instruction; other traps are recorded, and skipped if there is something to skip.
 */
final class SequenceBatch {
  /** The CSRs that a sequence begins with and that it leaves, in the order of writing. */
  static final List<Integer> CSRS =
      Stream.of(
              IntStream.of(0x30a, 0x306, 0x106, 0x10a, 0x320, 0x302, 0x303),
              IntStream.of(0x14d, 0x304, 0x344, 0x105, 0x305),
              IntStream.of(0x141, 0x142, 0x143, 0x342, 0x343, 0x180),
              IntStream.rangeClosed(0x3b0, 0x3bf),
              IntStream.of(0x3a0, 0x3a2, 0x300))
          .flatMap(IntStream::boxed)
          .toList();

  static final int FCSR = 0x003;
  static final int STVEC = 0x105;
  static final int STIMECMP = 0x14d;
  static final int MTVEC = 0x305;
  static final int MSTATUS = 0x300;
  static final int PMPCFG0 = 0x3a0;
  static final int PMPADDR0 = 0x3b0;

  private static final int PAGE = 4096;
  private static final int BLOCK = Sequence.SCRATCH_HALF;
  private static final int MPP_SHIFT = 11;
  private static final int PMP_ALL = 0x1f;
  private static final long PMPADDR_ALL = (1L << 54) - 1;

  /** Where code of sequences begins: not in the runtime's 2 MiB. */
  private static final long CODE = Program.BASE + 0x20_0000;

  private final int xlen;
  private final List<Sequence> sequences;
  private final long[] codePages;
  private final long[] ownPages;
  private final long dataAddress;
  private final long end;
  private final SequenceRuntime runtime;
  private final Program program;

  /**
   * Builds it.
   *
   * @param xlen width of integer registers
   */
  SequenceBatch(List<Sequence> sequences, int xlen) {
    this.xlen = xlen;
    this.sequences = List.copyOf(sequences);
    codePages = new long[sequences.size()];
    ownPages = new long[sequences.size()];
    long at = CODE;
    for (int i = 0; i < codePages.length; i++) {
      codePages[i] = at;
      int bytes = sequences.get(i).nudge() + sequences.get(i).bytes() + 8;
      at += (bytes + PAGE - 1) & -PAGE;
    }
    dataAddress = at;
    at += (sequences.size() + 1L) * PAGE;
    for (int i = 0; i < ownPages.length; i++) {
      ownPages[i] = at;
      at += (long) sequences.get(i).pages().size() * PAGE;
    }
    end = at;
    runtime = new SequenceRuntime(block(0), PAGE, sequences.size(), xlen);
    program = build();
  }

  Program program() {
    return program;
  }

  List<Sequence> sequences() {
    return sequences;
  }

  /** Address of a sequence's first instruction. */
  long codeAddress(int index) {
    return codePages[index] + sequences.get(index).nudge();
  }

  /** Where the code of all sequences begins. */
  long codeStart() {
    return CODE;
  }

  /** Where it has ended. */
  long codeEnd() {
    return dataAddress;
  }

  /** The sequence that is run while the program's progress word is this. */
  int indexAt(long progress) {
    long index = (progress - block(0)) / PAGE;
    return Math.clamp(index, 0, sequences.size() - 1);
  }

  private long block(int index) {
    return dataAddress + (long) index * PAGE + BLOCK;
  }

  private long scratch(int index) {
    return dataAddress + (index + 1L) * PAGE;
  }

  /** What a sequence left, from the memory that a peer returned. */
  Outcome outcome(int index, List<byte[]> memory) {
    byte[] block = memory.get(3 * index);
    return new Outcome(block, memory.get(3 * index + 1), memory.get(3 * index + 2), xlen);
  }

  /** A word's value for one of the sequences. */
  long value(int index, Word word) {
    long base =
        switch (word.base()) {
          case ZERO -> 0;
          case CODE -> codePages[index];
          case SCRATCH -> scratch(index);
          case PAGES -> ownPages[index];
          case SUPERVISOR_HANDLER -> runtime.supervisorHandlerAddress();
          case MACHINE_HANDLER -> runtime.machineHandlerAddress();
        };
    return word.value() + (base >>> word.shift());
  }

  // ---- building --------------------------------------------------------------------------------

  private Program build() {
    byte[] image = new byte[(int) (end - Program.BASE)];
    byte[] code = runtime.code();
    System.arraycopy(code, 0, image, 0, code.length);
    List<Extent> wanted = new ArrayList<>();
    for (int i = 0; i < sequences.size(); i++) {
      Sequence sequence = sequences.get(i);
      writeCode(image, i);
      writeBlock(image, i);
      writeMemory(image, i);
      wanted.add(new Extent(block(i) + Block.RESULT, Outcome.SIZE));
      wanted.add(new Extent(scratch(i) - Sequence.SCRATCH_HALF, 2 * Sequence.SCRATCH_HALF));
      wanted.add(new Extent(ownPages[i], sequence.pages().size() * PAGE));
    }
    return new Program(image, runtime.doneAddress(), runtime.progressAddress(), wanted);
  }

  private void writeCode(byte[] image, int index) {
    int at = (int) (codeAddress(index) - Program.BASE);
    for (int instruction : sequences.get(index).code()) {
      for (int b = 0; b < Sequence.length(instruction); b++) {
        image[at++] = (byte) (instruction >> (8 * b));
      }
    }
    Bytes.putLong(image, at, RiscvEncoder.ecall());
  }

  private void writeBlock(byte[] image, int index) {
    Sequence sequence = sequences.get(index);
    int block = (int) (block(index) - Program.BASE);
    Bytes.putLong(image, block + Block.ENTRY, codeAddress(index));
    Bytes.putLong(image, block + Block.END, codeAddress(index) + sequence.bytes());
    Bytes.putLong(image, block + Block.FCSR, csr(index, FCSR));
    Bytes.putLong(image, block + Block.RETURNING, sequence.returning() ? 1 : 0);
    for (int i = 0; i < 32; i++) {
      Bytes.putLong(image, block + Block.X + 8 * i, value(index, sequence.x().get(i)));
      Bytes.putLong(image, block + Block.F + 8 * i, sequence.f().get(i));
    }
    for (int i = 0; i < CSRS.size(); i++) {
      long privilege = CSRS.get(i) == MSTATUS ? (long) sequence.privilege() << MPP_SHIFT : 0;
      Bytes.putLong(image, block + Block.CSRS + 8 * i, csr(index, CSRS.get(i)) | privilege);
    }
  }

  /** What a CSR starts with; unless the sequence says otherwise, all memory is open. */
  long csr(int index, int number) {
    Word word = sequences.get(index).csrs().get(number);
    if (word != null) {
      return value(index, word);
    }
    return switch (number) {
      case PMPCFG0 -> PMP_ALL;
      case PMPADDR0 -> PMPADDR_ALL;
      case STIMECMP -> -1;
      case STVEC -> runtime.supervisorHandlerAddress();
      case MTVEC -> runtime.machineHandlerAddress();
      default -> 0;
    };
  }

  private void writeMemory(byte[] image, int index) {
    Sequence sequence = sequences.get(index);
    int scratch = (int) (scratch(index) - Program.BASE) - Sequence.SCRATCH_HALF;
    for (int i = 0; i < sequence.scratch().size(); i++) {
      Bytes.putLong(image, scratch + 8 * i, sequence.scratch().get(i));
    }
    int page = (int) (ownPages[index] - Program.BASE);
    for (List<Word> words : sequence.pages()) {
      for (int i = 0; i < words.size(); i++) {
        Bytes.putLong(image, page + 8 * i, value(index, words.get(i)));
      }
      page += PAGE;
    }
  }

  /** The name of a CSR. */
  static String csrName(int number) {
    String text =
        RiscvDisassembler.disassemble(
            0, RiscvEncoder.csrrs(1, number, 1), RiscvFeatures.RV64 | RiscvFeatures.ZICSR, false);
    return text.split(",", -1)[1];
  }

  static {
    if (BLOCK + Block.SIZE > PAGE - Sequence.SCRATCH_HALF
        || Block.RESULT + Outcome.CSRS > 2040
        || Block.CSRS + 8 * CSRS.size() > 2040) {
      throw new AssertionError("blocks are too large");
    }
  }
}
