package dev.drey.runtime.jinja;

import java.util.List;

/** What stands on the left of an assignment. */
sealed interface Target {
  void assign(Frame frame, Object value);

  record Variable(String name) implements Target {
    @Override
    public void assign(Frame frame, Object value) {
      frame.set(name, value);
    }
  }

  /** {@code namespace.attribute}. */
  record NamespaceAttribute(String namespace, String attribute) implements Target {
    @Override
    public void assign(Frame frame, Object value) {
      if (!(frame.get(namespace) instanceof Namespace target)) {
        throw JinjaException.failed("'" + Shown.name(namespace) + "' is not a namespace");
      }
      target.set(attribute, value);
    }
  }

  /** {@code a, b}. */
  record Unpacking(List<Target> targets) implements Target {
    @Override
    public void assign(Frame frame, Object value) {
      List<Object> items = Items.of(frame.rendering(), value);
      if (items.size() != targets.size()) {
        throw JinjaException.failed(
            "%d values for %d names".formatted(items.size(), targets.size()));
      }
      for (int i = 0; i < items.size(); i++) {
        targets.get(i).assign(frame, items.get(i));
      }
    }
  }
}
