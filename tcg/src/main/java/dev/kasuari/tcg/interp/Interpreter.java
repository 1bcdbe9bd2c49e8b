package dev.kasuari.tcg.interp;

import dev.kasuari.host.RawMemory;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.CompiledCode;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.Exit;
import dev.kasuari.tcg.SoftMmu;
import dev.kasuari.tcg.TranslationBlock;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.ExitReason;
import dev.kasuari.tcg.ir.GuestInstruction;
import dev.kasuari.tcg.ir.Helper;
import dev.kasuari.tcg.ir.IrUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs unoptimised IR on any host.
 *
 * <p>Hot: {@link #run} is where all guest time goes. It must stay below HotSpot's limit of 8,000
 * bytecodes, or it is never compiled; what is not frequent is in {@link SlowOperations}.
 */
public final class Interpreter implements BackEnd {
  private static final long PAGE = -4096L;

  @Override
  public String name() {
    return "interp";
  }

  @Override
  public CompiledCode compile(IrUnit unit) {
    return Lowering.lower(unit);
  }

  @Override
  public Exit run(ExecutionContext context, TranslationBlock first, long entry) {
    final SoftMmu mmu = context.mmu();
    final long state = context.state();
    final long table = mmu.table();
    TranslationBlock block = first;
    InterpCode code = (InterpCode) block.code();
    int[] w = code.words();
    long[] r = context.frame(code.frame());
    long base = entry;
    int instruction = 0;
    int p = 0;
    while (true) {
      switch (w[p]) {
        case Opcode.UNIT_START -> {
          context.current = null;
          if (RawMemory.getIntVolatile(state + EngineState.POLL) != 0) {
            context.cpu().setPc(base);
            return Exit.POLL;
          }
          long retired = RawMemory.getLong(state + EngineState.RETIRED);
          RawMemory.putLong(state + EngineState.RETIRED, retired + w[p + 1]);
          p += 2;
        }
        case Opcode.INSN_START -> {
          instruction = w[p + 1];
          p += 2;
        }
        case Opcode.CONST -> {
          r[w[p + 1]] = w[p + 2];
          p += 3;
        }
        case Opcode.CONST_WIDE -> {
          r[w[p + 1]] = (w[p + 2] & 0xffffffffL) | ((long) w[p + 3] << 32);
          p += 4;
        }
        case Opcode.PC -> {
          r[w[p + 1]] = base + w[p + 2];
          p += 3;
        }
        case Opcode.MOVE -> {
          r[w[p + 1]] = r[w[p + 2]];
          p += 3;
        }
        case Opcode.GET_8 -> {
          r[w[p + 1]] = RawMemory.getLong(state + w[p + 2]);
          p += 3;
        }
        case Opcode.GET_4U -> {
          r[w[p + 1]] = RawMemory.getInt(state + w[p + 2]) & 0xffffffffL;
          p += 3;
        }
        case Opcode.GET_4S -> {
          r[w[p + 1]] = RawMemory.getInt(state + w[p + 2]);
          p += 3;
        }
        case Opcode.SET_8 -> {
          RawMemory.putLong(state + w[p + 2], r[w[p + 1]]);
          p += 3;
        }
        case Opcode.SET_4 -> {
          RawMemory.putInt(state + w[p + 2], (int) r[w[p + 1]]);
          p += 3;
        }
        case Opcode.ADD -> {
          r[w[p + 1]] = r[w[p + 2]] + r[w[p + 3]];
          p += 4;
        }
        case Opcode.SUB -> {
          r[w[p + 1]] = r[w[p + 2]] - r[w[p + 3]];
          p += 4;
        }
        case Opcode.MUL -> {
          r[w[p + 1]] = r[w[p + 2]] * r[w[p + 3]];
          p += 4;
        }
        case Opcode.AND -> {
          r[w[p + 1]] = r[w[p + 2]] & r[w[p + 3]];
          p += 4;
        }
        case Opcode.OR -> {
          r[w[p + 1]] = r[w[p + 2]] | r[w[p + 3]];
          p += 4;
        }
        case Opcode.XOR -> {
          r[w[p + 1]] = r[w[p + 2]] ^ r[w[p + 3]];
          p += 4;
        }
        case Opcode.SHL -> {
          r[w[p + 1]] = r[w[p + 2]] << r[w[p + 3]];
          p += 4;
        }
        case Opcode.SHR -> {
          r[w[p + 1]] = r[w[p + 2]] >>> r[w[p + 3]];
          p += 4;
        }
        case Opcode.SAR -> {
          r[w[p + 1]] = r[w[p + 2]] >> r[w[p + 3]];
          p += 4;
        }
        case Opcode.ADD_32 -> {
          r[w[p + 1]] = (int) (r[w[p + 2]] + r[w[p + 3]]);
          p += 4;
        }
        case Opcode.SUB_32 -> {
          r[w[p + 1]] = (int) (r[w[p + 2]] - r[w[p + 3]]);
          p += 4;
        }
        case Opcode.MUL_32 -> {
          r[w[p + 1]] = (int) (r[w[p + 2]] * r[w[p + 3]]);
          p += 4;
        }
        case Opcode.SHL_32 -> {
          r[w[p + 1]] = (int) (r[w[p + 2]] << (r[w[p + 3]] & 31));
          p += 4;
        }
        case Opcode.SHR_32 -> {
          r[w[p + 1]] = (int) ((r[w[p + 2]] & 0xffffffffL) >>> (r[w[p + 3]] & 31));
          p += 4;
        }
        case Opcode.SAR_32 -> {
          r[w[p + 1]] = (int) r[w[p + 2]] >> (int) r[w[p + 3]];
          p += 4;
        }
        case Opcode.ADD_I -> {
          r[w[p + 1]] = r[w[p + 2]] + w[p + 3];
          p += 4;
        }
        case Opcode.AND_I -> {
          r[w[p + 1]] = r[w[p + 2]] & w[p + 3];
          p += 4;
        }
        case Opcode.OR_I -> {
          r[w[p + 1]] = r[w[p + 2]] | w[p + 3];
          p += 4;
        }
        case Opcode.XOR_I -> {
          r[w[p + 1]] = r[w[p + 2]] ^ w[p + 3];
          p += 4;
        }
        case Opcode.SHL_I -> {
          r[w[p + 1]] = r[w[p + 2]] << w[p + 3];
          p += 4;
        }
        case Opcode.SHR_I -> {
          r[w[p + 1]] = r[w[p + 2]] >>> w[p + 3];
          p += 4;
        }
        case Opcode.SAR_I -> {
          r[w[p + 1]] = r[w[p + 2]] >> w[p + 3];
          p += 4;
        }
        case Opcode.ADD_32_I -> {
          r[w[p + 1]] = (int) (r[w[p + 2]] + w[p + 3]);
          p += 4;
        }
        case Opcode.SHL_32_I -> {
          r[w[p + 1]] = (int) (r[w[p + 2]] << (w[p + 3] & 31));
          p += 4;
        }
        case Opcode.SHR_32_I -> {
          r[w[p + 1]] = (int) ((r[w[p + 2]] & 0xffffffffL) >>> (w[p + 3] & 31));
          p += 4;
        }
        case Opcode.SAR_32_I -> {
          r[w[p + 1]] = (int) r[w[p + 2]] >> w[p + 3];
          p += 4;
        }
        case Opcode.NARROW -> {
          r[w[p + 1]] = (int) r[w[p + 2]];
          p += 3;
        }
        case Opcode.WIDEN_U -> {
          r[w[p + 1]] = r[w[p + 2]] & 0xffffffffL;
          p += 3;
        }
        case Opcode.SEXT -> {
          r[w[p + 1]] = r[w[p + 2]] << w[p + 3] >> w[p + 3];
          p += 4;
        }
        case Opcode.ZEXT -> {
          r[w[p + 1]] = r[w[p + 2]] << w[p + 3] >>> w[p + 3];
          p += 4;
        }
        case Opcode.EXTRACT -> {
          r[w[p + 1]] = r[w[p + 2]] << w[p + 3] >>> w[p + 4];
          p += 5;
        }
        case Opcode.SETCOND -> {
          r[w[p + 1]] = Cond.of(w[p + 4]).test(r[w[p + 2]], r[w[p + 3]]) ? 1 : 0;
          p += 5;
        }
        case Opcode.SELECT -> {
          boolean holds = Cond.of(w[p + 4]).test(r[w[p + 2]], r[w[p + 3]]);
          r[w[p + 1]] = holds ? r[w[p + 5]] : r[w[p + 6]];
          p += 7;
        }
        case Opcode.BR -> p = w[p + 1];
        case Opcode.BR_EQ -> p = r[w[p + 1]] == r[w[p + 2]] ? w[p + 3] : w[p + 4];
        case Opcode.BR_NE -> p = r[w[p + 1]] != r[w[p + 2]] ? w[p + 3] : w[p + 4];
        case Opcode.BR_LT -> p = r[w[p + 1]] < r[w[p + 2]] ? w[p + 3] : w[p + 4];
        case Opcode.BR_GE -> p = r[w[p + 1]] >= r[w[p + 2]] ? w[p + 3] : w[p + 4];
        case Opcode.BR_LTU ->
            p = Long.compareUnsigned(r[w[p + 1]], r[w[p + 2]]) < 0 ? w[p + 3] : w[p + 4];
        case Opcode.BR_GEU ->
            p = Long.compareUnsigned(r[w[p + 1]], r[w[p + 2]]) >= 0 ? w[p + 3] : w[p + 4];
        case Opcode.BR_COND ->
            p = Cond.of(w[p + 5]).test(r[w[p + 1]], r[w[p + 2]]) ? w[p + 3] : w[p + 4];
        case Opcode.LOAD_1U,
            Opcode.LOAD_1S,
            Opcode.LOAD_2U,
            Opcode.LOAD_2S,
            Opcode.LOAD_4U,
            Opcode.LOAD_4S,
            Opcode.LOAD_8 -> {
          long address = r[w[p + 2]];
          int mask = (1 << (w[p + 4] & 7)) - 1;
          long at =
              table + w[p + 3] + ((address >>> 12 & SoftMmu.ENTRIES - 1) * SoftMmu.ENTRY_BYTES);
          if (RawMemory.littleEndian()
              && RawMemory.getLong(at + SoftMmu.READ_TAG) == (address & (PAGE | mask))) {
            r[w[p + 1]] = load(w[p], address + RawMemory.getLong(at + SoftMmu.ADDEND));
          } else {
            long value = mmu.load(address, w[p + 4]);
            if (mmu.faulted) {
              return fault(context, block, code, base, instruction);
            }
            r[w[p + 1]] = w[p] == Opcode.LOAD_4S ? (int) value : value;
          }
          p += 5;
        }
        case Opcode.STORE_1, Opcode.STORE_2, Opcode.STORE_4, Opcode.STORE_8 -> {
          long address = r[w[p + 1]];
          long value = r[w[p + 2]];
          int mask = (1 << (w[p + 4] & 7)) - 1;
          long at =
              table + w[p + 3] + ((address >>> 12 & SoftMmu.ENTRIES - 1) * SoftMmu.ENTRY_BYTES);
          if (RawMemory.littleEndian()
              && RawMemory.getLong(at + SoftMmu.WRITE_TAG) == (address & (PAGE | mask))) {
            store(w[p], address + RawMemory.getLong(at + SoftMmu.ADDEND), value);
          } else {
            mmu.store(address, value, w[p + 4]);
            if (mmu.faulted) {
              return fault(context, block, code, base, instruction);
            }
          }
          p += 5;
        }
        case Opcode.MEMORY -> {
          SlowOperations.memory(context, code, w[p + 1], r);
          if (mmu.faulted) {
            return fault(context, block, code, base, instruction);
          }
          p += 2;
        }
        case Opcode.SLOW -> {
          SlowOperations.compute(context, code, w[p + 1], r);
          p += 2;
        }
        case Opcode.CALL -> {
          enterJava(context, block, code, base, instruction);
          Helper helper = code.unit().helpers().get(w[p + 2]);
          long result =
              helper.call(
                  context, argument(r, w[p + 3]), argument(r, w[p + 4]), argument(r, w[p + 5]));
          if (mmu.faulted) {
            return fault(context, block, code, base, instruction);
          }
          r = context.frame(code.frame());
          r[w[p + 1]] = result;
          p += 6;
        }
        case Opcode.GOTO -> {
          long target = base + w[p + 1];
          correctCount(state, block, instruction);
          int slot = w[p + 2];
          TranslationBlock next =
              slot < 0 ? context.findBlock(target, block.mode()) : context.follow(block, slot);
          if (next == null) {
            return lookup(context, target, slot < 0 ? null : block, slot);
          }
          base = target;
          block = next;
          code = (InterpCode) block.code();
          w = code.words();
          r = context.frame(code.frame());
          p = 0;
        }
        case Opcode.JUMP -> {
          long target = r[w[p + 1]];
          correctCount(state, block, instruction);
          TranslationBlock next = context.findBlock(target, block.mode());
          if (next == null) {
            return lookup(context, target, null, 0);
          }
          base = target;
          block = next;
          code = (InterpCode) block.code();
          w = code.words();
          r = context.frame(code.frame());
          p = 0;
        }
        case Opcode.EXIT -> {
          correctCount(state, block, instruction);
          lookup(context, r[w[p + 1]], null, 0);
          return switch (ExitReason.of(w[p + 2])) {
            case LOOKUP -> Exit.LOOKUP;
            case HALT -> Exit.HALT;
            case DEBUG -> Exit.DEBUG;
          };
        }
        case Opcode.RAISE -> {
          context.raise(w[p + 2], r[w[p + 1]]);
          return fault(context, block, code, base, instruction);
        }
        default -> throw new AssertionError("opcode " + w[p] + " at " + p);
      }
    }
  }

  private static long argument(long[] frame, int slot) {
    return slot < 0 ? 0 : frame[slot];
  }

  private static long load(int opcode, long host) {
    return switch (opcode) {
      case Opcode.LOAD_1U -> RawMemory.getByte(host) & 0xffL;
      case Opcode.LOAD_1S -> RawMemory.getByte(host);
      case Opcode.LOAD_2U -> RawMemory.getShort(host) & 0xffffL;
      case Opcode.LOAD_2S -> RawMemory.getShort(host);
      case Opcode.LOAD_4U -> RawMemory.getInt(host) & 0xffffffffL;
      case Opcode.LOAD_4S -> RawMemory.getInt(host);
      default -> RawMemory.getLong(host);
    };
  }

  private static void store(int opcode, long host, long value) {
    switch (opcode) {
      case Opcode.STORE_1 -> RawMemory.putByte(host, (byte) value);
      case Opcode.STORE_2 -> RawMemory.putShort(host, (short) value);
      case Opcode.STORE_4 -> RawMemory.putInt(host, (int) value);
      default -> RawMemory.putLong(host, value);
    }
  }

  /** Takes back the instructions of the block that did not run, when it is left before its end. */
  private static void correctCount(long state, TranslationBlock block, int instruction) {
    int missing = block.instructions() - (instruction + 1);
    if (missing != 0) {
      uncount(state, missing);
    }
  }

  private static void uncount(long state, int instructions) {
    RawMemory.putLong(
        state + EngineState.RETIRED, RawMemory.getLong(state + EngineState.RETIRED) - instructions);
  }

  private static Exit lookup(
      ExecutionContext context, long target, @Nullable TranslationBlock from, int slot) {
    context.current = null;
    context.linkFrom = from;
    context.linkSlot = slot;
    context.linkTarget = target;
    context.cpu().setPc(target);
    return Exit.LOOKUP;
  }

  /** Before a helper: the program counter and the position are what it may ask for. */
  private static void enterJava(
      ExecutionContext context,
      TranslationBlock block,
      InterpCode code,
      long base,
      int instruction) {
    context.current = block;
    context.currentInstruction = instruction;
    context.cpu().setPc(base + code.unit().instructions().get(instruction).delta());
  }

  /** A trap: the state is that before the current instruction. */
  private static Exit fault(
      ExecutionContext context,
      TranslationBlock block,
      InterpCode code,
      long base,
      int instruction) {
    GuestInstruction at = code.unit().instructions().get(instruction);
    uncount(context.state(), block.instructions() - instruction);
    context.current = null;
    context.linkFrom = null;
    context.cpu().restore(base + at.delta(), at.word());
    return context.takeFault();
  }

  @Override
  public void close() {}
}
