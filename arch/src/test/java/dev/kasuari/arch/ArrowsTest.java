package dev.kasuari.arch;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * ARCHITECTURE.md, "Modules" and "Rules that keep it a good house", as far as bytecode shows them.
 */
@Tag("fast")
class ArrowsTest {
  private static final String ROOT = "dev.kasuari.";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.kasuari");

  /** What each part may import of Kasuari, besides itself: the table of ARCHITECTURE.md. */
  private static final Map<String, List<String>> MAY_IMPORT =
      Map.ofEntries(
          Map.entry("host", List.of()),
          Map.entry("qapi", List.of()),
          Map.entry("processor", List.of()),
          Map.entry("decode", List.of()),
          Map.entry("softfloat", List.of()),
          Map.entry("guests", List.of()),
          Map.entry("bench", List.of("host", "qapi", "guests")),
          Map.entry("machine", List.of("host", "qapi")),
          Map.entry("tcg", List.of("machine", "host", "qapi", "softfloat")),
          Map.entry("target.riscv.isa", List.of()),
          Map.entry("target.arm.isa", List.of()),
          Map.entry("target.arm.cpu", List.of("machine", "host", "qapi", "target.arm.isa")),
          Map.entry(
              "target.arm.translate",
              List.of(
                  "machine",
                  "host",
                  "qapi",
                  "softfloat",
                  "tcg",
                  "target.arm.isa",
                  "target.arm.cpu")),
          Map.entry("target.riscv.cpu", List.of("machine", "host", "qapi", "target.riscv.isa")),
          Map.entry(
              "target.riscv.sbi",
              List.of("machine", "host", "qapi", "target.riscv.isa", "target.riscv.cpu")),
          Map.entry(
              "target.riscv.translate",
              List.of(
                  "machine",
                  "host",
                  "qapi",
                  "softfloat",
                  "tcg",
                  "target.riscv.isa",
                  "target.riscv.cpu")),
          Map.entry("target.riscv.asm", List.of("target.riscv.isa")),
          Map.entry("demo", List.of("target.riscv.asm", "target.riscv.isa")),
          Map.entry("hw", List.of("machine", "host", "qapi")),
          Map.entry("block", List.of("machine", "host", "qapi")),
          Map.entry("img", List.of("machine", "host", "qapi", "block")),
          Map.entry("chardev", List.of("machine", "host", "qapi")),
          Map.entry("net", List.of("machine", "host", "qapi")),
          Map.entry("boot", List.of("machine", "host", "qapi")),
          Map.entry("boards", List.of("machine", "host", "qapi", "tcg", "target", "hw", "boot")),
          Map.entry(
              "vm",
              List.of(
                  "machine", "host", "qapi", "tcg", "hw", "boot", "boards", "block", "chardev",
                  "net")),
          Map.entry(
              "cli",
              List.of(
                  "machine", "host", "qapi", "boot", "boards", "block", "img", "vm", "demo",
                  "guests", "bench")));

  @TestFactory
  Stream<DynamicTest> importsOnlyWhatItsRowAllows() {
    return MAY_IMPORT.entrySet().stream()
        .map(row ->
            DynamicTest.dynamicTest(
                row.getKey(), () -> checkImports(row.getKey(), row.getValue())));
  }

  private static void checkImports(String part, List<String> allowed) {
    DescribedPredicate<JavaClass> foreign =
        DescribedPredicate.describe(
            "is Kasuari's and not of " + allowed,
            target ->
                target.getPackageName().startsWith(ROOT)
                    && !within(target, part)
                    && allowed.stream().noneMatch(a -> within(target, a)));
    noClasses()
        .that()
        .resideInAPackage(ROOT + part + "..")
        .should()
        .dependOnClassesThat(foreign)
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  private static boolean within(JavaClass type, String part) {
    String name = type.getPackageName() + ".";
    return name.startsWith(ROOT + part + ".");
  }

  /** Many machines live in one JVM. */
  @Test
  void nothingStaticIsMutable() {
    noFields()
        .that()
        .areStatic()
        .and()
        .areDeclaredInClassesThat()
        .resideInAPackage("dev.kasuari..")
        .should()
        .notHaveModifier(JavaModifier.FINAL)
        .check(CLASSES);
  }

  /** The core has no dependencies beyond the JDK. */
  @Test
  void coreNeedsOnlyTheJdk() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "dev.kasuari.host..",
            "dev.kasuari.qapi..",
            "dev.kasuari.machine..",
            "dev.kasuari.tcg..",
            "dev.kasuari.softfloat..",
            "dev.kasuari.target..")
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages("java..", "dev.kasuari..", "org.jspecify..")
        .check(CLASSES);
  }

  /** Time comes from the machine's clock (rule 7). */
  @Test
  void devicesDoNotReadTheWallClock() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.kasuari.hw..", "dev.kasuari.target..", "dev.kasuari.tcg..")
        .should()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @Test
  void theTableNamesPartsThatExist() {
    assertThat(CLASSES)
        .anyMatch(c -> within(c, "host"))
        .anyMatch(c -> within(c, "machine"))
        .anyMatch(c -> within(c, "tcg"));
  }
}
