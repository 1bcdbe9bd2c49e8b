package dev.kasuari.tcg;

/** What a {@link BackEnd} made of a unit; only that back end looks inside. */
public interface CompiledCode {}
