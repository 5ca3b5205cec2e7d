// What moves the forecast of a place, in sentences, the strongest first.

function drivers(state, shown) {
  const { source, target } = shown.measure;
  const all = rowsOf(DATA.drivers, (row) => row("series") === state.place && row("target") === target && row("source") === source);
  if (!all.length) return [el("p", { class: "quiet" }, noDrivers(shown.naive))];
  const steps = [...new Set(all.map((row) => row.horizon))].sort((a, b) => a - b);
  const at = steps.includes(state.ahead) ? state.ahead : steps[0];
  const rows = all.filter((row) => row.horizon === at).sort((a, b) => a.rank - b.rank);
  const most = Math.max(...rows.map((row) => row.share));
  return [
    el("p", { class: "quiet" }, `What pushes the forecast for ${DATA.grain === "week" ? "the " : ""}${when(DATA.grain, rows[0].target_date)} up (▲) or pulls it down (▼).`),
    steps.length > 1 ? radios(`${opening(DATA.grain)}s ahead`, "ahead", steps.map((step) => [step, String(step)]), at) : null,
    el("ul", { class: "drivers" }, rows.map((row) => driver(row, most))),
  ];
}

function driver(row, most) {
  const up = row.contribution >= 0;
  return el("li", { class: up ? "up" : "down" },
    el("span", { class: "share", "aria-hidden": "true" }, el("i", { style: `width:${(100 * row.share) / most}%` })),
    el("span", { class: "arrow", "aria-hidden": "true" }, up ? "▲" : "▼"),
    el("span", {}, row.sentence));
}

function noDrivers(here) {
  if (here) return "Seasonal naive repeats what was: nothing else moves it.";
  return DATA.model ? "No drivers are told of this series: it is a sum of others, or its forecast comes from another model." : "There are no drivers before a model has been trained.";
}
