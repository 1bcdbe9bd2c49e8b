package dev.kasuari.block.ssh;

import com.jcraft.jsch.HostKey;
import com.jcraft.jsch.HostKeyRepository;
import com.jcraft.jsch.JSch;
import com.jcraft.jsch.JSchException;
import com.jcraft.jsch.UserInfo;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Looks at a server's key as the user wants it, and remembers what it says. */
final class HostKeys implements HostKeyRepository {
  private static final Path OF_ALL_USERS = Path.of("/etc/ssh/ssh_known_hosts");

  private final HostKeyCheck check;
  private final HostKeyRepository known;
  private @Nullable String refusal;

  /**
   * How keys are looked at.
   *
   * @param folder the user's, with {@code known_hosts}
   */
  HostKeys(HostKeyCheck check, Path folder) throws JSchException, IOException {
    this.check = check;
    var library = new JSch();
    if (check instanceof HostKeyCheck.KnownHosts) {
      var lists = new ByteArrayOutputStream();
      for (Path list : new Path[] {folder.resolve("known_hosts"), OF_ALL_USERS}) {
        if (Files.isReadable(list)) {
          lists.write(Files.readAllBytes(list));
          lists.write('\n');
        }
      }
      library.setKnownHosts(new ByteArrayInputStream(lists.toByteArray()));
    }
    known = library.getHostKeyRepository();
  }

  /** Why the key was refused; null if it was not. */
  @Nullable String refusal() {
    return refusal;
  }

  @Override
  public int check(String host, byte[] key) {
    return switch (check) {
      case HostKeyCheck.None _ -> OK;
      case HostKeyCheck.Fingerprint fingerprint -> {
        refusal = fingerprint.refusal(key);
        yield refusal == null ? OK : CHANGED;
      }
      case HostKeyCheck.KnownHosts _ -> {
        int result = known.check(host, key);
        refusal =
            switch (result) {
              case OK -> null;
              case CHANGED -> changed(host, key);
              default -> "no host key was found in known_hosts";
            };
        yield result;
      }
    };
  }

  private String changed(String host, byte[] key) {
    String type = HostKeyCheck.Fingerprint.keyType(key);
    HostKey[] same = known.getHostKey(host, type);
    if (same == null || same.length == 0) {
      return "host key for this server not found, another type exists";
    }
    return "host key (%s key with fingerprint %s) does not match the one in known_hosts;"
            .formatted(type, fingerprint(key))
        + " this may be a possible attack";
  }

  /** As OpenSSH prints it. */
  private static String fingerprint(byte[] key) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(key);
      return "SHA256:" + Base64.getEncoder().withoutPadding().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      return "unknown";
    }
  }

  @Override
  public HostKey[] getHostKey() {
    return known.getHostKey();
  }

  @Override
  public HostKey[] getHostKey(@Nullable String host, @Nullable String type) {
    return known.getHostKey(host, type);
  }

  @Override
  public String getKnownHostsRepositoryID() {
    return "known_hosts";
  }

  /** Nothing is ever written there. */
  @Override
  public void add(HostKey key, UserInfo user) {}

  @Override
  public void remove(String host, String type) {}

  @Override
  public void remove(String host, String type, byte[] key) {}
}
