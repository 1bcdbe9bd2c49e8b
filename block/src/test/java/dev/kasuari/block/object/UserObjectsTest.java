package dev.kasuari.block.object;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.crypto.Secrets;
import dev.kasuari.qapi.OptionException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
class UserObjectsTest {
  private final Secrets secrets = new Secrets();
  private final UserObjects objects = new UserObjects(secrets);

  @Test
  void secretsAreAmongThem() {
    objects.add("--object", "secret,id=s,data=letmein");
    assertThat(secrets.get("s")).asString().isEqualTo("letmein");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "secret,data=a|'id' is missing",
        "id=s|'qom-type' is missing",
        "nope,id=s|Invalid parameter 'nope'",
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

  @Test
  void whatIsNotThereIsNamed() {
    assertThatThrownBy(() -> objects.tls("", "nope", TlsCredentials.Endpoint.CLIENT))
        .hasMessage("No TLS credentials with id 'nope'");
  }
}
