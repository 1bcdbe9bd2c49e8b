package dev.kasuari.hw.block;

import dev.kasuari.machine.Log;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.MachineListener;
import dev.kasuari.machine.Power;
import dev.kasuari.machine.RunState;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.backend.BlockBackend.ErrorAction;
import dev.kasuari.machine.backend.BlockBackend.Status;
import dev.kasuari.machine.backend.OnError;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a disk's requests that failed: who hears of them, or that the machine stops and
 * they are done again when it runs on. Under the machine's lock.
 *
 * <p>What is kept is no state of its own: whoever keeps a request has it among those that are in
 * flight, which are done anew after a restore.
 */
public final class DiskErrors {
  private final String id;
  private final BlockBackend drive;
  private final OnError ofReads;
  private final OnError ofWrites;
  private final Power power;
  private final Log log;
  private final List<Runnable> kept = new ArrayList<>();

  /**
   * For the disk that is being realized.
   *
   * @param id of the disk
   * @param machine that it is part of
   */
  public DiskErrors(
      Wiring wiring,
      Machine machine,
      String id,
      BlockBackend drive,
      OnError ofReads,
      OnError ofWrites) {
    this.id = id;
    this.drive = drive;
    this.ofReads = ofReads;
    this.ofWrites = ofWrites;
    power = wiring.power();
    log = wiring.log();
    var listener =
        new MachineListener() {
          @Override
          public void stateChanged(RunState from, RunState to) {
            if (to.running()) {
              wiring.post(DiskErrors.this::again);
            }
          }
        };
    machine.addListener(listener);
    AutoCloseable end = () -> machine.removeListener(listener);
    wiring.own(end);
  }

  /** What is to become of a failure. */
  public ErrorAction action(boolean write, Status status) {
    // What is asked for wrongly fails again however often it is tried.
    if (status != Status.IO_ERROR && status != Status.NO_SPACE) {
      return ErrorAction.REPORT;
    }
    @Nullable ErrorAction own = (write ? ofWrites : ofReads).action(status);
    return own == null ? drive.onError(write, status) : own;
  }

  /** Stops the machine; {@code request} is to be done when it runs again. */
  public void keep(boolean write, Status status, Runnable request) {
    kept.add(request);
    log.always(
        "%s: %s of drive '%s' failed (%s): the machine stops, and tries again when it goes on"
            .formatted(
                id,
                write ? "a write" : "a read",
                drive.id(),
                status == Status.NO_SPACE ? "no space is left" : "input/output error"));
    power.requestPause(RunState.IO_ERROR);
  }

  /** Forgets what was kept, which nobody waits for any more. */
  public void forget() {
    kept.clear();
  }

  private void again() {
    List<Runnable> all = List.copyOf(kept);
    kept.clear();
    all.forEach(Runnable::run);
  }
}
