// Reading the chart point by point: with a pointer, a finger or the arrow keys.

const reader = { chart: null, view: null, rows: [], at: -1 };

function readable(chart, view) {
  Object.assign(reader, { chart, view, rows: [...view.history, ...view.forecast].sort((a, b) => a.day - b.day), at: -1 });
  fill("reading", hint());
}

const hint = () => el("span", { class: "quiet screen" }, "Point at the chart, or focus it and use the arrow keys, to read its numbers.");

function pointed(event) {
  if (!reader.rows.length) return;
  const box = reader.chart.getBoundingClientRect();
  const scale = reader.chart.viewBox.baseVal.width / box.width;
  const day = reader.chart.scale("x").invert((event.clientX - box.left) * scale) / DAY;
  show(d3.leastIndex(reader.rows, (a, b) => Math.abs(a.day - day) - Math.abs(b.day - day)));
}

function pressed(event) {
  const last = reader.rows.length - 1;
  if (last < 0) return;
  const first = Math.min(reader.view.history.length, last);
  const from = reader.at < 0 ? first - (event.key === "ArrowRight" ? 1 : 0) : reader.at;
  const next = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last }[event.key];
  if (event.key === "Escape") return left();
  if (next === undefined) return;
  event.preventDefault();
  show(Math.min(Math.max(next, 0), last));
}

function show(at) {
  if (at === reader.at || !reader.rows[at]) return;
  reader.at = at;
  const row = reader.rows[at];
  reader.chart.querySelector(".cursor")?.remove();
  const x = reader.chart.scale("x").apply(row.date);
  const y = reader.chart.scale("y").apply(row.actual ?? row.q500);
  const height = reader.chart.viewBox.baseVal.height;
  reader.chart.append(svg("g", { class: "cursor", "aria-hidden": "true" },
    svg("line", { x1: x, x2: x, y1: 26, y2: height - 40 }), svg("circle", { cx: x, cy: y, r: 4.5 })));
  fill("reading", said(row, reader.view));
}

function said(row, view) {
  const parts = [el("strong", {}, opening(when(view.by, row.day))), " "];
  if ("actual" in row) parts.push(`reported ${number(row.actual)}`);
  else parts.push(`forecast ${number(row.q500)}`, ...BANDS.toReversed().map((band) =>
    el("span", { class: "pair" }, `${band.level}%: ${range(number(row[band.low]), number(row[band.high]))}`)));
  for (const { made, rows } of "actual" in row ? view.earlier : []) {
    const then = rows.find((one) => one.day === row.day);
    if (then && view.earlier.length === 1) parts.push(el("span", { class: "pair" }, `forecast on ${shortDate(made)}: ${number(then.q500)} (95%: ${range(number(then.q025), number(then.q975))})`));
  }
  return parts;
}

function left() {
  if (!reader.chart) return;
  reader.chart.querySelector(".cursor")?.remove();
  reader.at = -1;
  fill("reading", hint());
}

function listen() {
  const plot = byId("plot");
  plot.addEventListener("pointermove", pointed);
  plot.addEventListener("pointerdown", pointed);
  plot.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && left());
  plot.addEventListener("keydown", pressed);
  plot.addEventListener("blur", left);
}
