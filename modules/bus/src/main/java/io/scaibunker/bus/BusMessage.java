package io.scaibunker.bus;

/** All that travels on the bus: a closed set, so that one codec knows every word. */
public sealed interface BusMessage permits Nudge, Question, Answer, News {}
