package dev.kasuari.vm;

import static java.util.Map.entry;

import dev.kasuari.boards.BoardType;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.Options;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What {@code -M} says of any machine; its type has properties of its own besides.
 *
 * @param accel what executes guest code, as -accel
 * @param dumpdtb write the devicetree to this file and exit
 * @param kernel as -kernel
 * @param initrd as -initrd
 * @param append as -append
 * @param dtb as -dtb
 * @param firmware as -bios
 */
@Options
public record MachineProperties(
    @Nullable String accel,
    @Nullable String dumpdtb,
    @Nullable String kernel,
    @Nullable String initrd,
    @Nullable String append,
    @Nullable String dtb,
    @Nullable String firmware) {
  private static final String TYPE = "type";
  private static final List<String> OFF = List.of("off", "no", "false", "n");
  private static final List<String> ANY =
      List.of("off", "no", "false", "n", "on", "yes", "true", "y");

  /** What else QEMU knows, with the values that ask for nothing but what is so here. */
  private static final Map<String, List<String>> OTHERS =
      Map.ofEntries(
          entry("acpi", List.of("off", "no", "false", "n", "auto")),
          entry("aclint", OFF),
          entry("aia", List.of("none")),
          entry("aia-guests", List.of()),
          entry("boot", List.of()),
          entry("compact-highmem", List.of()),
          entry("confidential-guest-support", List.of()),
          entry("default-bus-bypass-iommu", OFF),
          entry("dt-compatible", List.of()),
          entry("dtb-kaslr-seed", List.of()),
          entry("dump-guest-core", List.of("on", "yes", "true", "y")),
          entry("graphics", ANY),
          entry("highmem-ecam", List.of()),
          entry("highmem-mmio", List.of()),
          entry("highmem-redists", List.of()),
          entry("hmat", OFF),
          entry("iommu", List.of("none")),
          entry("iommu-sys", OFF),
          entry("mem-merge", ANY),
          entry("memory", List.of()),
          entry("memory-backend", List.of()),
          entry("memory-encryption", List.of()),
          entry("mte", OFF),
          entry("nvdimm", OFF),
          entry("phandle-start", List.of()),
          entry("ras", OFF),
          entry("smp", List.of()),
          entry("suppress-vmdesc", ANY),
          entry("usb", OFF),
          entry("x-oem-id", List.of()),
          entry("x-oem-table-id", List.of()));

  /** What is said of any machine, of all that {@code -M} says. */
  public static MachineProperties of(OptionSource source) {
    var others = new ArrayList<>(source.tree().members().keySet());
    others.removeAll(MachinePropertiesCodec.CODEC.schema().keys());
    return MachinePropertiesCodec.CODEC.parse(source.without(others.toArray(String[]::new)));
  }

  /** What is said of one type of machine alone, of all that {@code -M} says. */
  public static OptionSource ofType(OptionSource source) {
    var own = new ArrayList<>(MachinePropertiesCodec.CODEC.schema().keys());
    own.add(TYPE);
    return source.without(own.toArray(String[]::new));
  }

  /** What {@code -M TYPE,help} prints. */
  public static String help(BoardType board) {
    var out = new StringBuilder();
    out.append(board.name()).append(" options:").append(System.lineSeparator());
    out.append(MachinePropertiesCodec.CODEC.schema().help());
    if (board.properties() != null) {
      out.append(board.properties().help());
    }
    for (String bank : FlashBanks.properties(board)) {
      out.append("  %-30s%s%n".formatted(bank + "=<str>", "the node of what is in this flash"));
    }
    return out.toString();
  }

  /**
   * What the board is to read.
   *
   * @throws OptionException if there is something in it that it would not know
   */
  static OptionSource ofBoard(OptionSource properties, BoardType board) {
    var known = new ArrayList<>(FlashBanks.properties(board));
    var dealtWith = new ArrayList<>(known);
    if (board.properties() != null) {
      known.addAll(board.properties().keys());
    }
    properties
        .tree()
        .members()
        .forEach((key, value) -> {
          if (!known.contains(key)) {
            requireNothing(properties.where(), key, value, known);
            dealtWith.add(key);
          }
        });
    return properties.without(dealtWith.toArray(String[]::new));
  }

  private static void requireNothing(String where, String key, Json value, List<String> ofBoard) {
    List<String> harmless = OTHERS.get(key);
    if (harmless == null) {
      var known = new ArrayList<>(List.of(TYPE));
      known.addAll(MachinePropertiesCodec.CODEC.schema().keys());
      known.addAll(ofBoard);
      throw new OptionException(
          where + ": unknown property '" + key + "'" + Nearest.hint(key, known));
    }
    String text =
        switch (value) {
          case Json.Text word -> word.value();
          case Json.Bool bool -> bool.value() ? "on" : "off";
          default -> "";
        };
    if (!harmless.contains(text)) {
      throw NotYet.of(where + ": '" + key + "'", "property");
    }
  }
}
