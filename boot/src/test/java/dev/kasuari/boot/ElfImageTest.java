package dev.kasuari.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.testkit.ElfFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
final class ElfImageTest {
  private static final byte[] CODE = {1, 2, 3, 4};

  private static ElfFile kernel() {
    return ElfFile.riscv64()
        .entry(0xffff_ffff_8000_0002L)
        .note(new byte[8])
        .segment(0x8020_0000L, 0xffff_ffff_8000_0000L, CODE, 4)
        .segment(0x8030_0000L, 0xffff_ffff_8010_0000L, new byte[] {9}, 70_000);
  }

  @ParameterizedTest
  @CsvSource({"true,true", "true,false", "false,true", "false,false"})
  void readsBothWidthsAndByteOrders(boolean wide, boolean big) throws BootException {
    ByteOrder order = big ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    byte[] file =
        new ElfFile(243, wide, order).entry(0x1002).segment(0x1000, 0x1000, CODE, 16).bytes();
    ElfImage elf = ElfImage.parse("k", file);
    assertThat(elf.architecture()).isEqualTo(wide ? Architecture.RISCV64 : Architecture.RISCV32);
    assertThat(elf.order()).isEqualTo(order);
    assertThat(elf.entry()).isEqualTo(0x1002);
    assertThat(elf.start()).isEqualTo(0x1000);
    assertThat(elf.end()).isEqualTo(0x1010);
    assertThat(elf.segments())
        .containsExactly(new ElfImage.Segment(0x1000, 0x1000, file.length - 4, 4, 16, true));
  }

  @Test
  void loadsContentsAndZerosAtPhysicalAddresses() throws BootException {
    ElfImage elf = ElfImage.parse("k", kernel().bytes());
    RecordedMemory memory = new RecordedMemory();
    elf.load(memory);
    assertThat(memory.at(0x8020_0000L, 5)).containsExactly(1, 2, 3, 4, 0xaa);
    byte[] data = memory.at(0x8030_0000L, 70_001);
    assertThat(data[0]).isEqualTo((byte) 9);
    assertThat(Arrays.copyOfRange(data, 1, 70_000)).containsOnly(0);
    assertThat(data[70_000]).isEqualTo((byte) 0xaa);
  }

  @Test
  void startsAtThePhysicalPlaceOfAVirtualEntry() throws BootException {
    assertThat(ElfImage.parse("k", kernel().bytes()).physicalEntry()).isEqualTo(0x8020_0002L);
    byte[] elsewhere = kernel().entry(0x42).bytes();
    assertThat(ElfImage.parse("k", elsewhere).physicalEntry()).isEqualTo(0x42);
  }

  @ParameterizedTest
  @CsvSource({"true,true", "true,false", "false,true", "false,false"})
  void findsSymbolsWhereTheyAreLoaded(boolean wide, boolean big) throws BootException {
    ByteOrder order = big ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    byte[] file =
        new ElfFile(243, wide, order)
            .segment(0x8020_0000L, 0xc000_0000L, CODE, 16)
            .symbol("tohost", 0x42)
            .symbol("host", 0xc000_0008L)
            .bytes();
    ElfImage elf = ElfImage.parse("k", file);
    assertThat(elf.symbol("tohost")).hasValue(0x42);
    assertThat(elf.symbol("host")).hasValue(0x8020_0008L);
    assertThat(elf.symbol("hos")).isEmpty();
    assertThat(elf.symbol("")).isEmpty();
    assertThat(ElfImage.parse("k", kernel().bytes()).symbol("host")).isEmpty();
  }

  @Test
  void aTruncatedSymbolTableIsNamed() throws BootException {
    byte[] whole = kernel().symbol("a", 1).bytes();
    ElfImage elf = ElfImage.parse("k", Arrays.copyOf(whole, whole.length - 20));
    assertThatThrownBy(() -> elf.symbol("b"))
        .isInstanceOf(BootException.class)
        .hasMessageStartingWith("k: truncated");
  }

  @Test
  void theWrongMachineIsNamedOnBothSides() throws BootException {
    ElfImage arm =
        ElfImage.parse(
            "k", new ElfFile(183, true, ByteOrder.LITTLE_ENDIAN).segment(0, 0, CODE, 4).bytes());
    assertThatThrownBy(() -> arm.require("-kernel k", Architecture.RISCV64))
        .isInstanceOf(BootException.class)
        .hasMessage("-kernel k: is for AArch64, this machine is RISC-V 64");
    ElfImage narrow =
        ElfImage.parse(
            "k", new ElfFile(243, false, ByteOrder.LITTLE_ENDIAN).segment(0, 0, CODE, 4).bytes());
    assertThatThrownBy(() -> narrow.require("k", Architecture.RISCV64))
        .hasMessageContaining("is for RISC-V 32, this machine is RISC-V 64");
    ElfImage odd =
        ElfImage.parse(
            "k", new ElfFile(9999, true, ByteOrder.LITTLE_ENDIAN).segment(0, 0, CODE, 4).bytes());
    assertThatThrownBy(() -> odd.require("k", Architecture.RISCV64))
        .hasMessageContaining("an unknown architecture (9999)");
  }

  private static void refused(byte[] file, String message) {
    assertThatThrownBy(() -> ElfImage.parse("-kernel k", file))
        .isInstanceOf(BootException.class)
        .hasMessageStartingWith("-kernel k: ")
        .hasMessageContaining(message);
  }

  private static byte[] patched(int offset, long value) {
    byte[] file = ElfFile.riscv64().segment(0x8000_0000L, 0, CODE, 16).bytes();
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(offset, value);
    return file;
  }

  @Test
  void eachDamageIsNamed() {
    refused("MZ".getBytes(StandardCharsets.US_ASCII), "not an ELF file");
    refused(new byte[] {0x7f, 'E', 'L', 'F'}, "truncated: it has 4 bytes");
    refused(new byte[] {0x7f, 'E', 'L', 'F', 7, 1, 1}, "ELF class 7");
    refused(new byte[] {0x7f, 'E', 'L', 'F', 2, 7, 1}, "ELF byte order 7");
    refused(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 7}, "ELF version 7");
    refused(kernel().type(1).bytes(), "an object file that was not linked");
    refused(kernel().type(4).bytes(), "of ELF type 4");
    refused(ElfFile.riscv64().note(CODE).bytes(), "has nothing to load");
    byte[] whole = kernel().bytes();
    refused(Arrays.copyOf(whole, whole.length - 1), "lies outside of the file");
    refused(Arrays.copyOf(whole, 80), "truncated");
    refused(patched(0x20, -8), "program headers are not in the file");
    refused(patched(64 + 0x08, 1L << 40), "lies outside of the file");
    refused(patched(64 + 0x08, -1), "lies outside of the file");
    refused(patched(64 + 0x20, -1), "lies outside of the file");
    refused(patched(64 + 0x28, 3), "smaller in memory than in the file");
    refused(patched(64 + 0x28, -1), "outside of any memory");
    refused(patched(64 + 0x18, -8), "outside of any memory");
  }

  @Test
  void randomDamageGivesAnImageOrACheckedError() {
    Damage.loop(
        kernel().symbol("tohost", 0x8030_0000L).bytes(),
        50_000,
        file -> {
          ElfImage elf = ElfImage.parse("k", file);
          elf.symbol("fromhost");
          assertThat(elf.segments()).isNotEmpty();
          if (elf.segments().stream().allMatch(s -> s.memorySize() < 1 << 20)) {
            elf.load((address, data, offset, length) -> {
              assertThat(offset >= 0 && length >= 0 && offset + length <= data.length).isTrue();
            });
          }
        });
  }
}
