// The two curves: whether probabilities come true, and whether they tell yes from no.

const SIDE = 300; // at least, in pixels

function square(width, label, x, y, marks) {
  const chart = Plot.plot({
    width, height: Math.round(Math.max(width * 0.86, SIDE * 0.8)),
    marginLeft: 44, marginRight: 16, marginTop: 26, marginBottom: 42,
    style: { fontFamily: "inherit", fontSize: "12px", background: "none" },
    ariaLabel: label,
    x: { domain: [0, 1], label: x, labelAnchor: "center", labelArrow: "none", tickFormat: (share) => percent(share), ticks: 5, tickSize: 4 },
    y: { domain: [0, 1], label: y, labelArrow: "none", tickFormat: (share) => percent(share), ticks: 5, grid: true, tickSize: 0 },
    marks: [Plot.line([[0, 0], [1, 1]], { className: "even" }), ...marks],
  });
  chart.setAttribute("role", "img");
  return chart;
}

const points = (name) => DATA.curves[name].map(([x, y, n]) => ({ x, y, n }));

function trust() {
  const rows = points("reliability");
  if (!rows.length) return [el("p", { class: "quiet" }, "It will be shown here how often what is said comes true.")];
  const near = d3.least(rows, (row) => Math.abs(row.x - DATA.threshold));
  const off = sum(rows, (row) => row.n * Math.abs(row.x - row.y)) / count(rows);
  const spread = `${percent(rows[0].x)} to ${percent(rows.at(-1).x)}`;
  return [
    el("p", {}, `Where it said ${percent(near.x)}, `, el("strong", {}, `${rounded(near.y, 1)} of 100`), ` turned out so. On average it is off by ${places1.format(100 * off)} percentage points.`),
    el("div", { class: "plot", id: "reliability" }),
    el("p", { class: "note" }, `Each point is ${d3.min(rows, (row) => row.n) === d3.max(rows, (row) => row.n) ? "" : "about "}${number(Math.round(count(rows) / rows.length))} ${DATA.noun}, from ${spread}; on the dashed line what is said comes true.`),
    el("details", {}, el("summary", {}, "The points as a table"),
      grid("What was said, and how often it came true", ["Said", "Came true", opening(DATA.noun)], rows.map((row) => [`${places1.format(100 * row.x)}%`, `${places1.format(100 * row.y)}%`, number(row.n)]))),
  ];
}

function apart() {
  const rows = points("roc");
  if (!rows.length || DATA.judged?.auc == null) return [el("p", { class: "quiet" }, "It will be shown here how well yes is told from no.")];
  return [
    el("p", {}, `Of two ${DATA.noun}, one that turned out so and one that did not, it gives the first the higher probability `, el("strong", {}, `${rounded(DATA.judged.auc, 1)} times of 100`), ". Guessing: 50."),
    el("div", { class: "plot", id: "roc" }),
    el("p", { class: "note" }, `The curve shows how many of those that turn out so are found, at the price of how many false alarms. Area under it (AUC): ${DATA.judged.auc.toFixed(3)}.`),
    el("details", {}, el("summary", {}, "The curve as a table"),
      grid("Found of all that turn out so, by false alarms of all that do not", ["False alarms", "Found"], thinned(rows).map((row) => [percent(row.x), percent(row.y)]))),
  ];
}

// A row for each tenth of the false alarms.
const thinned = (rows) => d3.range(0.1, 1.01, 0.1).map((at) => d3.least(rows, (row) => Math.abs(row.x - at))).filter((row, i, all) => row !== all[i - 1]);

function reliability(width) {
  const rows = points("reliability");
  return square(width, `Reliability: ${rows.map((row) => `said ${percent(row.x)}, came ${percent(row.y)}`).join("; ")}.`, "said", "↑ turned out so", [
    Plot.line(rows, { x: "x", y: "y", className: "curve" }),
    Plot.dot(rows, { x: "x", y: "y", r: 4, className: "point" }),
  ]);
}

function roc(width) {
  const rows = [{ x: 0, y: 0 }, ...points("roc"), { x: 1, y: 1 }];
  const { true_positives: hits, false_positives: alarms, false_negatives: missed, true_negatives: rest } = DATA.judged;
  const flag = hits === undefined ? [] : [{ x: alarms / (alarms + rest), y: hits / (hits + missed) }];
  const said = flag.map((row) => ` Flagged from ${percent(DATA.threshold)} on: ${percent(row.y)} found, ${percent(row.x)} false alarms.`);
  const chart = square(width, `ROC curve, area ${DATA.judged.auc.toFixed(3)}.${said.join("")}`, "false alarms, of all that do not", "↑ found, of all that do", [
    Plot.line(rows, { x: "x", y: "y", className: "curve" }),
    Plot.dot(flag, { x: "x", y: "y", r: 5.5, className: "flag" }),
  ]);
  for (const row of flag) {
    const at = { x: chart.scale("x").apply(row.x) + 11, y: chart.scale("y").apply(row.y) + 12, class: "label", "text-anchor": "start" };
    chart.append(svg("text", at, `flagged from ${percent(DATA.threshold)} on`));
  }
  return chart;
}

function draw() {
  for (const [id, made] of Object.entries({ reliability, roc })) {
    const box = byId(id);
    if (box) box.replaceChildren(made(Math.max(Math.round(box.clientWidth), 240)));
  }
}
