package dev.kasuari.block.luks;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.crypto.CipherSpec;
import dev.kasuari.block.crypto.EncryptedBytes;
import dev.kasuari.block.crypto.Pbkdf2;
import dev.kasuari.block.crypto.SectorCipher;
import dev.kasuari.qapi.Json;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A header with its keys: finds the key of the sectors by a password, and changes passwords. */
public final class Luks {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Area area;
  private final LuksHeader header;

  private Luks(Area area, LuksHeader header) {
    this.area = area;
    this.header = header;
  }

  /**
   * Reads a header.
   *
   * @throws BlockException if it makes no sense, or is of something that this program has not
   */
  public static Luks read(Area area) {
    return new Luks(area, LuksHeader.read(area));
  }

  /**
   * How a header is made.
   *
   * @param keyBytes of the key of the sectors
   * @param hash for passwords
   * @param milliseconds how long it shall take to try a password on a machine like this
   */
  public record Making(CipherSpec cipher, int keyBytes, String hash, long milliseconds) {
    private LuksHeader header() {
      var header = new LuksHeader(cipher, hash, keyBytes, UUID.randomUUID().toString());
      long first = LuksHeader.ALIGNMENT / LuksHeader.SECTOR;
      for (int i = 0; i < LuksHeader.SLOTS; i++) {
        long sector = first + i * header.slotSectors();
        var salt = LuksHeader.Salt.of(new byte[LuksHeader.SALT]);
        header.slots.add(new LuksHeader.Slot(false, 0, salt, sector, LuksHeader.STRIPES));
      }
      header.payloadSector = first + LuksHeader.SLOTS * header.slotSectors();
      return header;
    }

    /** Bytes of a header with all its keys. */
    public long bytes() {
      return header().payloadSector * LuksHeader.SECTOR;
    }
  }

  /**
   * Makes a header with a new key, which {@code password} unlocks.
   *
   * @param detached the sectors are elsewhere, and begin at 0
   */
  public static byte[] create(Area area, Making making, byte[] password, boolean detached) {
    LuksHeader header = making.header();
    if (detached) {
      header.payloadSector = 0;
    }
    byte[] key = new byte[making.keyBytes()];
    RANDOM.nextBytes(key);
    RANDOM.nextBytes(header.digestSalt);
    long perSecond = Pbkdf2.perSecond(making.hash(), LuksHeader.DIGEST);
    header.digestIterations = iterations(perSecond, making.milliseconds() / 8);
    header.digest = digest(header, key);
    var luks = new Luks(area, header);
    luks.area.write(0, header.encode(), 0, LuksHeader.SIZE);
    luks.put(0, key, password, making.milliseconds());
    return key;
  }

  private static long iterations(long perSecond, long milliseconds) {
    return Math.clamp(perSecond * milliseconds / 1000, Pbkdf2.LEAST, 0xffff_ffffL);
  }

  private static byte[] digest(LuksHeader h, byte[] key) {
    return Pbkdf2.derive(h.hash, key, h.digestSalt, h.digestIterations, LuksHeader.DIGEST);
  }

  /** Where sectors begin, bytes. */
  public long payloadOffset() {
    return header.payloadSector * LuksHeader.SECTOR;
  }

  /** What {@code info} says. */
  public Map<String, Json> describe() {
    return header.describe();
  }

  /**
   * The key of the sectors.
   *
   * @throws BlockException if that password is none of this header's
   */
  public byte[] unlock(byte[] password) {
    header.refuseEndlessWork();
    for (int i = 0; i < LuksHeader.SLOTS; i++) {
      byte[] key = header.slots.get(i).active() ? unlock(i, password) : null;
      if (key != null) {
        return key;
      }
    }
    throw new BlockException(
        BlockException.Kind.PERMISSION, "Invalid password, cannot unlock any keyslot");
  }

  private byte @Nullable [] unlock(int number, byte[] password) {
    LuksHeader.Slot slot = header.slots.get(number);
    int length = (header.spreadBytes() + LuksHeader.SECTOR - 1) & -LuksHeader.SECTOR;
    byte[] spread = area.read(slot.sector() * LuksHeader.SECTOR, length);
    slotCipher(password, slot.salt().array(), slot.iterations()).decrypt(0, spread, length);
    byte[] key = AntiForensic.merge(spread, header.keyBytes, LuksHeader.STRIPES, header.hash);
    return MessageDigest.isEqual(digest(header, key), header.digest) ? key : null;
  }

  private SectorCipher slotCipher(byte[] password, byte[] salt, long iterations) {
    return header.cipher.with(
        Pbkdf2.derive(header.hash, password, salt, iterations, header.keyBytes));
  }

