package dev.kasuari.block.filter;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Limits that several nodes share ({@code -object throttle-group}). Nodes that wait take turns, for
 * reads and for writes each.
 */
public final class ThrottleGroup {
  private static final double NANOS = 1e9;

  private final String id;
  private Limits limits;
  private final List<LeakyBucket> buckets = new ArrayList<>();
  private final List<Deque<Member>> turns = List.of(new ArrayDeque<>(), new ArrayDeque<>());
  private long leaked = System.nanoTime();

  /** A group with these limits, which have been checked. */
  public ThrottleGroup(String id, Limits limits) {
    this.id = id;
    this.limits = limits;
    limits(limits);
  }

  /** Its id. */
  public String id() {
    return id;
  }

  /** Its limits. */
  public synchronized Limits limits() {
    return limits;
  }

  /** Changes the limits; what waits is looked at again. */
  public synchronized void limits(Limits now) {
    limits = now;
    buckets.clear();
    for (Limits.Limit limit : now.all()) {
      if (limit.average() > 0) {
        buckets.add(new LeakyBucket(limit));
      }
    }
    notifyAll();
  }

  /** A node of the group. */
  final class Member {
    private final List<Deque<Object>> waiting = List.of(new ArrayDeque<>(), new ArrayDeque<>());
    private int drains;

    /** Returns when a request may go. */
    void admit(boolean write, long bytes) {
      ThrottleGroup.this.admit(this, write ? 1 : 0, bytes);
    }

    /** Has everything go while somebody waits for the end of it. */
    void drained(boolean begins) {
      synchronized (ThrottleGroup.this) {
        drains += begins ? 1 : -1;
        ThrottleGroup.this.notifyAll();
      }
    }
  }

  Member join() {
    return new Member();
  }

  private synchronized void admit(Member member, int kind, long bytes) {
    if (buckets.isEmpty()) {
      return;
    }
    Object ticket = new Object();
    Deque<Object> queue = member.waiting.get(kind);
    if (queue.isEmpty()) {
      turns.get(kind).add(member);
    }
    queue.add(ticket);
    boolean interrupted = false;
    while (member.drains == 0) {
      boolean first = member.equals(turns.get(kind).peek()) && ticket.equals(queue.peek());
      double seconds = first ? delay(kind == 1) : -1;
      if (seconds == 0) {
        break;
      }
      try {
        wait(seconds < 0 ? 0 : (long) Math.ceil(seconds * 1000));
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    account(kind == 1, bytes);
    leave(member, kind, ticket);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The next one of another node has its turn. */
  private void leave(Member member, int kind, Object ticket) {
    member.waiting.get(kind).remove(ticket);
    turns.get(kind).remove(member);
    if (!member.waiting.get(kind).isEmpty()) {
      turns.get(kind).add(member);
    }
    notifyAll();
  }

  private double delay(boolean write) {
    long now = System.nanoTime();
    double seconds = (now - leaked) / NANOS;
    leaked = now;
    double longest = 0;
    for (LeakyBucket bucket : buckets) {
      bucket.leak(seconds);
      if (bucket.counts(write)) {
        longest = Math.max(longest, bucket.delay());
      }
    }
    return longest;
  }

  private void account(boolean write, long bytes) {
    long size = limits.iopsSize();
    double requests = size > 0 && bytes > size ? (double) bytes / size : 1;
    for (LeakyBucket bucket : buckets) {
      if (bucket.counts(write)) {
        bucket.add(bytes, requests);
      }
    }
  }
}
