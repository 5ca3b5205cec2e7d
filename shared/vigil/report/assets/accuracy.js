// How good forecasts have been: against seasonal naive, and how often the bands held.

const KINDS = {
  known: ["Published forecasts", "As they were published, each scored once, when its numbers had settled."],
  known_backtest: ["Past days replayed", "What this model would have said, from the files as they were known on those days."],
  pseudo: ["Past days reconstructed", "No file of those days was kept: today’s stands in, cut at the day. It holds corrections nobody knew then."],
};

function scored(state, shown) {
  const { source, target } = shown.measure;
  const all = rowsOf(DATA.accuracy, (row) => row("target") === target && row("source") === source && [null, state.place].includes(row("series")));
  const period = all.some((row) => row.period === state.by) ? state.by : DATA.grain;
  return { period, rows: all.filter((row) => row.period === period && row.n > 0) };
}

const kindsOf = (rows) => Object.keys(KINDS).filter((kind) => rows.some((row) => row.vintage_kind === kind));
const whole = (rows) => rows.find((row) => row.horizon === null && row.series === null && row.phase === null);

function accuracy(state, shown) {
  const { period, rows } = scored(state, shown);
  if (!rows.length) return [el("p", { class: "quiet" }, "No forecast has been scored yet: a score waits until what came true has settled.")];
  return [
    el("p", { class: "quiet" }, "Skill is how much smaller the error is than seasonal naive’s, which says that the last week comes again: 0% is no better, 100% would be perfect. Error is the weighted interval score, which counts the whole range. Intervals are 90%; n counts forecasts."),
    el("div", { class: "kinds" }, kindsOf(rows).map((kind) => skills(kind, period, rows.filter((row) => row.vintage_kind === kind), state))),
  ];
}

function skills(kind, period, rows, state) {
  const here = rows.find((row) => row.series === state.place);
  const steps = rows.filter((row) => row.series === null && row.phase === null && row.horizon !== null).sort((a, b) => a.horizon - b.horizon);
  const thinned = steps.filter((row) => steps.length <= 8 || row.horizon === 1 || row.horizon % 7 === 0);
  const phases = rows.filter((row) => row.phase !== null);
  const all = whole(rows);
  const cells = [
    ...(here ? [[placeName(state.place), here, "here"]] : []),
    ...(all ? [["All places", all, "all"]] : []),
    ...thinned.map((row) => [ahead(period, row.horizon), row, "part"]),
    ...["growing", "flat", "falling"].flatMap((phase) => phases.filter((row) => row.phase === phase).map((row) => [`While ${phase}`, row, "part"])),
  ];
  return el("div", { class: "kind" },
    el("h4", {}, KINDS[kind][0]), el("p", { class: "quiet" }, KINDS[kind][1]),
    all && all.skill !== null ? el("p", {}, headline(all)) : null,
    el("div", { class: "scroll" }, el("table", { class: "skill" },
      el("thead", {}, el("tr", {}, ["", "Skill", "", "Error", "Naive’s", "n"].map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, cells.map(([name, row, of]) => el("tr", { class: of },
        el("th", { scope: "row" }, name), el("td", { class: "number" }, percent(row.skill, true)), el("td", {}, whisker(row)),
        el("td", { class: "number" }, number(row.wis)), el("td", { class: "number" }, number(row.naive_wis)), el("td", { class: "number" }, number(row.n))))))));
}

function headline(row) {
  const better = row.skill >= 0;
  const sure = row.skill_low === null ? "too few weeks for an interval" : `90% interval ${range(percent(row.skill_low, true), percent(row.skill_high, true))}`;
  const size = el("strong", {}, `${percent(Math.abs(row.skill))} ${better ? "better" : "worse"} than seasonal naive`);
  const left = row.forecasts_unscored ? `; ${many(row.forecasts_unscored, "forecast")} could not be scored` : "";
  return [size, ` (${sure}), over ${many(row.n, "forecast")}${left}.`];
}

const placeName = (id) => DATA.places.find((place) => place.id === id).name;

// Skill as a dot with its interval; the upright line is seasonal naive.
function whisker(row) {
  const x = d3.scaleLinear([-0.5, 0.75], [2, 78]).clamp(true);
  const said = row.skill_low === null ? percent(row.skill, true) : `${percent(row.skill, true)}, ${range(percent(row.skill_low, true), percent(row.skill_high, true))}`;
  return svg("svg", { viewBox: "0 0 80 16", width: 80, height: 16, role: "img", "aria-label": said, class: "whisker" },
    svg("line", { x1: x(0), x2: x(0), y1: 0, y2: 16, class: "naive" }),
    ...(row.skill_low === null ? [] : [svg("line", { x1: x(row.skill_low), x2: x(row.skill_high), y1: 8, y2: 8, class: "interval" })]),
    ...(row.skill === null ? [] : [svg("circle", { cx: x(row.skill), cy: 8, r: 3.5 })]));
}

function coverage(state, shown) {
  const { rows } = scored(state, shown);
  const kinds = kindsOf(rows).map((kind) => [kind, whole(rows.filter((row) => row.vintage_kind === kind))]).filter(([, row]) => row);
  if (!kinds.length) return [el("p", { class: "quiet" }, "It will be counted here how often what came true lay in each band.")];
  return [
    el("p", { class: "quiet" }, "How often what came true lay within each band, all places together. The upright line is how often it should."),
    el("table", { class: "coverage" },
      el("thead", {}, el("tr", {}, ["Band", "", "Held"].map((text) => el("th", { scope: "col" }, text)))),
      kinds.map(([kind, row]) => el("tbody", {}, el("tr", {}, el("th", { colspan: "3", scope: "rowgroup" }, KINDS[kind][0])),
        [50, 80, 95].map((level) => held(level, row[`coverage${level}`])),
        row.naive_coverage95 === null ? null : held(95, row.naive_coverage95, "95%, naive’s")))),
  ];
}

function held(level, share, name = `${level}%`) {
  const x = d3.scaleLinear([0, 1], [4, 176]);
  const picture = svg("svg", { viewBox: "0 0 180 16", width: 180, height: 16, "aria-hidden": "true", class: "ruler" },
    svg("line", { x1: x(0), x2: x(1), y1: 8, y2: 8, class: "track" }),
    svg("line", { x1: x(level / 100), x2: x(level / 100), y1: 1, y2: 15, class: "due" }),
    ...(share === null ? [] : [svg("circle", { cx: x(share), cy: 8, r: 4.5 })]));
  return el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, picture), el("td", { class: "number" }, share === null ? "–" : `${places1.format(100 * share)}%`));
}
