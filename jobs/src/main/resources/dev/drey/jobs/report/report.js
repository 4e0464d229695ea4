"use strict";
(() => {
  const { data, palette, round, count, percent, millis, seconds, bytes, element, section, table, legend, chart, axis } = page;
  const colours = {
    hit: "#2b8a57", late: "#e0a526", miss: "#c8452f", demand: "#c8452f", prefetch: "#3b7dd8",
    stopped: "#9aa4b2", dense: "#7a5bb5", experts: "#2b8a57", wait: "#e0a526",
  };

  // -- drawings

  // A canvas of our own, sharp on every display; draw(context, width, height) fills it.
  function drawing(parent, height, draw) {
    const canvas = element(parent, "canvas", "plain");
    canvas.style.height = height + "px";
    const paint = () => {
      const scale = window.devicePixelRatio || 1;
      const width = canvas.clientWidth;
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      const context = canvas.getContext("2d");
      context.setTransform(scale, 0, 0, scale, 0, 0);
      context.font = "12px system-ui, sans-serif";
      context.clearRect(0, 0, width, height);
      draw(context, width, height);
    };
    new ResizeObserver(paint).observe(canvas);
    return { canvas, paint };
  }

  const shade = (share) => {
    const s = Math.sqrt(Math.max(0, Math.min(1, share)));
    return `rgb(${Math.round(247 - 212 * s)},${Math.round(250 - 140 * s)},${Math.round(253 - 110 * s)})`;
  };

  // Rows of cells with values from 0 to 1; tell(row, column) is shown where the pointer is.
  function heatMap(parent, cells, rowName, columnName, tell) {
    const left = 58;
    const bottom = 20;
    const rowHeight = Math.max(4, Math.min(22, 420 / Math.max(1, cells.length)));
    const height = rowHeight * cells.length + bottom;
    const columns = cells.length ? cells[0].length : 0;
    const made = drawing(parent, height, (context, width) => {
      const cellWidth = (width - left) / columns;
      cells.forEach((row, r) => row.forEach((value, c) => {
        context.fillStyle = shade(value);
        context.fillRect(left + c * cellWidth, r * rowHeight, Math.ceil(cellWidth), Math.ceil(rowHeight));
      }));
      context.fillStyle = "#5b6676";
      const every = Math.ceil(14 / rowHeight);
      for (let r = 0; r < cells.length; r += every) context.fillText(rowName(r), 0, r * rowHeight + Math.max(10, rowHeight / 2 + 4));
      context.fillText(columnName(0), left, height - 5);
      const last = columnName(columns - 1);
      context.fillText(last, width - context.measureText(last).width, height - 5);
    });
    const tip = element(parent, "div", "tip");
    made.canvas.addEventListener("mousemove", (event) => {
      const r = Math.floor(event.offsetY / rowHeight);
      const c = Math.floor((event.offsetX - left) / ((made.canvas.clientWidth - left) / columns));
      tip.textContent = cells[r] && c >= 0 && c < columns ? tell(r, c) : "";
    });
  }

  // -- sections

  function summary() {
    const t = data.trace;
    const r = data.residency;
    const l = data.latency;
    document.getElementById("subtitle").textContent =
      `${t.model}, ${t.compute} on ${t.device}, ${t.slots} of ${t.total_experts} experts in the window (${percent(data.memory_fraction)} of the resident memory), policy ${t.policy}, predictor ${t.predictor}, Drey ${t.version}`;
    const made = section("Summary", "Times are of forward passes; waiting between them is not counted.", true);
    if (data.totals.dropped > 0) {
      element(made, "p", "warning", `${count(data.totals.dropped)} of ${count(data.totals.dropped + data.totals.events)} events could not be recorded: every figure is of the others.`);
    }
    const grid = element(made, "div", "grid");
    const demanded = r.hits + r.late_hits + r.misses || 1;
    table(grid, [
      ["steps, time in steps", `${count(l.steps)}, ${seconds(l.nanos)}`],
      ["tokens computed", `${count(l.rows)}, ${round(l.rows_per_second, 1)} /s`],
      ["tokens produced or scored", `${count(l.outputs)}, ${round(l.outputs_per_second, 1)} /s`],
      ["step: median, 99 %", `${millis(l.step_nanos.median)}, ${millis(l.step_nanos.p99)}`],
      ["time to first token: median, 99 %", `${millis(l.first_token_nanos.median)}, ${millis(l.first_token_nanos.p99)}`],
      ["time per output token: median, 99 %", `${millis(l.token_nanos.median)}, ${millis(l.token_nanos.p99)}`],
    ]);
    table(grid, [
      ["hits", `${count(r.hits)} (${percent(r.hits / demanded)})`],
      ["late hits", `${count(r.late_hits)} (${percent(r.late_hits / demanded)})`],
      ["misses", `${count(r.misses)} (${percent(r.misses / demanded)})`],
      ["prefetches: issued / used / wasted / cancelled", [r.prefetch_issued, r.prefetch_used, r.prefetch_wasted, r.prefetch_cancelled].map(count).join(" / ")],
      ["evictions", count(r.evictions)],
      ["stall", `${seconds(r.stall_nanos)} (${percent(r.stall_nanos / (l.nanos || 1))})`],
    ]);
    table(grid, [
      ["bytes moved", bytes(r.bytes_demand + r.bytes_prefetch)],
      ["of these wasted", bytes(r.bytes_wasted)],
      ["bytes per computed token", bytes(r.bytes_per_computed_token)],
      ["bytes per output token", bytes(r.bytes_per_output_token)],
      ["link while busy", bytes(data.link.bytes_per_second) + "/s"],
      ["link busy", `${seconds(data.link.busy_nanos)} (${percent(data.link.busy_nanos / (l.nanos || 1))})`],
    ]);
  }

  const line = data.timeline;
  const at = (bucket) => bucket * line.bucket_nanos / 1e9;

  function series(name, values, colour, more) {
    return Object.assign({ label: name, data: values.map((y, i) => ({ x: at(i), y })), borderColor: colour, backgroundColor: colour, borderWidth: 1.5, pointRadius: 0 }, more);
  }

  function overTime(title, text, unit, datasets, stacked) {
    chart(section(title, text), {
      type: "line",
      data: { datasets: datasets.map((d) => Object.assign(d, stacked ? { fill: true } : {})) },
      options: { parsing: false, scales: { x: axis("seconds", { type: "linear", max: at(line.hits.length) }), y: axis(unit, { stacked: !!stacked, beginAtZero: true }) } },
    });
  }

  function timelines() {
    overTime("Hits, late hits and misses", "Experts demanded, by how the demand found them.", "experts per bucket", [
      series("hits", line.hits, colours.hit), series("late hits", line.late, colours.late), series("misses", line.misses, colours.miss)], true);
    const perToken = (values) => values.map((value, i) => (line.rows[i] ? value / line.rows[i] / 1e3 : null));
    overTime("Bytes per computed token", "Where no step began there is no value.", "kB per token", [
      series("for demands", perToken(line.bytes_demand), colours.demand, { spanGaps: true }), series("for predictions", perToken(line.bytes_prefetch), colours.prefetch, { spanGaps: true })]);
    overTime("Waiting for experts", "Share of the time that the forward pass stood still.", "% of time", [
      series("stall", line.stall_nanos.map((nanos) => 100 * nanos / line.bucket_nanos), colours.wait, { fill: true })]);
  }

  function heat() {
    const sums = data.heat.map((row) => row.reduce((a, b) => a + b, 0));
    const most = Math.max(1e-9, ...data.heat.map((row, l) => Math.max(...row) / (sums[l] || 1)));
    heatMap(section("Expert heat", "Share of its layer's tokens that each expert got; darker is more.", true),
      data.heat.map((row, l) => row.map((tokens) => tokens / (sums[l] || 1) / most)),
      (l) => "layer " + l, (e) => "expert " + e,
      (l, e) => `layer ${l}, expert ${e}: ${count(data.heat[l][e])} tokens, ${percent(data.heat[l][e] / (sums[l] || 1))} of the layer's`);
  }

  function residency() {
    const experts = data.trace.experts;
    heatMap(section("Residency", "Experts of each layer in the window over time; darkest is all of them.", true),
      line.resident.map((row) => row.map((n) => (n / experts) ** 2)),
      (l) => "layer " + l, (c) => round(at(c + (c > 0 ? 1 : 0)), 2) + " s",
      (l, c) => `layer ${l} at ${round(at(c), 2)} s: ${line.resident[l][c]} of ${experts} experts; ${line.resident.reduce((sum, row) => sum + row[c], 0)} in the window`);
  }

  function lanes() {
    const all = data.lanes;
    const made = section("Computing and loading", "A few steps from the middle of the trace. The wheel zooms, dragging moves. Waiting is drawn at the end of its layer.", true);
    legend(made, [["attention, router, head", colours.dense], ["experts", colours.experts], ["waiting", colours.wait], ["load for a demand", colours.demand], ["for a prediction", colours.prefetch], ["stopped", colours.stopped]]);
    const links = all.link.reduce((most, bar) => Math.max(most, bar.lane + 1), 0);
    const names = ["compute", "waiting"].concat(Array.from({ length: links }, (unused, i) => "link " + (i + 1)));
    const left = 66;
    const rowHeight = 26;
    const bars = all.compute.map((bar) => [0, bar]).concat(all.waiting.map((bar) => [1, bar]), all.link.map((bar) => [2 + bar.lane, bar]));
    let from = all.from;
    let to = Math.max(all.to, all.from + 1);
    const place = (nanos, width) => left + (nanos - from) / (to - from) * (width - left);
    const view = drawing(made, names.length * rowHeight + 22, (context, width, height) => {
      for (const [row, bar] of bars) {
        const x = Math.max(left, place(bar.start, width));
        const end = Math.min(width, place(bar.end, width));
        if (end < left || x > width) continue;
        context.fillStyle = colours[bar.kind];
        context.fillRect(x, row * rowHeight + 3, Math.max(0.6, end - x - 0.4), rowHeight - 6);
      }
      context.fillStyle = "#5b6676";
      names.forEach((name, row) => context.fillText(name, 0, row * rowHeight + 17));
      context.fillText(millis(from - all.from), left, height - 5);
      const last = millis(to - all.from);
      context.fillText(last, width - context.measureText(last).width, height - 5);
    });
    const tip = element(made, "div", "tip");
    const timeAt = (x) => from + (x - left) / (view.canvas.clientWidth - left) * (to - from);
    view.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const centre = timeAt(event.offsetX);
      const factor = event.deltaY > 0 ? 1.25 : 0.8;
      const length = Math.min(all.to - all.from, Math.max(1000, (to - from) * factor));
      from = Math.max(all.from, Math.min(all.to - length, centre - (centre - from) / (to - from) * length));
      to = from + length;
      view.paint();
    }, { passive: false });
    view.canvas.addEventListener("mousemove", (event) => {
      if (event.buttons === 1) {
        const moved = Math.max(all.from - from, Math.min(all.to - to, -event.movementX / (view.canvas.clientWidth - left) * (to - from)));
        from += moved;
        to += moved;
        view.paint();
      }
      const row = Math.floor(event.offsetY / rowHeight);
      const nanos = timeAt(event.offsetX);
      const found = bars.find(([r, bar]) => r === row && bar.start <= nanos && nanos <= bar.end);
      tip.textContent = found ? `${found[1].kind}${found[1].layer >= 0 ? ", layer " + found[1].layer : ""}${found[1].expert >= 0 ? ", expert " + found[1].expert : ""}: ${millis(found[1].end - found[1].start)} from ${millis(found[1].start - all.from)}` : "";
    });
  }

  function recall() {
    const made = section("Predictions by distance", "Distance: layers between the router a prediction was made after and the layer it was for.");
    if (data.recall.length === 0) {
      element(made, "p", "", "This trace holds no predictions.");
      return;
    }
    const bars = [["recall", "recall"], ["recall of as many as demanded", "recall_of_as_many"], ["precision", "precision"], ["recall of what was not there", "miss_stream_recall"], ["in time", "in_time"], ["exact", "exact_rate"]];
    chart(made, {
      type: "bar",
      data: { labels: data.recall.map((r) => r.distance), datasets: bars.map(([name, field], i) => ({ label: name, data: data.recall.map((r) => 100 * r[field]), backgroundColor: palette[i] })) },
      options: { scales: { x: axis("layers ahead"), y: axis("%", { min: 0, max: 100 }) } },
    });
  }

  function layers() {
    const all = data.residency.layers.map((layer, index) => Object.assign({ index }, layer)).filter((layer) => layer.hits + layer.late_hits + layer.misses > 0);
    const of = (field) => all.map((layer) => layer[field]);
    chart(section("Demands by layer", "Over the whole trace."), {
      type: "bar",
      data: { labels: of("index"), datasets: [["hits", "hits", colours.hit], ["late hits", "late_hits", colours.late], ["misses", "misses", colours.miss]].map(([name, field, colour]) => ({ label: name, data: of(field), backgroundColor: colour })) },
      options: { scales: { x: axis("layer", { stacked: true }), y: axis("experts", { stacked: true }) } },
    });
    chart(section("Waiting by layer", "Per step: median, and what 99 % of the steps do not exceed."), {
      type: "bar",
      data: { labels: of("index"), datasets: [["median", "stall_median_nanos", colours.late], ["99 %", "stall_p99_nanos", colours.miss]].map(([name, field, colour]) => ({ label: name, data: of(field).map((nanos) => nanos / 1e6), backgroundColor: colour })) },
      options: { scales: { x: axis("layer"), y: axis("ms") } },
    });
  }

  function simulation() {
    const found = data.simulation;
    if (!found) return;
    const names = found.budgets[0].policies.map((policy) => policy.policy);
    const lines = (value, bound) => names.map((name, i) => ({
      label: name, borderColor: palette[i % palette.length], backgroundColor: palette[i % palette.length], borderWidth: 1.5, pointRadius: 2,
      data: found.budgets.map((budget) => ({ x: 100 * budget.share, y: value(budget.policies[i]) })),
    })).concat([{ label: "bound", borderColor: "#111", backgroundColor: "#111", borderDash: [5, 4], borderWidth: 1.5, pointRadius: 2, data: found.budgets.map((budget) => ({ x: 100 * budget.share, y: bound(budget.belady) })) }]);
    const text = `Link ${bytes(found.bytes_per_second)}/s, predictions: ${found.predictions}.`;
    const draw = (title, unit, value, bound) => chart(section(title, text), {
      type: "line", data: { datasets: lines(value, bound) },
      options: { parsing: false, scales: { x: axis("% of the experts in the window", { type: "linear" }), y: axis(unit, { beginAtZero: true }) } },
    });
    draw("Simulated: bytes per token", "kB per computed token", (p) => p.bytes_per_token / 1e3, (b) => b.bytes_per_token / 1e3);
    draw("Simulated: time", "seconds", (p) => p.nanos / 1e9, (b) => b.nanos / 1e9);
  }

  summary();
  lanes();
  heat();
  residency();
  timelines();
  recall();
  layers();
  simulation();
})();
