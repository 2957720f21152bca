package io.scaibunker.bench;

import java.nio.file.Path;
import java.util.List;

/**
 * One way to do it: programs that run one after the other.
 *
 * @param result the file that it makes; one that is never there for who makes none
 */
record Contender(String name, List<List<String>> commands, Path result) {}
