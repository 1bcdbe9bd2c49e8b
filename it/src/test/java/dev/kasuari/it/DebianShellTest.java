package dev.kasuari.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.testkit.ConsoleProcess;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code ./kasuari demo debian}, as a new user would try it. */
@Tag("guest")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class DebianShellTest {
  private static final int PATIENCE_SECONDS = 900;
  private static final String PROMPT = "root@debian:~# ";

  @Test
  void aShellInDebian() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command =
        List.of(
            java,
            "-XX:+UseSerialGC",
            "-XX:PerMethodTrapLimit=0",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.kasuari.cli.Main",
            "demo",
            "debian");
    try (var kasuari = ConsoleProcess.start(command, PATIENCE_SECONDS)) {
      kasuari.await(PROMPT);
      kasuari.type("uname -a\n");
      assertThat(kasuari.await(PROMPT)).containsPattern("Linux debian 6\\..* riscv64 GNU/Linux");
      kasuari.type("cat /proc/cpuinfo\n");
      assertThat(kasuari.await(PROMPT)).contains("isa\t\t: rv64imafdc_", "mmu\t\t: sv57");
      kasuari.type("poweroff -f\n");
      assertThat(kasuari.exit()).isZero();
    }
  }
}
