// The numbers of the chart for those who would rather read, or cannot see it.

const band = (row, level) => {
  const { low, high } = BANDS.find((one) => one.level === level);
  return row[low] === undefined ? "" : range(number(row[low]), number(row[high]));
};

function tables(view) {
  const date = { week: "Week to", day: "Day", total: "Up to" }[view.by];
  const now = [
    ...view.history.map((row) => [tableDate(row.day), number(row.actual), "", "", "", ""]),
    ...view.forecast.map((row) => [tableDate(row.day), "", number(row.q500), band(row, 50), band(row, 80), band(row, 95)]),
  ];
  const came = new Map(view.history.map((row) => [row.day, row.actual]));
  const then = view.earlier.flatMap(({ made, rows }) =>
    rows.map((row) => [tableDate(made), tableDate(row.day), number(row.q500), band(row, 50), band(row, 95), number(came.get(row.day))]));
  return [
    grid(`${view.title}: reported, and the newest forecast`, [date, "Reported", "Median", "50%", "80%", "95%"], now.reverse()),
    then.length ? grid("Earlier forecasts, and what came true", ["Data to", date, "Median", "50%", "95%", "Came true"], then.reverse()) : null,
  ];
}
