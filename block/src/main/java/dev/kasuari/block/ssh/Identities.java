package dev.kasuari.block.ssh;

import com.jcraft.jsch.AgentIdentityRepository;
import com.jcraft.jsch.AgentProxyException;
import com.jcraft.jsch.Identity;
import com.jcraft.jsch.IdentityRepository;
import com.jcraft.jsch.JSch;
import com.jcraft.jsch.JSchException;
import com.jcraft.jsch.SSHAgentConnector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Vector;

/** A user's keys: those of the agent, then those of files that need no password. */
final class Identities implements IdentityRepository {
  private static final List<String> FILES = List.of("id_ed25519", "id_ecdsa", "id_rsa");

  @SuppressWarnings("JdkObsolete") // the library's
  private final Vector<Identity> all = new Vector<>();

  /**
   * The keys that there are.
   *
   * @param folder the user's, with {@code id_rsa} and the like
   */
  @SuppressWarnings("JdkObsolete")
  Identities(Path folder) {
    String agent = System.getenv("SSH_AUTH_SOCK");
    if (agent != null && !agent.isEmpty()) {
      try {
        all.addAll(new AgentIdentityRepository(new SSHAgentConnector()).getIdentities());
      } catch (AgentProxyException e) {
        // nobody is there: the other keys may do
      }
    }
    var library = new JSch();
    for (String name : FILES) {
      Path file = folder.resolve(name);
      if (Files.isReadable(file)) {
        try {
          library.addIdentity(file.toString());
        } catch (JSchException e) {
          // a kind of key that the library has no idea of: the others may do
        }
      }
    }
    library.getIdentityRepository().getIdentities().stream()
        .filter(identity -> !identity.isEncrypted())
        .forEachOrdered(all::addElement);
  }

  @Override
  public String getName() {
    return "user";
  }

  @Override
  public int getStatus() {
    return RUNNING;
  }

  @Override
  @SuppressWarnings("JdkObsolete")
  public Vector<Identity> getIdentities() {
    return new Vector<>(all);
  }

  @Override
  public boolean add(byte[] identity) {
    return false;
  }

  @Override
  public boolean remove(byte[] blob) {
    return false;
  }

  @Override
  public void removeAll() {}
}
