package dev.kasuari.hw.scsi;

import dev.kasuari.hw.nvram.BootOrder;
import dev.kasuari.machine.Device;
import dev.kasuari.machine.memory.DmaFault;
import java.io.ByteArrayOutputStream;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A logical unit: what all of them answer, whatever they are. Source: SPC-4. Its host adapter
 * enters it under the machine's lock.
 *
 * @param <P> properties
 */
public abstract class ScsiDevice<P> extends Device<P, ScsiDevice.State>
    implements BootOrder.Candidate {
  /** What changes. */
  public static final class State {
    /** Code and qualifier of the unit attention that an initiator is to hear of next, or 0. */
    int attention = Sense.RESET.code();

    /** The initiator is to hear that units have come or gone. */
    boolean lunsChanged;

    /** What is written may stay in the host's cache. */
    boolean writeCache = true;

    /** The medium may not be taken out. */
    boolean locked;

    /** The drive is open. */
    boolean open;

    /** MMC-6, 6.5.3: what has happened to the medium that nobody has asked for yet. */
    int mediaEvent;
  }

  private @Nullable ScsiBus scsi;
  private @Nullable ScsiAddress address;

  ScsiDevice() {}

  // What kinds of units implement.

  /** Where the user wants it. */
  abstract ScsiPlace place();

  /** Who it is. */
  abstract Identity identity();

  /** Its pages of vital product data beyond the common ones. */
  abstract Map<Integer, byte[]> vitalPages();

  /** True for commands that are answered although there is news to hear first. */
  boolean overtakesNews(int opcode) {
    return opcode == Opcode.INQUIRY || opcode == Opcode.REQUEST_SENSE;
  }

  /** Does what is asked, or begins it. */
  abstract void perform(ScsiTask task) throws ScsiFailure, DmaFault;

  /** Forgets requests that nobody waits for any more. */
  abstract void forget();

  // Life.

  void join(ScsiBus newBus, ScsiAddress newAddress) {
    scsi = newBus;
    address = newAddress;
  }

  /** Its bus. */
  final ScsiBus scsi() {
    return Objects.requireNonNull(scsi, "plugged in");
  }

  /** Where it is. */
  public final ScsiAddress address() {
    return Objects.requireNonNull(address, "plugged in");
  }

  @Override
  public final String bootPath() {
    return "%s/channel@%x/disk@%x,%x"
        .formatted(scsi().firmwarePath(), address().channel(), address().target(), address().lun());
  }

  @Override
  protected void onReset(State before) {
    state().open = before.open;
    forget();
  }

  /** It is reset through its bus: what was asked is forgotten, the medium stays. */
  public final void resetByInitiator() {
    State s = state();
    s.attention = Sense.RESET.code();
    s.lunsChanged = false;
    s.locked = false;
    s.writeCache = true;
    forget();
  }

  /** Other units of its target have come or gone. */
  public final void unitsChanged() {
    state().lunsChanged = true;
  }

  /** The initiator knows the units. */
  final void lunsReported() {
    state().lunsChanged = false;
  }

  /** Has the initiator hear something; a reset is more important than anything else. */
  public final void attention(Sense news) {
    if (state().attention != Sense.RESET.code()) {
      state().attention = news.code();
    }
  }

  // Commands.

  /** Does what a task asks, or begins it. */
  public final void execute(ScsiTask task) {
    try {
      int opcode = task.cdb().opcode();
      if (!overtakesNews(opcode)) {
        Sense news = nextNews();
        if (news != null) {
          task.check(news);
          return;
        }
      }
      switch (opcode) {
        case Opcode.INQUIRY -> inquiry(task);
        case Opcode.REQUEST_SENSE -> requestSense(task);
        case Opcode.RESERVE_6, Opcode.RELEASE_6, Opcode.RESERVE_10, Opcode.RELEASE_10 ->
            task.good(); // there is one initiator
        default -> perform(task);
      }
    } catch (ScsiFailure e) {
      task.fail(e);
    } catch (DmaFault e) {
      task.faulted(e);
    }
  }

  private @Nullable Sense nextNews() {
    State s = state();
    if (s.attention != 0) {
      Sense news = Sense.attention(s.attention);
      s.attention = 0;
      return news;
    }
    if (s.lunsChanged) {
      s.lunsChanged = false;
      return Sense.LUNS_CHANGED;
    }
    return null;
  }

  /** What is wrong is said with each answer already; this gives what nobody has heard yet. */
  private void requestSense(ScsiTask task) throws ScsiFailure, DmaFault {
    Sense news = nextNews();
    Sense sense = news == null ? Sense.NONE : news;
    boolean descriptors = task.cdb().bit(1, 1);
    task.answer(descriptors ? sense.descriptors() : sense.fixed(), task.cdb().count());
  }

  private void inquiry(ScsiTask task) throws ScsiFailure, DmaFault {
    Cdb cdb = task.cdb();
    int wanted = cdb.u16(3);
    if (!cdb.bit(1, 1)) {
      if (cdb.u8(2) != 0) {
        throw ScsiFailure.of(Sense.INVALID_FIELD);
      }
      task.answer(identity().standard(wanted), wanted);
      return;
    }
    var pages = new TreeMap<Integer, byte[]>(vitalPages());
    byte[] serial = identity().serialNumber();
    if (serial != null) {
      pages.put(0x80, serial);
    }
    pages.put(0x83, identity().designators());
    var supported = new ByteArrayOutputStream();
    supported.write(0);
    pages.keySet().forEach(supported::write);
    pages.put(0, supported.toByteArray());
    byte[] page = pages.get(cdb.u8(2));
    if (page == null) {
      throw ScsiFailure.of(Sense.INVALID_FIELD);
    }
    byte[] data = new byte[4 + page.length];
    data[0] = (byte) identity().type();
    data[1] = (byte) cdb.u8(2);
    data[2] = (byte) (page.length >> 8);
    data[3] = (byte) page.length;
    System.arraycopy(page, 0, data, 4, page.length);
    task.answer(data, wanted);
  }
}
