// What is switched: target, source, period, span, earlier forecasts.

function radios(legend, name, choices, current) {
  return el("fieldset", { class: "radios" }, el("legend", {}, legend), el("div", {}, choices.map(([value, text]) =>
    el("label", {}, el("input", { type: "radio", name, value: String(value), checked: String(value) === String(current) }), el("span", {}, text)))));
}

function select(label, name, choices, current) {
  return el("label", { class: "select" }, el("span", {}, label), el("select", { name }, choices.map(([value, text]) =>
    el("option", { value: String(value), selected: String(value) === String(current) }, text))));
}

const BY = { week: "Week", day: "Day", total: "Running total" };

function controls(state, shown) {
  const own = measuresOf(state.place).map((i) => DATA.measures[i]);
  const { target, source, periods } = shown.measure;
  const targets = [...new Map(own.map((one) => [one.target, one.noun]))];
  const sources = own.filter((one) => one.target === target).map((one) => [one.source, one.source]);
  const spans = Object.entries(SPANS).filter(([days]) => available(shown, state, Number(days)));
  const past = [["all", "All"], ["none", "None"], ...shown.past.toReversed().map((day) => [day, `Data to ${shortDate(day)}`])];
  return [
    targets.length > 4 ? select("Target", "target", targets, target) : targets.length > 1 ? radios("Target", "target", targets, target) : null,
    sources.length > 1 ? select("Source", "source", sources, source) : null,
    radios("By", "by", Object.keys(BY).filter((by) => periods[by]).map((by) => [by, BY[by]]), state.by),
    spans.length > 1 ? select("Shown", "span", spans, state.span) : null,
    shown.past.length ? select("Earlier forecasts", "past", past, state.past) : null,
  ].filter(Boolean);
}

// A span is offered when there is something to see in it that the one before did not show.
function available(shown, state, days) {
  const first = shown.measure.known - shown.measure.periods[state.by].days[0];
  const shorter = Object.keys(SPANS).map(Number).filter((one) => one < days);
  return days === state.span || first > Math.max(0, ...shorter);
}

function switchable() {
  byId("main").addEventListener("change", (event) => {
    const { name, value } = event.target;
    if (name === "target") go({ target: value, source: null });
    else if (name === "by") go({ by: value, span: null, ahead: null });
    else if (name) go({ [name]: value });
  });
}
