package dev.kasuari.demo;

import static dev.kasuari.target.riscv.asm.Reg.*;

import java.util.List;

/** Reads commands, from the boot arguments and then from the console, and runs them. */
final class Shell extends Part {
  /**
   * Its function is called {@code command_NAME}, with what follows the name in {@code a0}.
   *
   * @param name what to type
   * @param arguments what may follow it
   * @param help what it does
   */
  private record Command(String name, String arguments, String help) {}

  private static final List<Command> COMMANDS =
      List.of(
          new Command("cpus", "", "the harts, what they have done, and a lock they fight for"),
          new Command("mem", "", "memory, its pages, and the page tables"),
          new Command("devices", "", "what the devicetree lists and what the drivers found"),
          new Command("disk", "[read N | write TEXT]", "read and write the virtio disk"),
          new Command("fault", "[KIND | all]", "make a fault, catch it and explain it"),
          new Command("uptime", "", "how long the machine has been running"),
          new Command("reboot", "", "start again"),
          new Command("poweroff", "", "switch the machine off"),
          new Command("help", "", "this list"));

  private static final int ROW = 16;
  static final int LINE = 128;
  static final String PROMPT = "kasuari> ";

  Shell(Program program) {
    super(program);
  }

  @Override
  void define() {
    banner();
    shell();
    runBootArguments();
    runLine();
    unknown();
    help();
    uptime();
    printUptime();
    power();
    variable("line", LINE);
    variable("quiet", 8);
    table(
        "commands",
        () -> {
          for (Command command : COMMANDS) {
            offset(text(command.name), 0);
            offset(text(command.arguments), 4);
            offset(text(command.help), 8);
            offset(symbol("command_" + command.name), 12);
          }
        });
  }

  private void banner() {
    function("banner", S0);
    ld(A0, "bootargs");
    beqz(A0, ".loud");
    la(A1, text("quiet"));
    call("strfind");
    bnez(A0, ".quiet");
    label(".loud");
    printf(
        """

                   __
                  /_ \\
                  (o  )>
                   \\ \\        Kasuari demo kernel
            _,--._,' /
          ,'        /
        <(_      _,'
           `-|"|'
             |  \\_
            ^^   ^^

        """);
    ld(A1, "machine_model");
    bnez(A1, ".model");
    la(A1, text("a machine without a name"));
    label(".model");
    ld(A2, "harts_online");
    ld(A3, "hart_count");
    printf("%s, %u of %u harts, ", A1, A2, A3);
    la(T0, "memory_ranges");
    ld(A2, MemoryMap.RANGE_END, T0);
    ld(A1, MemoryMap.RANGE_START, T0);
    sub(A1, A2, A1);
    printf("%z of memory, Sv39 paging, ", A1);
    call("sbi_describe");
    printf("\nBooted in ");
    ld(A1, "boot_time");
    csrr(A0, Csr.TIME);
    sub(A0, A0, A1);
    call("milliseconds");
    mv(A1, A0);
    printf("%u ms, ", A1);
    call("print_uptime");
    printf(" after power-on. Type help to see what there is.\n\n");
    label(".quiet");
    ret();
  }

  private void shell() {
    leaf("shell"); // nobody to return to
    call("run_boot_arguments");
    label(".again");
    printf(PROMPT);
    call("read_line");
    la(A0, "line");
    call("run_line");
    j(".again");
  }

  /** run_boot_arguments(): "run=" takes the rest of them, commands with semicolons between. */
  private void runBootArguments() {
    function("run_boot_arguments", S0);
    ld(A0, "bootargs");
    beqz(A0, ".done");
    la(A1, text("run="));
    call("strfind");
    mv(S0, A0);
    beqz(S0, ".done");
    label(".command");
    la(T0, "line");
    li(T3, LINE - 1);
    label(".copy");
    lbu(T1, 0, S0);
    addi(T2, T1, -';');
    beqz(T1, ".run");
    addi(S0, S0, 1);
    beqz(T2, ".run");
    beqz(T3, ".copy"); // too long: cut off
    sb(T1, 0, T0);
    addi(T0, T0, 1);
    addi(T3, T3, -1);
    j(".copy");
    label(".run");
    sb(ZERO, 0, T0);
    la(A1, "line");
    lbu(T0, 0, A1);
    beqz(T0, ".empty");
    printf(PROMPT + "%s\n", A1);
    la(A0, "line");
    call("run_line");
    label(".empty");
    lbu(T0, 0, S0);
    bnez(T0, ".command");
    label(".done");
    ret();
  }

