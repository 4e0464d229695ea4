package dev.drey.runtime.jinja;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code for}. Every turn has variables of its own.
 *
 * @param condition which items are visited; null for all
 * @param otherwise runs if none is
 * @param recursive whether the body can call {@code loop} to walk further items
 */
record Loop(
    Target target,
    Expression iterable,
    @Nullable Expression condition,
    List<Statement> body,
    List<Statement> otherwise,
    boolean recursive,
    int line)
    implements Statement {
  @Override
  public Flow run(Frame frame) {
    frame.rendering().reached(line);
    return walk(frame, frame.evaluate(iterable), 0);
  }

  private Flow walk(Frame frame, Object value, int depth) {
    List<Object> items = Items.of(frame.rendering(), value);
    if (condition != null) {
      items = selected(frame, items, condition);
    }
    LoopState state = new LoopState(items, depth);
    Object loop = recursive ? new RecursiveLoop(this, frame, state) : state;
    for (int i = 0; i < items.size(); i++) {
      state.moveTo(i);
      Frame turn = frame.inner();
      turn.set("loop", loop);
      target.assign(turn, items.get(i));
      if (turn.run(body) == Flow.BREAK) {
        break;
      }
    }
    return items.isEmpty() ? frame.inner().run(otherwise) : Flow.ON;
  }

  private List<Object> selected(Frame frame, List<Object> items, Expression test) {
    List<Object> selected = new ArrayList<>();
    for (Object item : items) {
      Frame turn = frame.inner();
      target.assign(turn, item);
      if (Truth.of(turn.evaluate(test))) {
        selected.add(item);
      }
    }
    return frame.budget().made(selected);
  }

  /** The variable {@code loop} of a recursive loop. */
  record RecursiveLoop(Loop loop, Frame home, LoopState state) implements Function {
    @Override
    public Object call(Rendering rendering, Arguments arguments) {
      Object value = arguments.bind("loop", "iterable").required("iterable");
      rendering.budget().enter();
      String text = rendering.captured(() -> loop.walk(home, value, state.depth() + 1));
      rendering.budget().leave();
      return text;
    }
  }
}
