package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.testkit.ConsoleProcess;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code ./kasuari demo debian TARGET}, as a new user would try it. */
@Tag("guest")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class DebianShellTest {
  private static final int PATIENCE_SECONDS = 900;

  /** The folder follows, which releases of busybox write differently. */
  private static final String PROMPT = "root@debian:";

  @ParameterizedTest
  @EnumSource
  void aShellInDebian(DebianTarget debian) throws Exception {
    List<String> command = CliCommand.of("demo", "debian", debian.target());
    try (var kasuari = ConsoleProcess.start(command, PATIENCE_SECONDS)) {
      kasuari.await(PROMPT);
      kasuari.type("uname -a\n");
      assertThat(kasuari.await(PROMPT))
          .containsPattern("Linux debian 6\\..* " + debian.machine() + " GNU/Linux");
      kasuari.type("cat /proc/cpuinfo\n");
      assertThat(kasuari.await(PROMPT)).contains(processor(debian));
      kasuari.type("poweroff -f\n");
      assertThat(kasuari.exit()).isZero();
    }
  }

  private static String[] processor(DebianTarget debian) {
    return switch (debian) {
      case RISCV64 -> new String[] {"isa\t\t: rv64imafdc_", "mmu\t\t: sv57"};
      case AARCH64 -> new String[] {"Features\t: fp asimd ", "CPU part\t: 0xd07"};
    };
  }
}
