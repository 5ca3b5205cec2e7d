// Where the numbers come from, how they are, and which model speaks.

const STATUS = {
  ok: ["✓", "well"], warning: ["!", "with warnings"], stale: ["!", "late"], refused: ["✕", "refused"], ended: ["■", "ended"],
};

function health() {
  if (!DATA.health.length) return [el("p", { class: "quiet" }, "Nothing has been taken in yet.")];
  return [el("ul", { class: "health" }, DATA.health.map((row) => {
    const [glyph, word] = STATUS[row.status] || ["?", row.status];
    const ended = row.status === "ended";
    return el("li", {},
      el("span", { class: `status ${row.status}` }, el("b", { "aria-hidden": "true" }, glyph), ` ${word}`),
      el("div", {}, el("strong", {}, row.source), " ",
        row.last_date ? `${ended ? "ended upstream: its last numbers are of" : "has numbers up to"} ${fullDate(row.last_date)}.` : "has given no numbers yet.",
        row.issued_at ? ` Newest content ${fullDate(row.issued_at)}` : "", row.checked_at ? `, last asked ${fullDate(row.checked_at)}.` : "",
        row.errors || row.warnings ? el("div", { class: "quiet" }, `${[row.errors ? many(row.errors, "error") : "", row.warnings ? many(row.warnings, "warning") : ""].filter(Boolean).join(", ")} stand against it${row.worst ? `. The worst: ${row.worst}` : "."}`) : null));
  }))];
}

const RECIPES = {
  lightgbm: "boosted trees (LightGBM)", ridge: "ridge regression", damped_growth: "damped growth", seasonal_naive: "seasonal naive",
};

function model(shown) {
  const row = DATA.model;
  const what = `It knew everything up to ${moment(shown.measure.issued)}.`;
  if (!row && !shown.measure.naive.every(Boolean)) return [el("p", {}, "No decision about this model is on record. ", what)];
  if (!row) return [el("p", {}, "No trained model serves. Seasonal naive says that the last week comes again; its ranges are as wide as it has been wrong before. "), el("p", {}, what)];
  const age = Math.round((new Date(shown.measure.issued) - new Date(row.as_of)) / DAY);
  const facts = [
    ["Model", `${opening(RECIPES[row.recipe] || row.recipe || "")}, version ${row.version}`],
    ["Serves since", fullDate(row.served_from || row.decided_at)],
    ["Has learnt from", `what was known on ${fullDate(row.as_of)}, ${many(age, "day")} before this forecast`],
    ["Why", opening(row.reason || "")],
    ["Decided by", row.decided_by],
  ];
  if (row.relative_wis !== null && row.relative_wis !== undefined && row.judged_against)
    facts.push(["Judged", `error ${number(row.relative_wis)} times that of ${RECIPES[row.judged_against] || row.judged_against}${row.relative_low === null ? "" : ` (${range(number(row.relative_low), number(row.relative_high))})`} on ${many(row.origins || 0, "past week")}`]);
  return [el("dl", { class: "facts" }, facts.filter(([, text]) => text).flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)])), el("p", { class: "quiet" }, what)];
}

function footer() {
  const link = el("a", { href: DATA.homepage, rel: "noopener noreferrer" }, DATA.homepage);
  return [
    el("p", {}, `Data: ${DATA.producer}, ${DATA.licence}. `, link),
    el("p", {}, DATA.citation),
    el("p", {}, `Page made ${moment(DATA.made)} by Vigil. It holds all its data and asks nothing of any network. A forecast is a range of what may come if things go on as they have before; it knows nothing of decisions still to be made.`),
  ];
}
