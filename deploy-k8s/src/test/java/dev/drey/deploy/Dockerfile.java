package dev.drey.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The instructions of a Dockerfile, with continued lines joined and comments dropped. */
record Dockerfile(List<Instruction> instructions) {

  /** One instruction: its upper-case name and its words, flags such as {@code --chown} left out. */
  record Instruction(String name, List<String> words) {}

  static Dockerfile read(Path file) throws IOException {
    List<Instruction> instructions = new ArrayList<>();
    StringBuilder joined = new StringBuilder();
    for (String line : Files.readAllLines(file)) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      boolean continued = line.endsWith("\\");
      joined.append(continued ? line.substring(0, line.length() - 1) : line).append(' ');
      if (!continued) {
        instructions.add(instruction(joined.toString().strip()));
        joined.setLength(0);
      }
    }
    return new Dockerfile(List.copyOf(instructions));
  }

  private static Instruction instruction(String line) {
    List<String> words = Arrays.asList(line.split("\\s+"));
    List<String> arguments = words.stream().skip(1).filter(word -> !word.startsWith("--")).toList();
    return new Instruction(words.get(0), arguments);
  }

  /** The words of every instruction of this name. */
  List<List<String>> all(String name) {
    return instructions.stream()
        .filter(instruction -> instruction.name().equals(name))
        .map(Instruction::words)
        .toList();
  }

  /** Every copied source, relative to the root of the repository, and where it goes. */
  Map<String, String> copies() {
    Map<String, String> copies = new LinkedHashMap<>();
    for (List<String> words : all("COPY")) {
      String target = words.get(words.size() - 1);
      words.subList(0, words.size() - 1).forEach(source -> copies.put(source, target));
    }
    return copies;
  }

  /** What {@code ENV} sets. */
  Map<String, String> environment() {
    Map<String, String> environment = new LinkedHashMap<>();
    for (List<String> words : all("ENV")) {
      for (String word : words) {
        int equals = word.indexOf('=');
        environment.put(word.substring(0, equals), word.substring(equals + 1));
      }
    }
    return environment;
  }
}
