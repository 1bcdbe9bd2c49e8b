package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Gpr.RAX;
import static dev.kasuari.tcg.x86_64.Gpr.RBX;
import static dev.kasuari.tcg.x86_64.Gpr.RCX;
import static dev.kasuari.tcg.x86_64.Gpr.RDX;
import static dev.kasuari.tcg.x86_64.Width.BITS_32;
import static dev.kasuari.tcg.x86_64.Width.BITS_64;

import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import java.util.Arrays;

/** Emits how control goes from block to block and from unit to unit. */
final class FlowCode {
  /** Chaining slots of a unit. */
  private static final int SLOTS = 2;

  private final CodeGenerator g;
  private final Assembler a;
  private final Registers registers;

  /** For each block. */
  private Label[] blocks = new Label[0];

  private int[] order = new int[0];

  /** Blocks whose jump is done by the branch that leads to them. */
  private boolean[] followed = new boolean[0];

  /** How many edges lead to each block. */
  private int[] edges = new int[0];

  /** For each chaining slot, where the distance of its jump is, or −1, and where it leads alone. */
  private final int[] chainPatch = new int[SLOTS];

  private final Label[] chainExit = {new Label(), new Label()};

  FlowCode(CodeGenerator generator) {
    g = generator;
    a = generator.a;
    registers = generator.registers;
  }

  /** Starts the generator's unit. */
  void begin() {
    Arrays.fill(chainPatch, -1);
    int count = g.unit().blocks();
    if (blocks.length < count) {
      blocks = new Label[2 * count];
      order = new int[2 * count];
      followed = new boolean[2 * count];
      edges = new int[2 * count];
    }
    for (int block = 0; block < count; block++) {
      blocks[block] = new Label();
      followed[block] = false;
      edges[block] = 0;
      place(block);
    }
    if (count > 1) {
      countEdges();
    }
  }

  /** The block that is emitted as number n. */
  int block(int n) {
    return order[n];
  }

  /** Whether a block need not be emitted: the branch that leads to it does what it does. */
  boolean followed(int block) {
    return followed[block];
  }

  /** A block is here. */
  void bind(int block) {
    a.bind(blocks[block]);
  }

  /** Offset of the distance of the jump of a chaining slot, or −1. */
  int chain(int slot) {
    return chainPatch[slot];
  }

  /** Where the jump of a chaining slot leads while it is not chained, or −1. */
  int home(int slot) {
    return chainPatch[slot] < 0 ? -1 : chainExit[slot].position;
  }

  /** Emits a terminator that stays in translated code if it can; the block has been left. */
  void operation(int i) {
    switch (g.unit().op(i)) {
      case BR -> edge(i, g.unit().target(i), 0);
      case BRCOND -> branch(i, g.compare(i));
      case BRFLAGS -> branch(i, g.flagCondition(i));
      case GOTO -> goTo(i);
      case JUMP -> {
        registers.copyTo(RAX, g.unit().argument(i, 0));
        jump(i);
      }
      default -> throw new AssertionError(g.unit().op(i));
    }
  }

  /** Blocks are emitted as they follow each other in the g.unit(). */
  private void place(int block) {
    int at = block;
    for (; at > 0 && g.unit().blockStart(order[at - 1]) > g.unit().blockStart(block); at--) {
      order[at] = order[at - 1];
    }
    order[at] = block;
  }

  private void countEdges() {
    for (int i = 0; i < g.unit().size(); i++) {
      if (g.unit().target(i) != IrUnit.NONE) {
        edges[g.unit().target(i)]++;
        if (g.unit().otherTarget(i) != IrUnit.NONE) {
          edges[g.unit().otherTarget(i)]++;
        }
      }
    }
  }

  // ---- from unit to unit -----------------------------------------------------------------------

  private void goTo(int i) {
    g.uncount(i);
    int slot = g.unit().auxiliary(i);
    long distance = g.unit().immediate(i) + g.pageOffset();
    if (slot == Emitter.NO_LINK || chainPatch[slot] >= 0) {
      if (distance == (int) distance) {
        a.lea(RAX, Mem.at(RBX, (int) distance));
      } else {
        a.mov(RAX, distance);
        a.alu(Alu.ADD, BITS_64, RAX, RBX);
      }
      lookUp(i, 0);
      return;
    }
    var home = new Label();
    chain(i, a.patchableJmp(home), home);
  }

  /** The jump that ends before {@code patch} may lead to another unit, and leads out meanwhile. */
  private void chain(int i, int patch, Label home) {
    int slot = g.unit().auxiliary(i);
    chainPatch[slot] = patch;
    chainExit[slot] = home;
    g.leaveLater(home, i);
  }

