// One way round: controls change the address, the address is drawn.

const TREND = {
  growing: ["▲ Growing", "The last 7 days are more than 15% above the 7 before."],
  flat: ["▬ Flat", "The last 7 days are within 15% of the 7 before."],
  falling: ["▼ Falling", "The last 7 days are more than 15% below the 7 before."],
};
const FEW = 20; // below it a per cent says more than there is

function figure(name, value, detail, of = "") {
  return el("div", { class: of }, el("dt", {}, name), el("dd", {}, el("b", {}, value), el("span", {}, detail)));
}

function figures(shown) {
  const { before, last } = shown;
  const made = [];
  if (last) made.push(figure(opening(when(shown.by, last.day)), number(last.actual), before ? change(shown, before, last) : "reported"));
  for (const row of new Set([shown.forecast[0], shown.forecast.at(-1)].filter(Boolean))) {
    const width = row.q900 - row.q100;
    made.push(figure(opening(when(shown.by, row.day)), about(row.q500, width), `80% between ${between(about(row.q100, width), about(row.q900, width))}`, "ahead"));
  }
  const [word, meaning] = TREND[shown.phase] || [];
  if (word) made.push(figure("As things stand", word, meaning, `trend ${shown.phase}`));
  return made;
}

function change(shown, before, last) {
  const step = { week: "the week before", day: "that day a week before", total: "a week before" }[shown.by];
  if (shown.by === "total" || !shown.measure.counts || before.actual < FEW) return `reported; ${number(before.actual)} ${step}`;
  return `reported; ${percent(last.actual / before.actual - 1, true)} on ${step}`;
}

function legend(shown) {
  const swatch = (name, text) => el("span", {}, el("i", { class: `swatch ${name}` }), text);
  return [
    swatch("s-actual", "Reported"),
    shown.forecast.length ? swatch("s-fan", "Forecast: median, and where 50%, 80% and 95% of outcomes should lie") : null,
    shown.earlier.length ? swatch("s-past", shown.earlier.length > 1 ? "Earlier forecasts: medians" : `Forecast made with data to ${fullDate(shown.earlier[0].made)}: median, 50% and 95%`) : null,
  ];
}

function here(state, shown) {
  return [
    shown.naive && !shown.measure.naive.every(Boolean) ? notice("The model has left this series out: its forecast is seasonal naive, the last week again.") : null,
    shown.forecast.length ? null : notice("There is no forecast of this series: too little is known of it."),
    shown.measure.ended === null ? null : el("p", { class: "notice ended" }, `These numbers have ended upstream: the last are of ${fullDate(shown.measure.ended)}, and this is the last forecast.`),
  ];
}

let current;

function chart() {
  const width = Math.max(Math.round(byId("plot").clientWidth), 280);
  const { history, forecast } = current.shown;
  if (!history.length && !forecast.length) return nothing();
  const made = drawn(current.shown, width);
  byId("plot").replaceChildren(made);
  readable(made, current.shown);
}

function nothing() {
  Object.assign(reader, { chart: null, rows: [] });
  fill("plot", el("p", { class: "quiet" }, "Nothing was reported in the span that is shown."));
  fill("reading");
}

function draw() {
  const state = resolved();
  const shown = view(state);
  const before = current;
  current = { state, shown };
  const place = DATA.places.find((one) => one.id === state.place);
  document.title = `${place.name}: ${shown.measure.noun.toLowerCase()}, forecast of ${tableDate(shown.measure.issued)}`;
  byId("place").textContent = place.name;
  byId("where").textContent = place.where;
  fill("here", here(state, shown));
  fill("figures", figures(shown));
  byId("chart-title").textContent = shown.title;
  fill("legend", legend(shown));
  refocused("controls", controls(state, shown));
  refocused("drivers", drivers(state, shown));
  fill("accuracy", accuracy(state, shown));
  fill("coverage", coverage(state, shown));
  fill("model", model(shown));
  numbers();
  chart();
  if (!before || before.state.place !== state.place || before.state.measure !== state.measure) list(state);
}

// Controls are made anew, and the one in use keeps the focus.
function refocused(id, children) {
  const active = document.activeElement;
  const inside = byId(id).contains(active);
  fill(id, children);
  if (!inside) return;
  const same = [...byId(id).querySelectorAll(`[name="${active.name}"]`)];
  (same.find((one) => one.value === active.value) || same[0])?.focus();
}

function numbers() {
  fill("table", byId("numbers").open ? tables(current.shown) : []);
}

const CAVEAT = "A forecast is a range of what may come if things go on as they have before; it knows nothing of decisions still to be made.";

const RECIPES = {
  lightgbm: "boosted trees (LightGBM)", ridge: "ridge regression", damped_growth: "damped growth", seasonal_naive: "seasonal naive",
};

function model(shown) {
  const what = `It knew everything up to ${moment(shown.measure.issued)}.`;
  if (!DATA.model && !shown.measure.naive.every(Boolean)) return [el("p", {}, "No decision about this model is on record. ", what)];
  if (!DATA.model) return [el("p", {}, "No trained model serves. Seasonal naive says that the last week comes again; its ranges are as wide as it has been wrong before. "), el("p", {}, what)];
  return [facts("forecast", shown.measure.issued, judged("error", ["past week"])), el("p", { class: "quiet" }, what)];
}

function knowing() {
  const issued = DATA.measures.map((one) => one.issued).sort().at(-1);
  const known = Math.max(...DATA.measures.map((one) => one.known));
  return issued ? ["Forecast made on ", el("strong", {}, fullDate(issued)), ", knowing data to ", el("strong", {}, fullDate(known)), "."] : [];
}

function begin() {
  if (!DATA.measures.length) return;
  byId("frame").hidden = false;
  pickable();
  switchable();
  listen();
  draw();
  byId("numbers").addEventListener("toggle", numbers);
  addEventListener("hashchange", draw);
  resized(byId("plot"), chart);
}
