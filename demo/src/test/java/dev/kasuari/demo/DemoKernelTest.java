package dev.kasuari.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.target.riscv.asm.Reg;
import dev.kasuari.target.riscv.isa.RiscvDisassembler;
import dev.kasuari.target.riscv.isa.RiscvFeatures;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class DemoKernelTest {
  private static final int HEADER = 64;

  /** What the kernel may use: no floating point, no bit manipulation. */
  private static final long RV64IMAC =
      RiscvFeatures.RV64
          | RiscvFeatures.M
          | RiscvFeatures.A
          | RiscvFeatures.C
          | RiscvFeatures.S
          | RiscvFeatures.ZICSR;

  @Test
  void hasTheHeaderThatLoadersExpect() {
    byte[] image = DemoKernel.image();
    var header = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(header.getLong(8)).as("text_offset").isEqualTo(DemoKernel.TEXT_OFFSET);
    assertThat(header.getLong(16)).as("image_size").isGreaterThan(image.length);
    assertThat(header.getLong(24)).as("flags").isZero();
    assertThat(header.getInt(32)).as("version").isEqualTo(2);
    assertThat(new String(image, 48, 5, StandardCharsets.US_ASCII)).isEqualTo("RISCV");
    assertThat(new String(image, 56, 4, StandardCharsets.US_ASCII)).isEqualTo("RSC\5");
  }

  /** It must fit below the memory that its page allocator starts with. */
  @Test
  void isSmallerThanAMegapage() {
    var header = ByteBuffer.wrap(DemoKernel.image()).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(header.getLong(16)).isLessThan(PageTables.MEGAPAGE);
  }

  @Test
  void isTheSameEveryTime() {
    assertThat(DemoKernel.image()).isEqualTo(DemoKernel.image());
    assertThat(DemoDisk.image()).isEqualTo(DemoDisk.image());
  }

  @Test
  void everyInstructionIsOneOfRv64imac() {
    var program = DemoKernel.program();
    var image = ByteBuffer.wrap(program.link()).order(ByteOrder.LITTLE_ENDIAN);
    int instructions = 0;
    for (int at = HEADER; at < program.codeEnd(); instructions++) {
      int half = image.getShort(at) & 0xffff;
      boolean isLong = (half & 3) == 3;
      int insn = isLong ? image.getInt(at) : half;
      assertThat(RiscvDisassembler.disassemble(at, insn, RV64IMAC, true))
          .as("0x%x at 0x%x", insn, at)
          .doesNotStartWith(".");
      at += isLong ? 4 : 2;
    }
    assertThat(instructions).isGreaterThan(3000);
  }

  @Test
  void aMisspeltSymbolIsNamed() {
    var program = new Program();
    var part =
        new Part(program) {
          @Override
          void define() {
            leaf("f");
            j("nowhere");
          }
        };
    part.define();
    assertThatThrownBy(program::link).hasMessageContaining("nowhere");
  }

  @Test
  void anArgumentThatIsOverwrittenIsRefused() {
    var part =
        new Part(new Program()) {
          @Override
          void define() {
            printf("%u %u", Reg.A2, Reg.S0);
          }
        };
    assertThatThrownBy(part::define).hasMessageContaining("comes from a2");
  }

  @Test
  void theDiskSaysWhatItIs() {
    byte[] disk = DemoDisk.image();
    assertThat(disk).hasSize(DemoDisk.SIZE);
    assertThat(new String(Arrays.copyOf(disk, 14), StandardCharsets.US_ASCII))
        .isEqualTo("KASUARI DISK 1");
    assertThat(ByteBuffer.wrap(disk).order(ByteOrder.LITTLE_ENDIAN).getInt(16)).isEqualTo(128);
  }
}
