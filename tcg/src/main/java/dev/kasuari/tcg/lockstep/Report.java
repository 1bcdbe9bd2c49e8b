package dev.kasuari.tcg.lockstep;

import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ExecutionContext;
import dev.kasuari.tcg.Translator;
import dev.kasuari.tcg.ir.GuestInstruction;
import dev.kasuari.tcg.ir.IrUnit;
import java.util.ArrayList;
import java.util.List;

/** What is said of the first difference. */
final class Report {
  private static final List<StateField> ENGINE =
      List.of(
          new StateField("instructions retired", EngineState.RETIRED, 8, 1),
          new StateField("reservation, bytes", EngineState.RESERVED, 4, 1),
          new StateField("reservation, address", EngineState.RESERVATION_VIRTUAL, 8, 1),
          new StateField("reservation, host address", EngineState.RESERVATION_HOST, 8, 1),
          new StateField("reservation, value", EngineState.RESERVATION_VALUE, 8, 1));

  private final Lockstep lockstep;
  private final ExecutionContext context;
  private final Translator translator;
  private final LockstepCode code;
  private final long pc;
  private String what = "";
  private String registers = "";
  private String memory = "";
  private long retired;
  private int instruction;

  Report(
      Lockstep lockstep,
      ExecutionContext context,
      Translator translator,
      LockstepCode code,
      long pc) {
    this.lockstep = lockstep;
    this.context = context;
    this.translator = translator;
    this.code = code;
    this.pc = pc;
  }

  Report difference(String how, StateImage before, StateImage expected, StateImage actual) {
    what = how;
    retired = before.value(EngineState.RETIRED, 8);
    var text = new StringBuilder();
    var fields = new ArrayList<>(ENGINE);
    fields.addAll(context.cpu().state().layout().fields());
    for (StateField field : fields) {
      for (int i = 0; i < field.count(); i++) {
        element(text, field, i, before, expected, actual);
      }
    }
    registers = text.toString();
    return this;
  }

  /** A register, in pieces of eight bytes. */
  private void element(
      StringBuilder text,
      StateField field,
      int index,
      StateImage before,
      StateImage expected,
      StateImage actual) {
    String name = field.count() == 1 ? field.name() : field.name() + index;
    for (int at = 0; at < field.size(); at += 8) {
      int size = Math.min(8, field.size() - at);
      int offset = field.at(index) + at;
      long wanted = expected.value(offset, size);
      long got = actual.value(offset, size);
      if (wanted != got) {
        text.append(
            "  %s%s: %s 0x%x, %s 0x%x, before 0x%x%n"
                .formatted(
                    name,
                    at == 0 ? "" : " from byte " + at,
                    lockstep.reference().name(),
                    wanted,
                    lockstep.other().name(),
                    got,
                    before.value(offset, size)));
      }
    }
  }

  Report memory(String differences) {
    memory = differences;
    return this;
  }

  /** The first guest instruction of the unit after which there is a difference. */
  Report instruction(int number) {
    instruction = number;
    return this;
  }

  String text() {
    IrUnit unit = code.unit();
    GuestInstruction first = unit.instructions().get(instruction);
    String listing = code.other().code().listing(unit);
    return """
    lockstep: %s does not do what %s does, at pc 0x%x: %s
    %s
    After %d instructions, in a unit at pc 0x%x of %d; the first that differs is number %d.
    What differs at the end of the unit:
    %sGuest code:
    %sIntermediate representation:
    %s%s\
    """
        .formatted(
            lockstep.other().name(),
            lockstep.reference().name(),
            pc + first.delta(),
            disassemble(first),
            what,
            retired,
            pc,
            unit.instructions().size(),
            instruction + 1,
            registers + memory,
            guestCode(),
            unit,
            listing.isEmpty() ? "" : "Code of %s:\n%s".formatted(lockstep.other().name(), listing));
  }

  private String guestCode() {
    var text = new StringBuilder();
    List<GuestInstruction> all = code.unit().instructions();
    for (int i = 0; i < all.size(); i++) {
      text.append(i == instruction ? "> " : "  ")
          .append("0x%016x:  ".formatted(pc + all.get(i).delta()))
          .append(disassemble(all.get(i)))
          .append('\n');
    }
    return text.toString();
  }

  /** An instruction as text, if all of it can be read where it is expected. */
  private String disassemble(GuestInstruction each) {
    long at = pc + each.delta();
    long host = context.mmu().codeAddress(at);
    boolean twoPages = (at & 4095) + each.length() > 4096;
    return host == 0 || twoPages
        ? "(%d bytes)".formatted(each.length())
        : translator.disassemble(host, each.length(), at);
  }
}
