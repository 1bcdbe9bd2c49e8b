package dev.kasuari.machine;

/**
 * One CPU's way into an interrupt controller whose other half is in the CPU, behind registers of
 * its own. The controller knows which interrupts there are and which of them is the most urgent;
 * the CPU decides whether it takes that one. Numbers, priorities and groups mean what the
 * architecture says; both halves are of the same one.
 *
 * <p>All of it happens under the machine's lock. A call may come back to the {@link Listener}
 * before it returns.
 */
public interface InterruptPort {
  /** The number of no interrupt. */
  int NONE = -1;

  /** The CPU's half. */
  interface Listener {
    /**
     * What waits has changed.
     *
     * @param id of the most urgent interrupt among the groups that the CPU accepts, or {@link
     *     #NONE}
     * @param priority of it; less is more urgent
     * @param group of it
     */
    void pending(int id, int priority, int group);
  }

  /**
   * An interrupt that one CPU sends to others.
   *
   * @param id of it at the receivers
   * @param group that it must be of there
   * @param privileged whether the sender may reach every group
   * @param others true for all CPUs but the sender; what follows does not count then
   * @param cluster what the receivers' addresses have in common
   * @param first of the receivers' numbers in the cluster that {@code members} can name
   * @param members a bit for each receiver, the lowest for {@code first}
   */
  record Message(
      int id,
      int group,
      boolean privileged,
      boolean others,
      long cluster,
      int first,
      int members) {}

  /** Connects the CPU's half, which is told at once what waits, and from then on each change. */
  void connect(Listener cpu);

  /** Says which groups the CPU takes interrupts of now, a bit for each; none at first. */
  void accept(int groups);

  /** The CPU takes an interrupt: it is active now. */
  void acknowledge(int id);

  /** The CPU is done with an interrupt, which may come again. */
  void deactivate(int id);

  /** The group of an interrupt, with which an end that the CPU writes must agree. */
  int groupOf(int id);

  /** The CPU sends an interrupt. */
  void send(Message message);
}
