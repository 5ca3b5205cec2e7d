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
        row.last_date ? `${ended ? "ended upstream: its last numbers are of" : "has numbers up to"} ${fullDate(row.last_date)}. Newest content` : row.issued_at ? "has newest content" : "has given nothing yet",
        row.issued_at ? ` of ${fullDate(row.issued_at)}` : "", row.checked_at ? `, last asked ${fullDate(row.checked_at)}.` : ".",
        row.errors || row.warnings ? el("div", { class: "quiet" }, `${[row.errors ? many(row.errors, "error") : "", row.warnings ? many(row.warnings, "warning") : ""].filter(Boolean).join(", ")} stand against it${row.worst ? `. The worst: ${row.worst}` : "."}`) : null));
  }))];
}

// Who serves, since when and why, and what else is to be said of it.
function facts(what, issued, more = []) {
  const row = DATA.model;
  const age = Math.round((new Date(issued) - new Date(row.as_of)) / DAY);
  const said = [
    ["Model", `${opening(RECIPES[row.recipe] || row.recipe || "")}, version ${row.version}`],
    ["Serves since", fullDate(row.served_from || row.decided_at)],
    ["Has learnt from", `what was known on ${fullDate(row.as_of)}, ${many(age, "day")} before this ${what}`],
    ["Why", opening(row.reason || "")],
    ["Decided by", row.decided_by],
    ...more,
  ];
  return el("dl", { class: "facts" }, said.filter(([, text]) => text).flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)]));
}

// How much of another's error it makes, on so many of something.
function judged(error, counted) {
  const row = DATA.model;
  if (row.relative_wis === null || row.relative_wis === undefined || !row.judged_against) return [];
  const interval = row.relative_low === null ? "" : ` (${range(number(row.relative_low), number(row.relative_high))})`;
  return [["Judged", `${error} ${number(row.relative_wis)} times that of ${RECIPES[row.judged_against] || row.judged_against}${interval} on ${many(row.origins || 0, ...counted)}`]];
}

function footer() {
  const link = el("a", { href: DATA.homepage, rel: "noopener noreferrer" }, DATA.homepage);
  return [
    el("p", {}, `Data: ${DATA.producer}, ${DATA.licence}. `, link),
    el("p", {}, DATA.citation),
    el("p", {}, `Page made ${moment(DATA.made)} by Vigil. It holds all its data and asks nothing of any network. ${CAVEAT}`),
  ];
}
