package dev.kasuari.hw.virtio;

import dev.kasuari.hw.scsi.ScsiDevice;
import dev.kasuari.hw.scsi.ScsiTask.Service;
import dev.kasuari.machine.memory.DmaFault;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/** The control queue of a {@link VirtioScsi}: management of tasks (Virtio 1.2, 5.6.6.2). */
final class ScsiControl {
  // Types of requests.
  private static final int TASK_MANAGEMENT = 0;
  private static final int QUERY_NOTIFICATION = 1;
  private static final int SUBSCRIBE_NOTIFICATION = 2;
  private static final int TASK_MANAGEMENT_BYTES = 24;
  private static final int NOTIFICATION_BYTES = 16;

  // Functions.
  private static final int ABORT_TASK = 0;
  private static final int ABORT_TASK_SET = 1;
  private static final int CLEAR_TASK_SET = 3;
  private static final int I_T_NEXUS_RESET = 4;
  private static final int LOGICAL_UNIT_RESET = 5;
  private static final int QUERY_TASK = 6;
  private static final int QUERY_TASK_SET = 7;

  // Responses.
  private static final int COMPLETE = 0;
  private static final int BAD_TARGET = 3;
  private static final int SUCCEEDED = 10;
  private static final int REJECTED = 11;
  private static final int INCORRECT_LUN = 12;

  private final VirtioScsi adapter;

  ScsiControl(VirtioScsi adapter) {
    this.adapter = adapter;
  }

  void serve(Virtqueue queue) {
    queue.drain("a control request's memory", chain -> request(queue, chain));
  }

  private void request(Virtqueue queue, DescriptorChain chain) throws DmaFault {
    int type = chain.readableLength() < 4 ? -1 : little(chain.read(0, 4)).getInt();
    int needed = type == TASK_MANAGEMENT ? TASK_MANAGEMENT_BYTES : NOTIFICATION_BYTES;
    int room = type == TASK_MANAGEMENT ? 1 : 5;
    if (type < 0 || chain.readableLength() < needed || chain.writableLength() < room) {
      adapter.driverBroke("a control request that is too short");
      return;
    }
    switch (type) {
      case TASK_MANAGEMENT -> manage(queue, chain);
      case QUERY_NOTIFICATION, SUBSCRIBE_NOTIFICATION -> {
        chain.write(0, new byte[5]); // none is there to be had; that is well
        queue.push(chain, 5);
      }
      default -> {
        chain.write(0, new byte[] {REJECTED});
        queue.push(chain, 1);
      }
    }
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void manage(Virtqueue queue, DescriptorChain chain) throws DmaFault {
    byte[] bytes = chain.read(0, TASK_MANAGEMENT_BYTES);
    int function = little(bytes).getInt(4);
    byte[] lun = Arrays.copyOfRange(bytes, 8, 16);
    long id = little(bytes).getLong(16);
    List<ScsiDevice<?>> target = adapter.scsiBus().target(0, ScsiCommand.target(lun));
    List<ScsiDevice<?>> units =
        target.stream().filter(u -> u.address().lun() == ScsiCommand.number(lun)).toList();
    if (target.isEmpty()) {
      answer(queue, chain, BAD_TARGET);
    } else if (units.isEmpty() && function != I_T_NEXUS_RESET) {
      answer(queue, chain, INCORRECT_LUN);
    } else {
      manage(new Answer(queue, chain), function, lun, id, target, units);
    }
  }

  /** Where an answer goes. */
  private record Answer(Virtqueue queue, DescriptorChain chain) {}

  private void manage(
      Answer answer,
      int function,
      byte[] lun,
      long id,
      List<ScsiDevice<?>> target,
      List<ScsiDevice<?>> units) {
    Predicate<ScsiCommand> unit = c -> c.isFor(lun);
    Predicate<ScsiCommand> task = c -> c.isFor(lun) && c.id() == id;
    switch (function) {
      case ABORT_TASK -> cancel(answer, task, Service.ABORTED, List.of());
      case ABORT_TASK_SET, CLEAR_TASK_SET -> cancel(answer, unit, Service.ABORTED, List.of());
      case LOGICAL_UNIT_RESET -> cancel(answer, unit, Service.RESET, units);
      case I_T_NEXUS_RESET ->
          cancel(
              answer,
              c -> target.stream().anyMatch(u -> c.isFor(u.address())),
              Service.RESET,
              target);
      case QUERY_TASK -> query(answer, task);
      case QUERY_TASK_SET -> query(answer, unit);
      default -> answer(answer.queue(), answer.chain(), REJECTED);
    }
  }

  private void query(Answer answer, Predicate<ScsiCommand> which) {
    boolean found = adapter.commands().stream().anyMatch(which);
    answer(answer.queue(), answer.chain(), found ? SUCCEEDED : COMPLETE);
  }

  /** Ends commands, resets units, and answers when nothing is under way any more. */
  private void cancel(
      Answer answer, Predicate<ScsiCommand> which, Service how, List<ScsiDevice<?>> resets) {
    List<ScsiCommand> found = adapter.commands().stream().filter(which).toList();
    int[] left = {found.size() + 1};
    Runnable one =
        () -> {
          if (--left[0] == 0) {
            resets.forEach(ScsiDevice::resetByInitiator);
            answer(answer.queue(), answer.chain(), COMPLETE);
          }
        };
    found.forEach(c -> c.cancel(how, one));
    one.run();
  }

  private void answer(Virtqueue queue, DescriptorChain chain, int response) {
    if (!queue.current(chain)) {
      return;
    }
    try {
      chain.write(0, new byte[] {(byte) response});
      queue.push(chain, 1);
    } catch (DmaFault e) {
      adapter.driverBroke("a control request's memory: " + e.getMessage());
    }
  }
}
