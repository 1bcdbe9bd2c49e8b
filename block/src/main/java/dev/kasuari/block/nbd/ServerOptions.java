package dev.kasuari.block.nbd;

import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import org.jspecify.annotations.Nullable;

/**
 * Where a server listens, and to whom ({@code --nbd-server}).
 *
 * @param addr where
 * @param tlsCreds what clients have to encrypt by
 * @param tlsAuthz who may come; not supported
 * @param maxConnections clients at a time; 0 for any number
 */
@Options
public record ServerOptions(
    NbdDriver.Server addr,
    @Nullable String tlsCreds,
    @Nullable String tlsAuthz,
    @Options.Default("0") @Options.Range(min = 0, max = Integer.MAX_VALUE) int maxConnections) {

  /**
   * Where to listen.
   *
   * @throws OptionException if that is not said
   */
  public NbdAddress address() {
    if (addr.type() == NbdDriver.Type.UNIX) {
      if (addr.path() == null) {
        throw new OptionException("Parameter 'addr.path' is missing");
      }
      return new NbdAddress.Unix(addr.path());
    }
    if (addr.host() == null) {
      throw new OptionException("Parameter 'addr.host' is missing");
    }
    if (addr.port() == null) {
      throw new OptionException("Parameter 'addr.port' is missing");
    }
    return new NbdAddress.Inet(addr.host(), NbdTarget.port(addr.port()));
  }
}
