"use strict";
(() => {
  const { data, palette, round, percent, bytes, element, section, chart, axis } = page;
  const { options, host } = data;
  document.getElementById("subtitle").textContent =
    `${data.model.name}, ${options.compute.toLowerCase()} on ${options.device}, ${options.threads} compute threads, ${options.sequences} sequences, prompts of ${options.prompt_tokens} tokens; ${host.processor}, ${host.cores} cores`;

  const resident = (results, group) => results.find((r) => r.memory_share === 1 && r.group.asked === group);
  const point = (result, speed) => ({ x: 100 * result.memory_share, y: speed });

  function line(label, points, colour, more) {
    return Object.assign({ label, data: points.sort((a, b) => a.x - b.x), borderColor: colour, backgroundColor: colour, borderWidth: 1.5, pointRadius: 2.5, spanGaps: true }, more);
  }

  // The cases of a kind over their memory, what was planned of them, and everything resident, which every curve ends in.
  function curves(results) {
    const groups = [...new Set(results.map((r) => r.group.asked))];
    const kinds = [...new Set(results.filter((r) => r.memory_share < 1).map((r) => r.kind))];
    const least = 100 * Math.min(...results.map((r) => r.memory_share));
    const level = groups.map((group) => resident(results, group)).filter((r) => r).map((r) =>
      line(r.kind, [{ x: least, y: r.tokens_per_second.median }, point(r, r.tokens_per_second.median)], "#111", { borderDash: [2, 3], pointRadius: 0 }));
    return kinds.flatMap((kind, i) => {
      const cases = results.filter((r) => r.kind === kind);
      const end = resident(results, cases[0].group.asked);
      const all = end ? cases.concat(end) : cases;
      const colour = palette[i % palette.length];
      const measured = line(kind, all.map((r) => point(r, r.tokens_per_second.median)), colour);
      if (cases.every((r) => r.planned_tokens_per_second === null)) return [measured];
      const planned = all.filter((r) => r.planned_tokens_per_second !== null).map((r) => point(r, r.planned_tokens_per_second));
      return [measured, line(kind + ", planned", planned, colour, { borderDash: [6, 4], pointStyle: "cross" })];
    }).concat(level);
  }

  function row(parent, cells, name) {
    const made = element(parent, "tr");
    cells.forEach((cell) => element(made, name, "", cell));
  }

  function figures(parent, results) {
    const made = element(parent, "table", "figures");
    row(made, ["case", "group", "memory", "of resident", "tokens/s", "min-max", "of resident", "planned", "measured of planned"], "th");
    for (const r of results) {
      const all = resident(results, r.group.asked);
      const speed = r.tokens_per_second;
      row(made, [
        r.name, String(r.group.sequences), bytes(r.memory_bytes), percent(r.memory_share), round(speed.median, 1), `${round(speed.min, 1)}-${round(speed.max, 1)}`,
        all ? percent(speed.median / all.tokens_per_second.median) : "",
        r.planned_tokens_per_second === null ? "" : round(r.planned_tokens_per_second, 1),
        r.planned_share === null ? "" : percent(1 / r.planned_share),
      ], "td");
    }
  }

  for (const phase of new Set(data.results.map((r) => r.phase))) {
    const results = data.results.filter((r) => r.phase === phase);
    const made = section(phase.toLowerCase(), "Tokens per second over all memory that the engine holds: weights, keys and values, expert slots, staging, activations. 100 % is everything resident with the same group.", true);
    chart(made, {
      type: "line",
      data: { datasets: curves(results) },
      options: { parsing: false, interaction: { mode: "nearest", intersect: false }, scales: { x: axis("% of the memory with everything resident", { type: "linear", max: 100 }), y: axis("tokens/s", { beginAtZero: true }) } },
    });
    figures(made, results);
  }
})();
