package dev.kasuari.block.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.qapi.OptionException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names and options of files of servers. */
@Tag("fast")
class SshTargetTest {
  @ParameterizedTest
  @CsvSource({
    "ssh://joe@host/a/b,ssh://joe@host:22/a/b",
    "ssh://joe@host:7/a?host_key_check=no,ssh://joe@host:7/a?host_key_check=no",
    "ssh://joe@[::1]:7/a%20b,ssh://joe@[::1]:7/a b",
    "ssh://joe@host/a?x=y,ssh://joe@host:22/a",
  })
  void namesAreTakenApart(String name, String shown) {
    assertThat(SshTarget.parse(name)).hasToString(shown);
  }

  @Test
  void whoeverRunsThisIsTheUser() {
    assertThat(SshTarget.parse("ssh://host/a").user()).isEqualTo(System.getProperty("user.name"));
  }

  @ParameterizedTest
  @CsvSource({
    "ssh:///a,missing hostname",
    "ssh://host,missing remote path",
    "ssh://host:70000/a,not a port",
    "ssh://host/a?host_key_check=maybe,unknown host_key_check setting (maybe)",
    "ssh://host/a b,is no URI",
  })
  void namesThatMakeNoSense(String name, String complaint) {
    assertThatThrownBy(() -> SshTarget.parse(name))
        .isInstanceOf(BlockException.class)
        .hasMessageContaining(complaint);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "'path':'/x'|'server' is missing",
        "'host':'h'|'path' is missing",
        "'port':'2','path':'/x'|port may not be used without host",
        "'host':'h','port':'x','path':'/x'|not a port",
        "'server':{'host':'h'},'path':'/x'|port",
        "'host':'h','path':'/x','host-key-check':{'mode':'hash'}|'host-key-check.type' is missing",
        "'host':'h','path':'/x','host-key-check':{'mode':'hash','type':'md5'}"
            + "|'host-key-check.hash' is missing",
        "'host':'h','path':'/x','host_key_check':'maybe'|unknown host_key_check setting",
        "'filename':'ssh://h/x','path':'/y'|'path' cannot be used with a file name",
      })
  void optionsThatMakeNoSense(String options, String complaint) {
    String json = "json:{'driver':'ssh'," + options + "}";
    var graph = new BlockGraph();
    assertThatThrownBy(() -> graph.openFile("", json.replace('\'', '"'), null, Access.read()))
        .isInstanceOfAny(BlockException.class, OptionException.class)
        .hasMessageContaining(complaint);
  }

  /** Fingerprints of a key of four bytes, by md5sum and its like. */
  @ParameterizedTest
  @CsvSource({
    "md5:e2:fc:71:4c:47:27:ee:93:95:f3:24:cd:2e:7f:33:1f",
    "md5:E2FC714C4727EE9395F324CD2E7F331F",
    "sha1:81fe8bfe87576c3ecb22426f8e57847382917acf",
    "sha256:88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589",
  })
  void fingerprints(String text) {
    byte[] key = "abcd".getBytes(StandardCharsets.UTF_8);
    var check = (HostKeyCheck.Fingerprint) HostKeyCheck.of(text);
    assertThat(check.refusal(key)).isNull();
    assertThat(check.refusal(new byte[] {0, 0, 0, 3, 'x', 'y', 'z', 0}))
        .startsWith("remote host xyz key fingerprint '" + text.split(":", 2)[0] + ":")
        .endsWith("does not match host_key_check '" + text + "'");
  }
}
