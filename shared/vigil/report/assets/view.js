// What a view of the series shows.

// Columns as rows that satisfy a test. Texts stand once, and where they are.
function rowsOf(table, wanted) {
  const names = Object.keys(table);
  const value = (name, i) => (table[name].of ? table[name].of[table[name].at[i]] ?? null : table[name][i]);
  const found = [];
  for (let i = 0; i < table.series.at.length; i++)
    if (wanted((name) => value(name, i))) found.push(Object.fromEntries(names.map((name) => [name, value(name, i)])));
  return found;
}

const BANDS = [
  { level: 95, low: "q025", high: "q975" },
  { level: 80, low: "q100", high: "q900" },
  { level: 50, low: "q250", high: "q750" },
];
const QUANTILES = ["q025", "q100", "q250", "q500", "q750", "q900", "q975"];
const PAST = ["q025", "q250", "q500", "q750", "q975"];

// A point as a distribution, where a fan begins.
const level = (value) => Object.fromEntries(QUANTILES.map((name) => [name, value]));

// One series of a grid that lies flat: series by dates.
const cut = (flat, series, width) => flat.slice(series * width, (series + 1) * width);

function quantiles(grid, names, series) {
  const columns = grid.q.map((flat) => cut(flat, series, grid.dates.length));
  return grid.dates
    .map((day, i) => ({ day, date: dateOf(day), ...Object.fromEntries(names.map((name, n) => [name, columns[n][i]])) }))
    .filter((row) => row.q500 !== null);
}

const SPANS = { 61: "2 months", 122: "4 months", 365: "1 year", 731: "2 years" };

function view(state) {
  const measure = DATA.measures[state.measure];
  const series = measure.series.indexOf(state.place);
  const grid = measure.periods[state.by];
  const actual = cut(grid.actual, series, grid.days.length);
  const since = measure.known - state.span;
  const line = grid.days.map((day, i) => ({ day, date: dateOf(day), actual: actual[i] ?? NaN })).filter((row) => row.day >= since);
  const all = grid.days.map((day, i) => ({ day, date: dateOf(day), actual: actual[i] })).filter((row) => row.actual !== null);
  const forecast = quantiles(grid, QUANTILES, series);
  const made = state.by === DATA.grain ? measure.earlier : [];
  const from = (day) => all.filter((row) => row.day === day && day >= since).map((row) => ({ ...row, ...level(row.actual) }));
  const earlier = made
    .filter((one) => state.past === "all" || String(one.made) === state.past)
    .map((one) => ({ made: one.made, from: from(one.made), rows: quantiles(one, PAST, series).filter((row) => row.day >= since) }))
    .filter((one) => one.rows.length);
  return {
    measure, series, by: state.by, since, earlier,
    history: all.filter((row) => row.day >= since), last: all.at(-1), before: all.find((row) => row.day === all.at(-1).day - 7), line, forecast,
    title: measure.titles[state.by],
    past: made.map((one) => one.made),
    phase: measure.phase[series],
    naive: measure.naive[series],
  };
}

// What a step of each period is called.
const STEP = { day: 1, week: 7, total: 1 };
const UNITS = { day: "day", week: "week", total: "day" };
const ahead = (period, horizon) => `${many(horizon, UNITS[period])} ahead`;
const when = (period, day) =>
  period === "week" ? `week to ${fullDate(day)}` : period === "total" ? `up to ${fullDate(day)}` : fullDate(day);