  /** What reads and writes sectors with that key. */
  public EncryptedBytes bytes(byte[] key) {
    return new EncryptedBytes(() -> header.cipher.with(key));
  }

  /** The key of a slot is there before the slot says so. */
  private void put(int number, byte[] key, byte[] password, long milliseconds) {
    byte[] salt = new byte[LuksHeader.SALT];
    RANDOM.nextBytes(salt);
    LuksHeader.Slot old = header.slots.get(number);
    long iterations = iterations(Pbkdf2.perSecond(header.hash, header.keyBytes), milliseconds);
    byte[] spread = AntiForensic.split(key, LuksHeader.STRIPES, header.hash, RANDOM);
    int length = (spread.length + LuksHeader.SECTOR - 1) & -LuksHeader.SECTOR;
    byte[] packed = Arrays.copyOf(spread, length);
    slotCipher(password, salt, iterations).encrypt(0, packed, length);
    area.write(old.sector() * LuksHeader.SECTOR, packed, 0, length);
    var next =
        new LuksHeader.Slot(
            false, iterations, LuksHeader.Salt.of(salt), old.sector(), old.stripes());
    set(number, next);
    set(
        number,
        new LuksHeader.Slot(true, next.iterations(), next.salt(), next.sector(), next.stripes()));
  }

  /** The state of a slot is in one sector, though a slot may reach into two. */
  private void set(int number, LuksHeader.Slot slot) {
    area.node().flush();
    header.slots.set(number, slot);
    area.write(0, header.encode(), 0, LuksHeader.SIZE);
    area.node().flush();
  }

  /**
   * Lets another password unlock it.
   *
   * @param current one that does already
   * @param slot which slot, or null for the first that is free
   */
  public void addPassword(
      byte[] current, byte[] password, @Nullable Integer slot, long milliseconds, boolean force) {
    int number = slot == null ? free() : checked(slot);
    if (header.slots.get(number).active() && !force) {
      throw BlockException.invalid(
          "Refusing to overwrite active keyslot %d - please erase it first".formatted(number));
    }
    put(number, unlock(current), password, milliseconds);
  }

  private static int checked(int slot) {
    if (slot < 0 || slot >= LuksHeader.SLOTS) {
      throw BlockException.invalid(
          "Invalid keyslot %d. Keyslot must be between 0 and %d"
              .formatted(slot, LuksHeader.SLOTS - 1));
    }
    return slot;
  }

  private int free() {
    for (int i = 0; i < LuksHeader.SLOTS; i++) {
      if (!header.slots.get(i).active()) {
        return i;
      }
    }
    throw BlockException.invalid("Can't add a keyslot - all keyslots are in use");
  }

  /** Forgets what is in a slot, unless nothing else unlocks the image. */
  public void erase(int slot, boolean force) {
    int number = checked(slot);
    if (!force && !header.slots.get(number).active()) {
      throw BlockException.invalid("Attempt to erase an inactive keyslot " + number);
    }
    long others = header.slots.stream().filter(LuksHeader.Slot::active).count() - 1;
    if (!force && others < 1) {
      throw BlockException.invalid(
          ("Attempt to erase the only active keyslot %d which will erase all the data in the image"
                  + " irreversibly - refusing operation")
              .formatted(number));
    }
    wipe(number);
  }

  /** Forgets all slots that a password unlocks. */
  public void erase(byte[] password, boolean force) {
    boolean[] match = new boolean[LuksHeader.SLOTS];
    int matches = 0;
    int active = 0;
    for (int i = 0; i < LuksHeader.SLOTS; i++) {
      boolean used = header.slots.get(i).active();
      match[i] = used && unlock(i, password) != null;
      active += used ? 1 : 0;
      matches += match[i] ? 1 : 0;
    }
    if (matches == 0) {
      throw BlockException.invalid("No keyslots match given (old) password for erase operation");
    }
    if (!force && matches == active) {
      throw BlockException.invalid(
          "All the active keyslots match the (old) password that was given and erasing them will"
              + " erase all the data in the image irreversibly - refusing operation");
    }
    for (int i = 0; i < LuksHeader.SLOTS; i++) {
      if (match[i]) {
        wipe(i);
      }
    }
  }

  private void wipe(int number) {
    LuksHeader.Slot old = header.slots.get(number);
    var empty = LuksHeader.Salt.of(new byte[LuksHeader.SALT]);
    set(number, new LuksHeader.Slot(false, 0, old.salt(), old.sector(), old.stripes()));
    set(number, new LuksHeader.Slot(false, 0, empty, old.sector(), old.stripes()));
    byte[] noise = new byte[header.spreadBytes()];
    RANDOM.nextBytes(noise);
    area.write(old.sector() * LuksHeader.SECTOR, noise, 0, noise.length);
    area.node().flush();
  }
}
