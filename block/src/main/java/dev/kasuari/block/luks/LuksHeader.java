package dev.kasuari.block.luks;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.crypto.CipherSpec;
import dev.kasuari.block.crypto.Hashes;
import dev.kasuari.qapi.Json;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The first 592 bytes (LUKS On-Disk Format Specification 1.2.3, "Partition header"). */
final class LuksHeader {
  static final int SIZE = 592;
  static final int SLOTS = 8;
  static final int STRIPES = 4000;
  static final int DIGEST = 20;
  static final int SALT = 32;
  static final int SECTOR = 512;

  /** Keys begin at multiples of this. */
  static final int ALIGNMENT = 4096;

  private static final byte[] MAGIC = {'L', 'U', 'K', 'S', (byte) 0xba, (byte) 0xbe};
  private static final int ACTIVE = 0x00ac_71f3;
  private static final int INACTIVE = 0x0000_dead;
  private static final int MOST_KEY_BYTES = 64;

  /** Of all slots and their digests together: minutes where the default takes seconds. */
  private static final long MOST_ITERATIONS = 200_000_000;

  private static final int SLOTS_AT = 208;
  private static final int SLOT_SIZE = 48;

  /**
   * A place for the key, encrypted by a password.
   *
   * @param sector where it is
   */
  record Slot(boolean active, long iterations, Salt salt, long sector, long stripes) {}

  /** What makes equal passwords different. */
  record Salt(List<Byte> bytes) {
    static Salt of(byte[] bytes) {
      var list = new ArrayList<Byte>();
      for (byte one : bytes) {
        list.add(one);
      }
      return new Salt(List.copyOf(list));
    }

    byte[] array() {
      byte[] out = new byte[bytes.size()];
      for (int i = 0; i < out.length; i++) {
        out[i] = bytes.get(i);
      }
      return out;
    }
  }

  final CipherSpec cipher;
  final String hash;
  final int keyBytes;
  final String uuid;
  long payloadSector;
  byte[] digest = new byte[DIGEST];
  byte[] digestSalt = new byte[SALT];
  long digestIterations;
  final List<Slot> slots = new ArrayList<>();

  LuksHeader(CipherSpec cipher, String hash, int keyBytes, String uuid) {
    this.cipher = cipher;
    this.hash = hash;
    this.keyBytes = keyBytes;
    this.uuid = uuid;
  }

  /** Bytes of a spread key. */
  int spreadBytes() {
    return keyBytes * STRIPES;
  }

  /** Sectors that a new header sets aside for one. */
  long slotSectors() {
    long bytes = (spreadBytes() + ALIGNMENT - 1L) / ALIGNMENT * ALIGNMENT;
    return bytes / SECTOR;
  }

  /**
   * Reads and checks one.
   *
   * @throws BlockException naming what is wrong
   */
  static LuksHeader read(Area area) {
    if (area.length() < SIZE) {
      throw BlockException.invalid("Volume is not in LUKS format");
    }
    ByteBuffer in = ByteBuffer.wrap(area.read(0, SIZE));
    byte[] magic = new byte[MAGIC.length];
    in.get(0, magic);
    if (!Arrays.equals(magic, MAGIC)) {
      throw BlockException.invalid("Volume is not in LUKS format");
    }
    if (in.getShort(6) != 1) {
      throw BlockException.notSupported(
          "LUKS version " + Short.toUnsignedInt(in.getShort(6)) + " is not supported");
    }
    CipherSpec cipher =
        CipherSpec.parse(text(in, 8, 32, "cipher name"), text(in, 40, 32, "cipher mode"));
    String hash = text(in, 72, 32, "hash spec");
    var _ = Hashes.named(hash);
    int keyBytes = in.getInt(108);
    if (keyBytes <= 0 || keyBytes > MOST_KEY_BYTES || cipher.bits(keyBytes) % 64 != 0) {
      throw BlockException.invalid("LUKS keys of " + keyBytes + " bytes are not possible");
    }
    var header = new LuksHeader(cipher, hash, keyBytes, text(in, 168, 40, "UUID"));
    header.payloadSector = Integer.toUnsignedLong(in.getInt(104));
    in.get(112, header.digest);
    in.get(132, header.digestSalt);
    header.digestIterations = Integer.toUnsignedLong(in.getInt(164));
    for (int i = 0; i < SLOTS; i++) {
      header.slots.add(slot(in, SLOTS_AT + i * SLOT_SIZE, i));
    }
    header.refuseNonsense(area);
    return header;
  }

