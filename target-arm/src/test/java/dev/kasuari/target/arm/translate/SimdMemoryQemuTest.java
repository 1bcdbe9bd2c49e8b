package dev.kasuari.target.arm.translate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.target.arm.cpu.ArmModel;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every form of loads and stores of SIMD registers as in QEMU, in both byte orders, with alignment
 * checked and not, to registers of which 0 follows 31.
 */
@Tag("guest")
class SimdMemoryQemuTest {
  private static final int ALIGNMENT = 1 << 1;
  private static final int BIG_ENDIAN = 1 << 25;
  private static final List<Integer> CONTROLS =
      List.of(0, BIG_ENDIAN, ALIGNMENT, BIG_ENDIAN | ALIGNMENT);

  /** Words that {@code show} writes: registers 31, 0 to 3, the base, and 64 bytes of memory. */
  private static final int SHOWN = 2 * 5 + 1 + 8;

  private static final List<String> ARRANGEMENTS =
      List.of("8b", "16b", "4h", "8h", "2s", "4s", "1d", "2d");

  @TempDir private Path directory;

  private static String registers(int count, String arrangement) {
    var text = new ArrayList<String>();
    for (int i = 0; i < count; i++) {
      text.add("v" + (31 + i) % 32 + "." + arrangement);
    }
    return "{" + String.join(", ", text) + "}";
  }

  private static List<String> forms() {
    var forms = new ArrayList<String>();
    for (String r : List.of("b", "h", "s", "d", "q")) {
      for (String op : List.of("ld", "st")) {
        forms.add(op + "r " + r + "0, [x20, #16]");
        forms.add(op + "ur " + r + "1, [x20]");
        forms.add(op + "r " + r + "2, [x20], #32");
        forms.add(op + "r " + r + "31, [x20, #48]!");
        forms.add(op + "r " + r + "3, [x20, w21, uxtw]");
      }
    }
    for (String r : List.of("s", "d", "q")) {
      for (String op : List.of("ld", "st")) {
        forms.add("%sp %s0, %s31, [x20, #32]".formatted(op, r, r));
        forms.add("%snp %s1, %s2, [x20]".formatted(op, r, r));
        forms.add("%sp %s3, %s2, [x20], #16".formatted(op, r, r));
      }
      forms.add("ldr " + r + "0, literal");
    }
    for (String arrangement : ARRANGEMENTS) {
      structures(forms, arrangement);
    }
    return forms;
  }

  private static void structures(List<String> forms, String arrangement) {
    for (int count = 1; count <= 4; count++) {
      for (String op : List.of("ld", "st")) {
        forms.add(op + "1 " + registers(count, arrangement) + ", [x20], x21");
        if (!arrangement.equals("1d")) {
          forms.add(op + count + " " + registers(count, arrangement) + ", [x20]");
        }
        String lane = arrangement.substring(arrangement.length() - 1);
        forms.add(op + count + " " + registers(count, lane) + "[1], [x20]");
      }
      forms.add("ld" + count + "r " + registers(count, arrangement) + ", [x20]");
    }
  }

  private static String program(List<String> forms) {
    var text = new StringBuilder("mov x0, #0x300000\nmsr cpacr_el1, x0\nmrs x25, sctlr_el1\n");
    for (int control : CONTROLS) {
      text.append("mov x1, #0x%x\n".formatted(control & 0xffff));
      text.append("movk x1, #0x%x, lsl #16\n".formatted(control >>> 16));
      text.append("orr x0, x25, x1\nmsr sctlr_el1, x0\nisb\n");
      for (String form : forms) {
        text.append("bl begin\n").append(form).append("\nbl show\n");
      }
    }
    return text.append(
            """
            msr sctlr_el1, x25
            isb
            finish
            begin:
            mov x20, #0x48000000
            mov x21, #64
            .irp r, 31, 0, 1, 2, 3
            ldr q\\r, [x20, #(16 * \\r)]
            .endr
            add x20, x20, #0x400
            ret
            show:
            mov x0, x20
            out
            .irp r, 31, 0, 1, 2, 3
            umov x0, v\\r\\().d[0]
            out
            umov x0, v\\r\\().d[1]
            out
            .endr
            mov x23, #0x48000000
            add x23, x23, #0x400
            mov x24, #8
            1: ldr x0, [x23], #8
            out
            sub x24, x24, #1
            cbnz x24, 1b
            ret
            .balign 16
            literal: .quad 0x0123456789abcdef, 0xfedcba9876543210
            """)
        .toString();
  }

  private static void same(List<String> forms, String what, ByteBuffer ours, ByteBuffer theirs) {
    assertThat(theirs.remaining()).isEqualTo(8 * SHOWN * forms.size() * CONTROLS.size());
    assertThat(ours.remaining()).isEqualTo(theirs.remaining());
    var differences = new ArrayList<String>();
    for (int at = 0; at < theirs.remaining(); at += 8) {
      int shown = at / 8 / SHOWN;
      String form = forms.get(shown % forms.size());
      if (ours.getLong(at) != theirs.getLong(at)) {
        differences.add(
            "%s with SCTLR %x, word %d: %016x, QEMU %016x"
                .formatted(
                    form,
                    CONTROLS.get(shown / forms.size()),
                    at / 8 % SHOWN,
                    ours.getLong(at),
                    theirs.getLong(at)));
      }
    }
    assertThat(differences).as(what).isEmpty();
  }

  @Test
  void formsDoTheSame() throws Exception {
    List<String> forms = forms();
    byte[] data = new byte[4096];
    new SplittableRandom(20_261_122).nextBytes(data);
    var program = new SystemProgram(directory, program(forms));
    ByteBuffer theirs = program.qemu("virt", "max", data);
    same(forms, "machine code", program.ours(ArmModel.base(), true, data), theirs);
    same(forms, "interpreted", program.ours(ArmModel.base(), false, data), theirs);
  }
}
