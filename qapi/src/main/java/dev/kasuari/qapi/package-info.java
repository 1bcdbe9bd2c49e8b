/**
 * Options, commands and their schema, declared once as records.
 *
 * <p>A record annotated with {@link dev.kasuari.qapi.Options} is the declaration; an {@link
 * dev.kasuari.qapi.OptionCodec} is generated from it, which reads {@code key=value} and JSON,
 * writes JSON, and tells its {@link dev.kasuari.qapi.Schema}.
 */
package dev.kasuari.qapi;