  /** run_line(a0: line, which is cut into words) */
  private void runLine() {
    function("run_line", S0, S1, S2, S3);
    call("skip_spaces");
    mv(S0, A0);
    lbu(T0, 0, S0);
    beqz(T0, ".done");
    mv(S1, S0);
    li(T1, ' ');
    label(".word");
    lbu(T0, 0, S1);
    beqz(T0, ".arguments");
    addi(S1, S1, 1);
    bne(T0, T1, ".word");
    sb(ZERO, -1, S1);
    label(".arguments");
    mv(A0, S1);
    call("skip_spaces");
    mv(S1, A0);
    la(S2, "commands");
    li(S3, COMMANDS.size());
    label(".next");
    mv(A0, S0);
    loadOffset(A1, 0, S2);
    call("streq");
    bnez(A0, ".found");
    addi(S2, S2, ROW);
    addi(S3, S3, -1);
    bnez(S3, ".next");
    mv(A0, S0);
    call("unknown_command");
    ret();
    label(".found");
    mv(A0, S1);
    loadOffset(T0, 12, S2);
    callr(T0);
    label(".done");
    ret();
  }

  /** unknown_command(a0: word): the command that starts most like it may be meant. */
  private void unknown() {
    function("unknown_command", S0);
    mv(S0, A0);
    printf("%s: there is no such command. ", S0);
    la(T0, "commands");
    li(T1, COMMANDS.size());
    li(T2, 0); // most characters in common so far
    li(A1, 0); // with this name
    label(".next");
    loadOffset(T3, 0, T0);
    mv(A2, T3);
    mv(A3, S0);
    label(".character");
    lbu(T4, 0, A2);
    lbu(T5, 0, A3);
    bne(T4, T5, ".differ");
    addi(A2, A2, 1);
    addi(A3, A3, 1);
    j(".character"); // they are not equal, so they differ before both end
    label(".differ");
    sub(A2, A2, T3);
    bleu(A2, T2, ".skip");
    mv(T2, A2);
    mv(A1, T3);
    label(".skip");
    addi(T0, T0, ROW);
    addi(T1, T1, -1);
    bnez(T1, ".next");
    beqz(A1, ".help");
    printf("Did you mean %s? ", A1);
    label(".help");
    printf("Type help to see all.\n");
    ret();
  }

  private void help() {
    function("command_help", S0, S1);
    la(S0, "commands");
    li(S1, COMMANDS.size());
    label(".next");
    loadOffset(A1, 0, S0);
    loadOffset(A2, 4, S0);
    loadOffset(A3, 8, S0);
    printf("  %-9s %-22s %s\n", A1, A2, A3);
    addi(S0, S0, ROW);
    addi(S1, S1, -1);
    bnez(S1, ".next");
    printf("Backspace, Ctrl-U, Ctrl-C and cursor up edit the line.\n");
    ret();
  }

  private void uptime() {
    function("command_uptime");
    printf("up ");
    call("print_uptime");
    printf("\n");
    ret();
  }

  /** print_uptime(): seconds and milliseconds of the time CSR. */
  private void printUptime() {
    function("print_uptime");
    csrr(A0, Csr.TIME);
    call("milliseconds");
    li(T0, 1000);
    remu(A2, A0, T0);
    divu(A1, A0, T0);
    printf("%u.%03u s", A1, A2);
    ret();
  }

  private void power() {
    function("command_poweroff");
    printf("Good bye.\n");
    li(A0, Sbi.SHUTDOWN);
    li(A1, Sbi.NO_REASON);
    call("sbi_reset");
    function("command_reboot");
    printf("Starting again.\n");
    li(A0, Sbi.COLD_REBOOT);
    li(A1, Sbi.NO_REASON);
    call("sbi_reset");
  }
}
