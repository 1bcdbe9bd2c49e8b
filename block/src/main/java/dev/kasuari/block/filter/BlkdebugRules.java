package dev.kasuari.block.filter;

import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockException.Kind;
import dev.kasuari.block.filter.BlkdebugDriver.InjectError;
import dev.kasuari.block.filter.BlkdebugDriver.IoType;
import dev.kasuari.block.filter.BlkdebugDriver.SetState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The rules of one node, and which of them are in force. */
final class BlkdebugRules {
  private static final int SECTOR = 512;

  private final List<InjectError> errors;
  private final List<SetState> states;
  private List<InjectError> active = new ArrayList<>();
  private int state = 1;

  /** Events at which somebody is to be held, by the name of the hold. */
  private final Map<String, String> breakpoints = new LinkedHashMap<>();

  private final List<String> held = new ArrayList<>();

  BlkdebugRules(List<InjectError> errors, List<SetState> states) {
    this.errors = new ArrayList<>(errors);
    this.states = List.copyOf(states);
    event("none");
  }

  /** Something is about to happen. */
  synchronized void event(String name) {
    var now = new ArrayList<InjectError>();
    for (InjectError rule : errors) {
      if (rule.event().equals(name) && applies(rule.state())) {
        now.add(rule);
      }
    }
    if (!now.isEmpty()) {
      active = now;
    }
    int next = state;
    for (SetState rule : states) {
      if (rule.event().equals(name) && applies(rule.state())) {
        next = rule.newState();
      }
    }
    state = next;
    hold(name);
  }

  private boolean applies(int wanted) {
    return wanted == 0 || wanted == state;
  }

  /**
   * A request comes.
   *
   * @throws BlockException if a rule says so
   */
  void request(IoType type, long offset, long length) {
    InjectError rule = take(type, offset, length);
    if (rule != null) {
      throw failure(rule.errno());
    }
  }

  private synchronized @Nullable InjectError take(IoType type, long offset, long length) {
    for (InjectError rule : List.copyOf(active)) {
      IoType wanted = rule.iotype();
      boolean kind = wanted == null ? type != IoType.BLOCK_STATUS : wanted == type;
      long at = rule.sector() * SECTOR;
      boolean place = rule.sector() == -1 || (offset < at + SECTOR && at < offset + length);
      if (kind && place) {
        if (rule.once()) {
          active.remove(rule);
          errors.remove(rule);
        }
        return rule;
      }
    }
    return null;
  }

  private static BlockException failure(int errno) {
    Kind kind =
        switch (errno) {
          case 1, 30 -> Kind.READ_ONLY;
          case 2 -> Kind.NOT_FOUND;
          case 11, 16 -> Kind.BUSY;
          case 13 -> Kind.PERMISSION;
          case 17 -> Kind.EXISTS;
          case 22 -> Kind.INVALID;
          case 27 -> Kind.TOO_LARGE;
          case 28 -> Kind.NO_SPACE;
          case 95 -> Kind.NOT_SUPPORTED;
          default -> Kind.IO_ERROR;
        };
    return new BlockException(kind, kind.text());
  }

  // Breakpoints, as qemu-io's break, wait_break and resume have them.

  private void hold(String event) {
    String tag = null;
    for (Map.Entry<String, String> entry : breakpoints.entrySet()) {
      tag = entry.getValue().equals(event) ? entry.getKey() : tag;
    }
    if (tag == null) {
      return;
    }
    breakpoints.remove(tag);
    held.add(tag);
    notifyAll();
    boolean interrupted = false;
    while (held.contains(tag)) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  synchronized void breakpoint(String event, String tag) {
    breakpoints.put(tag, event);
  }

  synchronized boolean resume(String tag) {
    boolean was = held.remove(tag) || breakpoints.remove(tag) != null;
    notifyAll();
    return was;
  }

  synchronized boolean held(String tag) {
    return held.contains(tag);
  }

  /** Everybody goes on, and nobody is held any more. */
  synchronized void resumeAll() {
    breakpoints.clear();
    held.clear();
    notifyAll();
  }
}
