package dev.kasuari.block.object;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.crypto.Secrets;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.X509CertSelector;
import java.util.EnumSet;
import java.util.List;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * {@code tls-creds-x509}: a folder with {@code ca-cert.pem}, {@code ca-crl.pem}, {@code
 * server-cert.pem}, {@code server-key.pem}, {@code client-cert.pem} and {@code client-key.pem}, of
 * which an end needs its own. Source: QEMU's manual, "TLS setup for network services".
 */
public final class TlsCredentials {
  private static final char[] NO_PASSWORD = new char[0];

  /** Which end of a connection. */
  public enum Endpoint {
    /** The one that connects. */
    CLIENT,
    /** The one that is connected to. */
    SERVER
  }

  /**
   * What a user says of them.
   *
   * @param dir the folder
   * @param endpoint which end of a connection they are for
   * @param verifyPeer whether the other end has to show a certificate of the authority
   * @param passwordid the secret by which the private key is encrypted
   * @param priority of GnuTLS; not known to Java's TLS
   */
  @Options
  public record X509(
      String dir,
      @Options.Default("client") Endpoint endpoint,
      @Options.Default("on") boolean verifyPeer,
      @Nullable String passwordid,
      @Nullable String priority) {}

  private final SSLContext context;
  private final Endpoint endpoint;
  private final boolean verifyPeer;

  private TlsCredentials(SSLContext context, Endpoint endpoint, boolean verifyPeer) {
    this.context = context;
    this.endpoint = endpoint;
    this.verifyPeer = verifyPeer;
  }

  /**
   * Reads them.
   *
   * @throws OptionException if that cannot be
   */
  static TlsCredentials of(String id, X509 given, Secrets secrets) {
    if (given.priority() != null) {
      throw new OptionException("'priority' is GnuTLS's; Java's is jdk.tls.disabledAlgorithms");
    }
    try {
      String password =
          given.passwordid() == null
              ? null
              : new String(secrets.get(given.passwordid()), StandardCharsets.UTF_8);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          keys(given, password),
          given.verifyPeer() || given.endpoint() == Endpoint.CLIENT ? trust(given) : null,
          null);
      return new TlsCredentials(context, given.endpoint(), given.verifyPeer());
    } catch (GeneralSecurityException | IOException | IllegalArgumentException | BlockException e) {
      throw new OptionException(
          "Unable to load credentials '" + id + "' of " + given.dir() + ": " + said(e), e);
    }
  }

  private static String said(Exception e) {
    return e instanceof java.nio.file.NoSuchFileException
        ? "no " + e.getMessage()
        : "" + e.getMessage();
  }

  private static KeyManager @Nullable [] keys(X509 given, @Nullable String password)
      throws GeneralSecurityException, IOException {
    boolean server = given.endpoint() == Endpoint.SERVER;
    String prefix = server ? "server" : "client";
    Path cert = Path.of(given.dir(), prefix + "-cert.pem");
    Path key = Path.of(given.dir(), prefix + "-key.pem");
    if (!server && !Files.exists(cert) && !Files.exists(key)) {
      return null; // a client may have none
    }
    List<? extends Certificate> chain = Pem.certificates(cert);
    PrivateKey secret = Pem.privateKey(key, password);
    KeyStore store = empty();
    store.setKeyEntry("own", secret, NO_PASSWORD, chain.toArray(Certificate[]::new));
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, NO_PASSWORD);
    return factory.getKeyManagers();
  }

  private static TrustManager[] trust(X509 given) throws GeneralSecurityException, IOException {
    KeyStore store = empty();
    int n = 0;
    for (Certificate authority : Pem.certificates(Path.of(given.dir(), "ca-cert.pem"))) {
      store.setCertificateEntry("authority " + n++, authority);
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
    Path revoked = Path.of(given.dir(), "ca-crl.pem");
    if (!Files.exists(revoked)) {
      factory.init(store);
      return trust(given, factory);
    }
    var parameters = new PKIXBuilderParameters(store, new X509CertSelector());
    var lists = new CollectionCertStoreParameters(Pem.revocations(revoked));
    parameters.addCertStore(CertStore.getInstance("Collection", lists));
    var checker =
        (PKIXRevocationChecker) CertPathBuilder.getInstance("PKIX").getRevocationChecker();
    checker.setOptions(
        EnumSet.of(
            PKIXRevocationChecker.Option.PREFER_CRLS,
            PKIXRevocationChecker.Option.NO_FALLBACK,
            PKIXRevocationChecker.Option.ONLY_END_ENTITY));
    parameters.addCertPathChecker(checker);
    factory.init(new CertPathTrustManagerParameters(parameters));
    return trust(given, factory);
  }

  private static TrustManager[] trust(X509 given, TrustManagerFactory factory) {
    TrustManager[] managers = factory.getTrustManagers();
    if (given.endpoint() == Endpoint.SERVER) {
      for (int i = 0; i < managers.length; i++) {
        if (managers[i] instanceof X509ExtendedTrustManager manager) {
          managers[i] = new UnnamedAuthorities(manager);
        }
      }
    }
    return managers;
  }

  private static KeyStore empty() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  /** Which end they are for. */
  public Endpoint endpoint() {
    return endpoint;
  }

  /**
   * One end of a connection.
   *
   * @param hostname what the certificate of the other end has to be for, for a client; null for a
   *     server
   */
  public SSLEngine engine(@Nullable String hostname) {
    boolean client = endpoint == Endpoint.CLIENT;
    SSLEngine engine =
        client && hostname != null
            ? context.createSSLEngine(hostname, -1)
            : context.createSSLEngine();
    engine.setUseClientMode(client);
    if (!client) {
      engine.setNeedClientAuth(verifyPeer);
      return engine;
    }
    if (hostname != null && verifyPeer) {
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS"); // RFC 2818, 3.1: names and addresses
      engine.setSSLParameters(parameters);
    }
    return engine;
  }
}