  private static String text(ByteBuffer in, int at, int size, String what) {
    byte[] bytes = new byte[size];
    in.get(at, bytes);
    int end = 0;
    while (end < size && bytes[end] != 0) {
      end++;
    }
    if (end == size) {
      throw BlockException.invalid("LUKS header " + what + " is not NUL terminated");
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  private static Slot slot(ByteBuffer in, int at, int number) {
    int state = in.getInt(at);
    if (state != ACTIVE && state != INACTIVE) {
      throw BlockException.invalid("Keyslot %d state is not valid".formatted(number));
    }
    byte[] salt = new byte[SALT];
    in.get(at + 8, salt);
    return new Slot(
        state == ACTIVE,
        Integer.toUnsignedLong(in.getInt(at + 4)),
        Salt.of(salt),
        Integer.toUnsignedLong(in.getInt(at + 40)),
        Integer.toUnsignedLong(in.getInt(at + 44)));
  }

  private void refuseNonsense(Area area) {
    long sectors = (spreadBytes() + SECTOR - 1L) / SECTOR;
    for (int i = 0; i < SLOTS; i++) {
      Slot slot = slots.get(i);
      if (slot.stripes() != STRIPES) {
        throw BlockException.invalid(
            "Keyslot %d is corrupted (stripes %d != %d)".formatted(i, slot.stripes(), STRIPES));
      }
      if (slot.sector() * SECTOR < SIZE) {
        throw BlockException.invalid("Keyslot %d is overlapping with the LUKS header".formatted(i));
      }
      long end = slot.sector() + sectors;
      boolean inPayload = payloadSector > 0 && end > payloadSector;
      if (inPayload || (slot.active() && end * SECTOR > area.length())) {
        throw BlockException.invalid(
            "Keyslot %d is overlapping with the encrypted payload".formatted(i));
      }
      for (int j = 0; j < i; j++) {
        long other = slots.get(j).sector();
        if (slot.sector() < other + sectors && other < end) {
          throw BlockException.invalid("Keyslots %d and %d are overlapping".formatted(j, i));
        }
      }
    }
    if (digestIterations == 0 || slots.stream().anyMatch(s -> s.active() && s.iterations() == 0)) {
      throw BlockException.invalid("Keyslot iteration count is zero");
    }
  }

  /**
   * Refuses passwords that would take hours to try. Those who make images choose counts by the time
   * that they take, usually 2 s: some million for each slot.
   */
  void refuseEndlessWork() {
    long used = slots.stream().filter(Slot::active).count();
    long work = slots.stream().filter(Slot::active).mapToLong(Slot::iterations).sum();
    work += used * digestIterations;
    if (work > MOST_ITERATIONS) {
      throw BlockException.invalid(
          "Keyslots ask for %d iterations of PBKDF2, more than the %d that are done for an image"
              .formatted(work, MOST_ITERATIONS));
    }
  }

  byte[] encode() {
    ByteBuffer out = ByteBuffer.allocate(SIZE);
    out.put(0, MAGIC).putShort(6, (short) 1);
    out.put(8, cipher.cipher().getBytes(StandardCharsets.UTF_8));
    out.put(40, cipher.modeAndVector().getBytes(StandardCharsets.UTF_8));
    out.put(72, hash.getBytes(StandardCharsets.UTF_8));
    out.putInt(104, (int) payloadSector);
    out.putInt(108, keyBytes);
    out.put(112, digest).put(132, digestSalt);
    out.putInt(164, (int) digestIterations);
    out.put(168, uuid.getBytes(StandardCharsets.UTF_8));
    for (int i = 0; i < SLOTS; i++) {
      Slot slot = slots.get(i);
      int at = SLOTS_AT + i * SLOT_SIZE;
      out.putInt(at, slot.active() ? ACTIVE : INACTIVE);
      out.putInt(at + 4, (int) slot.iterations());
      out.put(at + 8, slot.salt().array());
      out.putInt(at + 40, (int) slot.sector());
      out.putInt(at + 44, (int) slot.stripes());
    }
    return out.array();
  }

  /** What {@code info} says. */
  Map<String, Json> describe() {
    var out = new LinkedHashMap<String, Json>();
    out.put("ivgen-alg", new Json.Text(cipher.vector()));
    if (cipher.vectorHash() != null) {
      out.put("ivgen-hash-alg", new Json.Text(cipher.vectorHash()));
    }
    out.put("hash-alg", new Json.Text(hash));
    out.put("cipher-alg", new Json.Text(cipher.cipher() + "-" + cipher.bits(keyBytes)));
    out.put("uuid", new Json.Text(uuid));
    out.put("cipher-mode", new Json.Text(cipher.mode()));
    var list = new ArrayList<Json>();
    for (Slot slot : slots) {
      var one = new LinkedHashMap<String, Json>();
      one.put("active", new Json.Bool(slot.active()));
      if (slot.active()) {
        one.put("iters", Json.Num.of(slot.iterations()));
      }
      one.put("key-offset", Json.Num.of(slot.sector() * SECTOR));
      if (slot.active()) {
        one.put("stripes", Json.Num.of(slot.stripes()));
      }
      list.add(new Json.Members(one));
    }
    out.put("slots", new Json.Array(List.copyOf(list)));
    out.put("payload-offset", Json.Num.of(payloadSector * SECTOR));
    out.put("master-key-iters", Json.Num.of(digestIterations));
    return out;
  }
}
