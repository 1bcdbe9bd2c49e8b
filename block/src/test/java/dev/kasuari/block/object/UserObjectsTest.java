package dev.kasuari.block.object;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.qapi.OptionException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
class UserObjectsTest {
  private final UserObjects objects = new UserObjects();

  @Test
  void secretsAreAmongThem() {
    objects.add("--object", "secret,id=s,data=letmein");
    assertThat(objects.secrets().get("s")).asString().isEqualTo("letmein");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "secret,data=a|'id' is missing",
        "id=s|'qom-type' is missing",
        "nope,id=s|invalid object type: nope; there are secret, throttle-group, tls-creds-x509",
        "tls-creds-psk,id=s,dir=/|certificates only",
        "tls-creds-x509,id=s,dir=/nope,endpoint=server|Unable to load credentials 's'",
        "tls-creds-x509,id=s|dir",
        "tls-creds-x509,id=s,dir=/nope,priority=NORMAL|GnuTLS",
      })
  void complaintsSayWhatIsWrong(String text, String complaint) {
    assertThatThrownBy(() -> objects.add("--object", text))
        .isInstanceOf(OptionException.class)
        .hasMessageStartingWith("--object")
        .hasMessageContaining(complaint);
  }

  /** As {@code openssl enc -aes-256-cbc -K 00.. -iv 00.. -base64} writes "secret". */
  @Test
  void secretsAreEncryptedByOthers() throws Exception {
    var cipher = javax.crypto.Cipher.getInstance("AES/CBC/PKCS5Padding");
    cipher.init(
        javax.crypto.Cipher.ENCRYPT_MODE,
        new javax.crypto.spec.SecretKeySpec(new byte[32], "AES"),
        new javax.crypto.spec.IvParameterSpec(new byte[16]));
    var base64 = java.util.Base64.getEncoder();
    String data = base64.encodeToString(cipher.doFinal("letmein".getBytes(UTF_8)));
    String iv = base64.encodeToString(new byte[16]);
    objects.add(
        "--object", "secret,id=key,format=base64,data=" + base64.encodeToString(new byte[32]));
    objects.add("--object", "secret,id=s,keyid=key,format=base64,iv=" + iv + ",data=" + data);
    assertThat(objects.secrets().get("s")).asString().isEqualTo("letmein");
    assertThatThrownBy(
            () -> objects.add("--object", "secret,id=t,keyid=none,iv=" + iv + ",data=" + data))
        .isInstanceOf(OptionException.class)
        .hasMessage("--object: No secret with id 'none'");
    assertThatThrownBy(() -> objects.add("--object", "secret,id=s,data=x"))
        .hasMessageContaining("duplicate property 's'");
  }

  @Test
  void limitsAreAmongThem() {
    objects.add("--object", "throttle-group,id=a,x-bps-total=5");
    objects.add("--object", "{\"qom-type\":\"throttle-group\",\"id\":\"b\",\"limits\":{}}");
    assertThat(objects.throttleGroups()).containsOnlyKeys("a", "b");
    assertThat(objects.throttleGroups())
        .hasEntrySatisfying("a", group -> assertThat(group.limits().bpsTotal()).isEqualTo(5));
    assertThatThrownBy(() -> objects.add("--object", "throttle-group,id=c,limits.foo=5"))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("'foo'");
  }

  @Test
  void whatIsNotThereIsNamed() {
    assertThatThrownBy(() -> objects.tls("", "nope", TlsCredentials.Endpoint.CLIENT))
        .hasMessage("No TLS credentials with id 'nope'");
  }
}
