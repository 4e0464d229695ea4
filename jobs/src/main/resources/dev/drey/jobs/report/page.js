"use strict";
// What pages have in common: their data, numbers as text, elements, charts.
const page = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const main = document.getElementById("main");
  const palette = ["#3b7dd8", "#c8452f", "#2b8a57", "#7a5bb5", "#e0a526", "#128a9e", "#b0548c", "#6b7a31", "#8a5a3c", "#55657a"];

  // -- numbers as text

  const round = (value, digits) => Number(value).toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
  const count = (value) => Number(value).toLocaleString("en");
  const percent = (share) => round(100 * share, 1) + " %";
  const millis = (nanos) => round(nanos / 1e6, 2) + " ms";
  const seconds = (nanos) => round(nanos / 1e9, 3) + " s";
  const bytes = (value) => {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let unit = 0;
    let rest = value;
    while (rest >= 1000 && unit < units.length - 1) { rest /= 1000; unit++; }
    return round(rest, unit === 0 ? 0 : 1) + " " + units[unit];
  };

  // -- elements

  function element(parent, name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    parent.appendChild(made);
    return made;
  }

  function section(title, text, wide) {
    const made = element(main, "section", wide ? "wide" : "");
    element(made, "h2", "", title);
    element(made, "p", "", text);
    return made;
  }

  function table(parent, rows) {
    const made = element(parent, "table");
    for (const [name, value] of rows) {
      const row = element(made, "tr");
      element(row, "td", "", name);
      element(row, "td", "", value);
    }
  }

  function legend(parent, entries) {
    const made = element(parent, "p", "legend");
    for (const [name, colour] of entries) {
      const entry = element(made, "span");
      element(entry, "i").style.background = colour;
      entry.append(name);
    }
  }

  function chart(parent, config) {
    const canvas = element(element(parent, "div", "chart"), "canvas");
    config.options = Object.assign({ animation: false, maintainAspectRatio: false, interaction: { mode: "index", intersect: false } }, config.options);
    return new Chart(canvas, config);
  }

  const axis = (title, more) => Object.assign({ title: { display: true, text: title } }, more);

  return { data, main, palette, round, count, percent, millis, seconds, bytes, element, section, table, legend, chart, axis };
})();