  /** Whether nothing is in a block but a jump to another unit that can be chained. */
  private boolean onlyChains(int block, int branch) {
    int i = g.unit().blockStart(block);
    return g.unit().op(i) == Op.GOTO
        && g.unit().parameterCount(block) == 0
        && g.instruction(branch) == g.unit().instructions().size() - 1
        && g.unit().auxiliary(i) != Emitter.NO_LINK
        && chainPatch[g.unit().auxiliary(i)] < 0
        && edges[block] == 1;
  }

  private void jump(int i) {
    g.uncount(i);
    lookUp(i, (int) g.unit().immediate(i));
  }

  /** To the code for the address in RAX if the jump table has it for a jump of this kind. */
  private void lookUp(int i, int kind) {
    var miss = new Label();
    a.mov(BITS_32, RCX, RAX);
    a.shift(Shift.SHR, BITS_32, RCX, JumpTable.FOLD);
    a.alu(Alu.XOR, BITS_32, RCX, RAX);
    a.shift(Shift.SHL, BITS_32, RCX, JumpTable.SHIFT);
    a.alu(Alu.AND, BITS_32, RCX, JumpTable.OFFSET_MASK);
    a.alu(Alu.ADD, BITS_64, RCX, CodeGenerator.state(ExitRecord.JUMPS));
    a.alu(Alu.CMP, BITS_64, RAX, Mem.at(RCX, JumpTable.ADDRESS));
    a.j(Cc.NE, miss);
    a.load(8, RDX, CodeGenerator.state(ExitRecord.CONTEXT));
    if (kind != 0) {
      a.alu(Alu.ADD, BITS_64, RDX, kind);
    }
    a.alu(Alu.CMP, BITS_64, RDX, Mem.at(RCX, JumpTable.CONTEXT));
    a.j(Cc.NE, miss);
    a.mov(BITS_64, RBX, RAX);
    a.alu(Alu.AND, BITS_64, RBX, -4096);
    a.jmp(Mem.at(RCX, JumpTable.CODE));
    g.leaveLater(miss, i);
  }

  // ---- branches inside -------------------------------------------------------------------------

  private void branch(int i, Cc cc) {
    int taken = g.unit().target(i);
    int otherwise = g.unit().otherTarget(i);
    int passed = g.unit().op(i).fixedOperands();
    if (onlyChains(taken, i)) {
      var home = new Label();
      int jump = g.unit().blockStart(taken);
      g.emitHere(jump, i);
      followed[taken] = true;
      chain(jump, a.patchableJ(cc, home), home);
      edge(i, otherwise, passed);
    } else if (g.unit().parameterCount(taken) == 0) {
      a.j(cc, blocks[taken]);
      edge(i, otherwise, passed);
    } else {
      var takenEdge = new Label();
      a.j(cc, takenEdge);
      edge(i, otherwise, passed + g.unit().parameterCount(taken));
      a.bind(takenEdge);
      edge(i, taken, passed);
    }
  }

  /** Gives a block's parameters their values, all at once, and goes there. */
  private void edge(int i, int block, int first) {
    int count = g.unit().parameterCount(block);
    int parameter = g.unit().firstParameter(block);
    Mem[] staged = new Mem[count];
    for (int p = 0; p < count; p++) {
      Mem to = registers.frame(parameter + p);
      staged[p] = readLater(i, block, first, p) ? registers.temporary() : to;
      registers.copyTo(RAX, g.unit().argument(i, first + p));
      a.store(8, staged[p], RAX);
    }
    for (int p = 0; p < count; p++) {
      Mem to = registers.frame(parameter + p);
      if (!staged[p].equals(to)) {
        a.load(8, RAX, staged[p]);
        a.store(8, to, RAX);
      }
    }
    if (!nextEmitted(i, block)) {
      a.jmp(blocks[block]);
    }
  }

  /** Whether a block is what is emitted after this operation. */
  private boolean nextEmitted(int i, int block) {
    return g.unit().otherTarget(i) == IrUnit.NONE
        ? g.unit().blockStart(block) == i + 1
        : g.unit().blockStart(block) == i + 1 && g.unit().parameterCount(g.unit().target(i)) == 0;
  }

  /** Whether parameter {@code p} is itself the value that a later parameter gets. */
  private boolean readLater(int i, int block, int first, int p) {
    int parameter = g.unit().firstParameter(block) + p;
    for (int q = p + 1; q < g.unit().parameterCount(block); q++) {
      if (g.unit().argument(i, first + q) == parameter) {
        return true;
      }
    }
    return false;
  }
}
