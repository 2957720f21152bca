package io.scaibunker.model;

/** What is wrong with one field of a request, or one reason counted in a refusal. */
public record FieldError(String field, String message) {}
