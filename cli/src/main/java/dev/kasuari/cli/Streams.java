package dev.kasuari.cli;

import java.io.PrintStream;

/** Where a command writes to: what was asked for, and what went wrong. */
record Streams(PrintStream out, PrintStream err) {}
