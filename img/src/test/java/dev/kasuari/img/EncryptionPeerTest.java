package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Encrypted images: what we make QEMU and cryptsetup open, and the reverse. */
@Tag("guest")
class EncryptionPeerTest {
  private static final String SECRET = "--object secret,id=s,data=hello ";

  /** What QEMU makes, which takes it seconds each: it measures how fast it is. */
  @TempDir static Path made;

  @TempDir Path folder;

  @BeforeAll
  static void theirImages() {
    ToolRun.theirs(
        made,
        "qemu-img",
        "create -q " + SECRET + "-f luks -o key-secret=s,iter-time=10 DIR/luks 3M");
    ToolRun.theirs(
        made,
        "qemu-img",
        "create -q "
            + SECRET
            + "-f qcow2 -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10"
            + " DIR/qcow2 3M");
    ToolRun.theirs(
        made,
        "qemu-img",
        "create -q " + SECRET + "-f qcow2 -o encrypt.format=aes,encrypt.key-secret=s DIR/aes 3M");
  }

  @BeforeEach
  void disk() throws Exception {
    byte[] bytes = new byte[3 << 20];
    new Random(1).nextBytes(bytes);
    java.util.Arrays.fill(bytes, 1 << 20, 2 << 20, (byte) 0);
    Files.write(folder.resolve("disk"), bytes);
  }

  private void done(boolean ours, String words) {
    ToolRun run = ours ? ToolRun.ours(folder, words) : ToolRun.theirs(folder, "qemu-img", words);
    assertThat(run.code()).as(words + ": " + run.err()).isZero();
  }

  private int cryptsetup(String... words) throws Exception {
    var command = new ArrayList<>(List.of("/usr/sbin/cryptsetup"));
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getInputStream().readAllBytes();
    return process.waitFor();
  }

  private static String options(String driver, String file) {
    String key = driver.equals("luks") ? "key-secret" : "encrypt.key-secret";
    return "driver=" + driver + ",file.driver=file,file.filename=DIR/" + file + "," + key + "=s";
  }

  /** Written by one and read by the other, through {@code convert}. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "luks luks -o key-secret=s,iter-time=10",
        "- luks -o key-secret=s,iter-time=10,cipher-alg=aes-128,hash-alg=sha1",
        "- luks -o key-secret=s,iter-time=10,cipher-mode=cbc,ivgen-alg=essiv,"
            + "ivgen-hash-alg=sha256,hash-alg=sha512",
        "qcow2 qcow2 -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10",
        "- qcow2 -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10,"
            + "cluster_size=32k,extended_l2=on",
        "aes qcow2 -o encrypt.format=aes,encrypt.key-secret=s",
      })
  void eitherReadsWhatTheOtherWrites(String line) throws Exception {
    String fixture = line.substring(0, line.indexOf(' '));
    String words = line.substring(line.indexOf(' ') + 1);
    String driver = words.substring(0, words.indexOf(' '));
    boolean[] makers = fixture.equals("-") ? new boolean[] {true} : new boolean[] {true, false};
    for (boolean ours : makers) {
      String name = ours ? "ours" : "theirs";
      if (ours) {
        done(true, "create -q " + SECRET + "-f " + words + " DIR/" + name + " 3M");
      } else {
        Files.copy(made.resolve(fixture), folder.resolve(name));
      }
      String target = options(driver, name);
      done(ours, "convert -n --target-image-opts " + SECRET + "-f raw DIR/disk " + target);
      for (boolean reader : new boolean[] {true, false}) {
        done(reader, "convert --image-opts " + SECRET + target + " -O raw DIR/back");
        assertThat(compared("disk", "back")).as(name + " read by ours: " + reader).isEqualTo(-1);
        if (driver.equals("qcow2")) {
          done(reader, "check --image-opts " + SECRET + target);
        }
      }
    }
  }

  private long compared(String a, String b) {
    try {
      return Files.mismatch(folder.resolve(a), folder.resolve(b));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void cryptsetupKnowsOurPasswordAndWeKnowIts() throws Exception {
    done(true, "create -q " + SECRET + "-f luks -o key-secret=s,iter-time=10 DIR/a 1M");
    Path key = Files.writeString(folder.resolve("key"), "hello");
    Path bad = Files.writeString(folder.resolve("bad"), "hullo");
    String image = folder.resolve("a").toString();
    assertThat(cryptsetup("luksDump", image)).isZero();
    assertThat(open(image, key)).isZero();
    assertThat(open(image, bad)).isNotZero();
    Path image2 = folder.resolve("made");
    Files.write(image2, new byte[4 << 20]);
    assertThat(
            cryptsetup(
                "luksFormat",
                "-q",
                "--type",
                "luks1",
                "--iter-time",
                "10",
                "--cipher",
                "aes-cbc-essiv:sha256",
                "--key-size",
                "256",
                "--hash",
                "sha512",
                "--key-file",
                key.toString(),
                image2.toString()))
        .isZero();
    for (boolean ours : new boolean[] {true, false}) {
      String out = ours ? "x" : "y";
      done(ours, "convert --image-opts " + SECRET + options("luks", "made") + " -O raw DIR/" + out);
    }
    assertThat(compared("x", "y")).isEqualTo(-1);
  }

  private int open(String image, Path key) throws Exception {
    return cryptsetup("open", "--test-passphrase", "--key-file", key.toString(), image);
  }

  @Test
  void infoAndComplaintsAreTheSame() throws Exception {
    Files.copy(made.resolve("luks"), folder.resolve("l"));
    Files.copy(made.resolve("qcow2"), folder.resolve("q"));
    Files.copy(made.resolve("aes"), folder.resolve("e"));
    String wrong = SECRET.replace("hello", "hullo");
    for (String words :
        List.of(
            "info DIR/l",
            "info DIR/q",
            "info DIR/e",
            "map DIR/q",
            "convert -O raw DIR/q DIR/out",
            "convert --image-opts " + wrong + options("qcow2", "q") + " -O raw DIR/out",
            "convert --image-opts " + options("qcow2", "q") + " -O raw DIR/out",
            "measure " + SECRET + "-O luks -o key-secret=s --size 10M",
            "create " + SECRET + "-f qcow2 -o encrypt.format=aes,encrypt.key-secret=s DIR/n 1M",
            "create -f luks DIR/n 1M",
            "create -f luks -o key-secret=nope DIR/n 1M")) {
      ToolRun theirs = ToolRun.theirs(folder, "qemu-img", words);
      ToolRun ours = ToolRun.ours(folder, words);
      assertThat(ours.err()).as(words).isEqualTo(theirs.err());
      assertThat(ours.out()).as(words).isEqualTo(theirs.out());
      assertThat(ours.code()).as(words).isEqualTo(theirs.code());
    }
  }
}
