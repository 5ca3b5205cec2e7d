// The chart: what was reported, the newest forecast as a fan, earlier ones over what came true.

function fan(view) {
  const last = view.history.at(-1);
  const first = view.forecast[0];
  if (!last || !first || first.day - last.day > 2 * STEP[view.by]) return view.forecast;
  return [{ ...last, ...level(last.actual) }, ...view.forecast];
}

function extent(view) {
  const values = [
    ...view.history.map((row) => row.actual),
    ...view.forecast.flatMap((row) => [row.q025, row.q975]),
    ...view.earlier.flatMap((one) => one.rows.flatMap((row) => (view.earlier.length > 1 ? [row.q500] : [row.q025, row.q975]))),
  ];
  const [low, high] = d3.extent(values);
  if (low === undefined) return [0, 1];
  const room = (high - low) * 0.05 || Math.abs(high) * 0.05 || 1;
  if (view.by === "total") return [low - room, high + room];
  const small = view.measure.counts && low > -0.03 * high; // a correction that the axis need not show
  return [low < 0 && !small ? low - room : 0, high > 0 ? high + room : 0];
}

function earlierMarks(view) {
  const one = view.earlier.length === 1;
  return view.earlier.flatMap(({ from, rows }) => [
    ...(one ? [Plot.areaY([...from, ...rows], { x: "date", y1: "q025", y2: "q975", className: "past-95" })] : []),
    ...(one ? [Plot.areaY([...from, ...rows], { x: "date", y1: "q250", y2: "q750", className: "past-50" })] : []),
    Plot.lineY([...from, ...rows], { x: "date", y: "q500", className: "past" }),
    Plot.dot(rows, { x: "date", y: "q500", r: view.by === "week" ? 2 : 1, className: "past-dot" }),
  ]);
}

function marks(view) {
  const rows = fan(view);
  const dots = view.history.length <= 60 || view.line.length > view.history.length; // alone between gaps
  return [
    Plot.ruleY([0].filter(() => view.by !== "total"), { className: "zero" }),
    ...BANDS.map((band) => Plot.areaY(rows, { x: "date", y1: band.low, y2: band.high, className: `band-${band.level}` })),
    ...earlierMarks(view),
    Plot.lineY(rows, { x: "date", y: "q500", className: "median" }),
    Plot.dot(view.forecast, { x: "date", y: "q500", r: view.forecast.length > 10 ? 1.5 : 2.5, className: "median-dot" }),
    Plot.lineY(view.line, { x: "date", y: "actual", className: "actual" }),
    ...(dots ? [Plot.dot(view.history, { x: "date", y: "actual", r: 2, className: "actual-dot" })] : []),
    Plot.ruleX([dateOf(view.measure.known)], { className: "known" }),
  ];
}

// Ticks people count in: whole ones of what is counted, all with the same unit and decimals.
function upright([low, high], counted, most) {
  const step = Math.max(d3.tickStep(low, high, most), counted ? 1 : 0);
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  const [size, letter] = [[1e9, "B"], [1e6, "M"], [1e4, "k"], [0, ""]].find(([from]) => Math.max(-low, high) >= from);
  const unit = letter === "k" ? 1e3 : size || 1;
  const decimals = Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9));
  const format = new Intl.NumberFormat("en-GB", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return {
    domain: [first * step, last * step],
    ticks: d3.range(first, last + 1).map((n) => n * step),
    tickFormat: (value) => (value === 0 ? "0" : `${signed(format.format(value / unit))}${letter}`),
  };
}

function drawn(view, width) {
  const narrow = width < 520;
  const rows = [...view.history, ...view.forecast, ...view.earlier.flatMap((one) => one.rows)];
  const chart = Plot.plot({
    width,
    height: Math.round(Math.min(Math.max(width * 0.46, 250), 420)),
    marginLeft: 46, marginRight: 54, marginTop: 26, marginBottom: 40,
    style: { fontFamily: "inherit", fontSize: "12px", background: "none", overflow: "visible" },
    ariaLabel: described(view),
    x: { type: "utc", label: null, domain: d3.extent(rows, (row) => row.date), ticks: narrow ? 4 : 8, tickSize: 4 },
    y: { label: null, grid: true, ...upright(extent(view), view.measure.counts && view.by !== "total", narrow ? 5 : 6), tickSize: 0 },
    marks: marks(view),
  });
  chart.setAttribute("role", "img");
  labelled(chart, view);
  return chart;
}

// The names of the bands where they end, and of the day up to which data is known.
function labelled(chart, view) {
  const x = chart.scale("x").apply;
  const y = chart.scale("y").apply;
  const end = view.forecast.at(-1);
  if (!end) return;
  const names = [["median", "q500"], ...BANDS.toReversed().map((band) => [`${band.level}%`, band.high])];
  let below = Infinity;
  for (const [name, at] of names) {
    const height = Math.min(y(end[at]), below - 13);
    below = height;
    chart.append(svg("text", { x: x(end.date) + 7, y: height, dy: "0.35em", class: "label", "text-anchor": "start" }, name));
  }
  const known = { x: x(dateOf(view.measure.known)) - 6, y: 14, class: "label known-label", "text-anchor": "end" };
  chart.append(svg("text", known, `data to ${shortDate(view.measure.known)}`));
}

function described(view) {
  const place = DATA.places.find((one) => one.id === view.measure.series[view.series]);
  const end = view.forecast.at(-1);
  const { last } = view;
  const said = [`${view.title}, ${place.name}.`];
  if (last) said.push(`Last reported: ${number(last.actual)}, ${when(view.by, last.day)}.`);
  if (end) said.push(`Forecast for ${when(view.by, end.day)}: median ${number(end.q500)}, 95% between ${range(number(end.q025), number(end.q975))}.`);
  return said.join(" ");
}
