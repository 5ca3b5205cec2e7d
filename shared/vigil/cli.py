"""The command `vigil`."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from vigil import datasets, log, screen
from vigil.absent import absent
from vigil.errors import Rejected, VigilError
from vigil.export import csv_text
from vigil.jobs import chosen
from vigil.messages import Tick, parse_moment

if TYPE_CHECKING:  # imported where they are used: help must not wait for Google's clients
    from vigil.cloud import Cloud
    from vigil.jobs import Job, Scheduler, Standing

STEPS = ("ingest", "train", "predict")
HOURS = 12 * 3600.0  # a person at a terminal sees the progress and may press Ctrl-C

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Serverless forecasts for public health, in BigQuery every morning.\n\n"
    "Without VIGIL_PROJECT the commands work on a local cloud that they start themselves; "
    "with VIGIL_PROJECT they work on that Google Cloud project, with your application default "
    "credentials.\n\nExit codes: 0 done, 2 the input was refused, 1 anything else.",
    epilog="Example: vigil ingest jhu_global && vigil predict jhu_global --series France",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A dataset, such as jhu_global.")]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="T",
        help="The moment up to which knowledge counts (UTC); a bare date is the end of that day.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


@dataclass(frozen=True)
class Session:
    """A cloud to work with, and whether somebody listens to messages."""

    cloud: "Cloud"
    has_bus: bool


@contextmanager
def session(*, mlflow: bool = False, pandas: bool = False) -> Iterator[Session]:
    """Google's cloud when VIGIL_PROJECT names one, else the local cloud.

    What trains needs *pandas*, as MLflow does; else Arrow would load it to look for frames.
    """
    with ExitStack() as stack:
        if not (pandas or mlflow):
            stack.enter_context(absent("pandas"))
        has_bus = True
        if not os.environ.get("VIGIL_PROJECT"):
            from vigil.local.up import local_cloud

            with screen.busy("starting the local cloud"):
                has_bus = stack.enter_context(local_cloud(mlflow=mlflow)).has_bus
        from vigil.cloud import Cloud
        from vigil.deadline import Deadline

        yield Session(Cloud.from_env(Deadline(HOURS)), has_bus)


def tick_for(name: str, as_of: str | None) -> Tick:
    """A Tick for a dataset that there is, with the moment the user declared, or now."""
    dataset = datasets.load(name).name
    if as_of:
        return Tick(dataset, parse_moment(as_of, "--as-of"))
    return Tick(dataset, datetime.now(UTC), declared=False)


@app.command("datasets", epilog="Example: vigil datasets jhu_global --json")
def show_datasets(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None, *, as_json: Json = False
) -> None:
    """List the datasets, or show one of them whole."""
    if name:
        fields = datasets.load(name).model_dump(mode="json")
        screen.print_json(fields) if as_json else screen.out.print(fields)
        return
    rows = [
        {
            "name": one.name,
            "title": one.title,
            "targets": ", ".join(one.targets),
            "horizon": one.horizon,
            "ended": max((str(s.ended or "") for s in one.sources.values()), default=""),
        }
        for one in map(datasets.load, datasets.names())
    ]
    screen.print_json(rows) if as_json else screen.table(rows)


@app.command(
    epilog="Example: vigil ingest jhu_global --as-of 2021-01-30 --source deaths=deaths.csv.gz"
)
def ingest(
    name: Name,
    as_of: AsOf = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=PATH_OR_URL",
            help="Read this source from there; sources not named are then left as they are.",
        ),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Bring a dataset's observations up to its sources."""
    tick, given = tick_for(name, as_of), dict(map(_pair, source or []))
    with session() as here:
        from vigil.steps.ingest import ingest as step

        with screen.busy(f"ingesting {name}"):
            following = step(tick, here.cloud, given)
        sent = bool(following and here.has_bus)
        if following and sent:
            here.cloud.bus.publish("predict", following)
        _report(here.cloud, "ingest", tick, as_json=as_json, sent=sent)
        if following and not sent and not as_json:
            screen.out.print(f"A forecast is due: vigil predict {name}")


def _pair(text: str) -> tuple[str, str]:
    name, equals, location = text.partition("=")
    if not equals or not location:
        raise Rejected("--source", rule="name", expected="NAME=PATH_OR_URL", found=repr(text))
    return name, location


def _report(cloud: "Cloud", step: str, tick: Tick, *, as_json: bool, **more: object) -> None:
    """What the ledger says of a run that has just ended."""
    from vigil.ledger import run_id

    named, cloud = run_id(step, tick.dataset, tick.as_of), cloud.of(tick.dataset)
    [run] = cloud.warehouse.rows(
        "SELECT run_id, status, reason, `rows`, bytes, seconds, peak_mb FROM runs "
        "WHERE run_id = @run_id ORDER BY started_at DESC LIMIT 1",
        run_id=named,
    )
    found = cloud.warehouse.rows(
        "SELECT severity, rule, scope, expected, found FROM findings "
        "WHERE run_id = @run_id ORDER BY severity DESC, rule, scope",
        run_id=named,
    )
    if as_json:
        tick_sent = {"tick_sent": more["sent"]} if "sent" in more else {}
        decided = {"decisions": more["decisions"]} if "decisions" in more else {}
        screen.print_json(
            {"dataset": tick.dataset, **run, **tick_sent, **decided, "findings": found}
        )
        return
    status = f"{tick.dataset}: {run['status']}, {run['rows']:,} rows in {run['seconds']:.1f} s"
    screen.out.print(f"{status} ({run['reason']})" if run["reason"] else status)
    if found:
        screen.table(found, "findings")


@app.command(epilog="Example: vigil backfill jhu_global ~/vintages")
def backfill(
    name: Name,
    folder: Annotated[Path, typer.Argument(metavar="DIR", exists=True, file_okay=False)],
    *,
    as_json: Json = False,
) -> None:
    """Take in a folder of earlier files, each at the moment that its name or folder says."""
    from vigil.steps import backfill as backfills

    files = backfills.look(datasets.load(name), folder)
    with session() as here, screen.progress() as bars:
        refused = backfills.backfill(name, files, here.cloud, bars)
        tick = Tick(name, max(files.moments))
        _report(here.cloud, "ingest", tick, as_json=as_json)
    for reason in refused:
        screen.err.print(f"refused: {reason}", style="red", soft_wrap=True)
    if files.left_alone and not as_json:
        screen.out.print(f"{len(files.left_alone)} files of other kinds left alone")
    if refused:
        raise typer.Exit(2)


@app.command(epilog="Example: vigil rebuild jhu_global")
def rebuild(name: Name, *, as_json: Json = False) -> None:
    """Make a dataset's tables anew from the raw bucket; let the model serve that did."""
    tick = tick_for(name, None)
    with session(mlflow=True) as here:
        from vigil.steps import backfill as backfills
        from vigil.steps.restore import restore

        with screen.progress() as bars:
            backfills.rebuild(name, tick.as_of, here.cloud, bars)
        restored = restore(name, here.cloud)
        _report(here.cloud, "ingest", tick, as_json=as_json)
    if restored and not as_json:
        screen.out.print(f"{restored} serves again. A forecast is due: vigil predict {name}")


@app.command(epilog="Example: vigil erase hospital_stay --case 900001")
def erase(
    name: Name,
    case: Annotated[
        str, typer.Option(metavar="ID", help="A case of that person, as the files name it.")
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Remove a person everywhere, raw files included, and say what was removed."""
    datasets.load(name)
    if not (yes or sys.stdin.isatty()):
        raise VigilError("expected --yes, for nobody can be asked here; found no terminal")
    with session() as here:
        from vigil.steps import erase as erasures

        with screen.busy("looking"):
            eraser = erasures.find(name, case, here.cloud)
        ask = f"Erase this person, {eraser.records} rows of records among all else, for good?"
        if not yes:
            typer.confirm(ask, abort=True, err=True)
        with screen.busy("erasing"):
            erased = eraser.erase()
    screen.show_erased(name, asdict(erased), as_json=as_json)


@app.command(epilog="Example: vigil predict france_deaths --series France --dry-run")
def predict(
    name: Name,
    as_of: AsOf = None,
    series: Annotated[
        str | None, typer.Option(metavar="S", help="Show this series: its chart and its rows.")
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compute and show; publish nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Publish the forecast of what is known, unless it has been, and show it."""
    tick = tick_for(name, as_of)
    with session(pandas=dry_run) as here:
        from vigil import aggregates
        from vigil.steps import predict as predictions

        if datasets.load(name).task == "classify" and not (dry_run or series):
            _classify(here, tick, as_json=as_json)
            return

        known = here.cloud.warehouse.series(name) if series else {}
        sums = aggregates.members(datasets.load(name).aggregates, known)
        if series and series not in {*known, *sums}:
            raise Rejected(
                "--series", rule="name", expected=f"a series of {name}", found=repr(series)
            )
        models: dict[str, str] = {}
        with screen.busy(f"{'training and ' if dry_run else ''}forecasting {name}"):
            if dry_run:
                from vigil.steps.rehearsal import rehearse

                found, models = rehearse(tick, here.cloud)
            else:
                predictions.predict(tick, here.cloud)
                found = here.cloud.warehouse.forecast(name, tick.as_of, series)
        rows = screen.forecast_rows(found, series)
        if as_json:
            told = {"dataset": name, "dry_run": dry_run, "forecasts": rows}
            screen.print_json({**told, "models": models} if dry_run else told)
            return
        if dry_run:
            screen.out.print(", ".join(f"{key}: {model}" for key, model in models.items()))
        else:
            _report(here.cloud, "predict", tick, as_json=False)
        screen.show_forecast(
            rows, here.cloud.warehouse.panel(name, tick.as_of), datasets.load(name)
        )


def _classify(here: Session, tick: Tick, *, as_json: bool) -> None:
    """Publish what follows for records, and show how many are how much at risk."""
    from vigil.report import class_queries
    from vigil.steps.predict import predict as published

    with screen.busy(f"classifying {tick.dataset}"):
        published(tick, here.cloud)
        warehouse = here.cloud.of(tick.dataset).warehouse
        rows = warehouse.rows(class_queries.BANDS, dataset=tick.dataset)
    if as_json:
        screen.print_json({"dataset": tick.dataset, "dry_run": False, "bands": rows})
        return
    _report(here.cloud, "predict", tick, as_json=False)
    screen.show_bands(rows)


@app.command(epilog="Example: vigil explain jhu_global --series Italy")
def explain(
    name: Name,
    series: Annotated[str, typer.Option(metavar="S", help="The place or thing.")],
    *,
    as_json: Json = False,
) -> None:
    """Say what moves the published forecast of a series away from where it stands."""
    with session() as here:
        from vigil.steps.drivers import drivers

        rows = drivers(name, series, here.cloud)
    if as_json:
        screen.print_json({"dataset": name, "series": series, "drivers": screen.plain_rows(rows)})
        return
    screen.show_drivers(series, rows)


@app.command(epilog="Example: vigil train jhu_global --as-of 2022-06-13")
def train(name: Name, as_of: AsOf = None, *, as_json: Json = False) -> None:
    """Fit a new model to all that is known; it takes over if the evidence says so."""
    tick = tick_for(name, as_of)
    with session(mlflow=True) as here:
        from vigil.steps.promote import history
        from vigil.steps.train import train as step

        judged = "folds" if datasets.load(name).classification else "origins"
        with screen.reported(quiet=as_json) as progress:
            following = step(tick, here.cloud, partial(progress, judged))
        sent = bool(following and here.has_bus)
        if following and sent:
            here.cloud.bus.publish("predict", following)
        decided = [
            {"promoted": row["promoted"], "version": row["version"], "reason": row["reason"]}
            for row in history(name, here.cloud)
            if row["decided_by"] == "train" and row["as_of"] == tick.as_of
        ]
        _report(here.cloud, "train", tick, as_json=as_json, sent=sent, decisions=decided)
        if as_json:
            return
        for row in decided:
            screen.out.print(f"{row['version']}: {row['reason']}", soft_wrap=True)
        if following and not sent:
            screen.out.print(f"A forecast is due: vigil predict {name}")


@app.command(epilog="Example: vigil models jhu_global --on 2022-06-14")
def models(
    name: Name,
    on: Annotated[
        str | None, typer.Option(metavar="DAY", help="Say who served at the end of that day.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show the versions of a dataset's model: scores, aliases, who serves since when and why."""
    with session() as here:
        from vigil.steps import promote as promotions

        if on:
            rows = [dict(promotions.served(name, parse_moment(on, "--on").date(), here.cloud))]
        else:
            rows = promotions.versions(name, here.cloud)
        now = dict(promotions.served(name, datetime.now(UTC).date(), here.cloud))
    if as_json:
        screen.print_json(rows if on else {"serves": now, "versions": screen.plain_rows(rows)})
        return
    screen.table([{k: v for k, v in row.items() if k != "reason"} for row in rows])
    if on:
        screen.out.print(rows[0]["reason"], soft_wrap=True)
    else:
        since = f" since {now['since']:%Y-%m-%d %H:%M}" if now["since"] else ""
        serves = f"{now['version'] or now['recipe']} serves{since}: {now['reason']}"
        screen.out.print(serves, soft_wrap=True)


Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why: it is kept with the decision.")]


@app.command(epilog='Example: vigil promote jhu_global 20220612-1a2b3c4d --reason "better on BA.5"')
def promote(
    name: Name,
    version: Annotated[str, typer.Argument(metavar="VERSION")],
    reason: Reason,
    *,
    as_json: Json = False,
) -> None:
    """Let a version serve from now on, whatever the gate said of it."""
    with session() as here:
        from vigil.steps import promote as promotions

        word = promotions.Word("promote", reason, _user())
        _tell(here, name, promotions.promote(name, version, word, here.cloud), as_json=as_json)


@app.command(epilog='Example: vigil rollback jhu_global --reason "forecasts of deaths jumped"')
def rollback(
    name: Name,
    reason: Reason,
    to: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="That version; else the one that served before."),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Let the version before serve again; the next forecast is its own, no data are edited."""
    with session() as here:
        from vigil.steps import promote as promotions

        word = promotions.Word("rollback", reason, _user())
        _tell(here, name, promotions.rollback(name, to, word, here.cloud), as_json=as_json)


def _user() -> str:
    from getpass import getuser

    return getuser()


def _tell(here: Session, name: str, row: Mapping[str, Any], *, as_json: bool) -> None:
    """What was decided; predict hears of it."""
    tick = tick_for(name, None)
    if here.has_bus:
        here.cloud.bus.publish("predict", tick)
    keys = ("kind", "version", "before", "recipe", "reason", "decided_by", "decided_at")
    said = {"dataset": name, **{key: row[key] for key in keys}}
    if as_json:
        screen.print_json(said)
        return
    baseline = datasets.load(name).baseline
    serves, before = (row[key] or baseline for key in ("version", "before"))
    screen.out.print(f"{name}: {serves} serves, {before} does not any more")
    if not here.has_bus:
        screen.out.print(f"A forecast is due: vigil predict {name}")


@app.command(epilog="Example: vigil ui")
def ui() -> None:
    """Show MLflow: every training with its scores and pictures. Ctrl-C ends it."""
    if os.environ.get("VIGIL_PROJECT"):
        raise VigilError(
            "expected the local cloud; found VIGIL_PROJECT: in Google Cloud MLflow is a private "
            "service: gcloud run services proxy vigil-mlflow"
        )
    from vigil.local.foreground import ui as show

    show()


@app.command(epilog="Example: vigil backtest jhu_global --target deaths --origins 12")
def backtest(
    name: Name,
    *,
    origins: Annotated[
        int, typer.Option(metavar="N", help="The newest so many weekly origins.")
    ] = 26,
    models: Annotated[
        str | None, typer.Option(metavar="A,B", help="Compare these; else those of the dataset.")
    ] = None,
    target: Annotated[str | None, typer.Option(metavar="T", help="Only this target.")] = None,
    as_of: AsOf = None,
    refit: Annotated[int, typer.Option(metavar="N", help="Fit anew every so many origins.")] = 8,
    as_json: Json = False,
) -> None:
    """Compare models on past weeks, each forecast from what was known then."""
    tick = tick_for(name, as_of)
    from vigil.steps import backtest as backtests

    names = tuple(part.strip() for part in models.split(",")) if models is not None else ()
    wanted = backtests.Wanted(datasets.load(name), tick.as_of, origins, refit, names, target)
    with session(pandas=True) as here, screen.reported(quiet=as_json) as progress:
        found = backtests.backtest(wanted, here.cloud, progress)
    if as_json:
        summary = screen.plain_rows(found.summary)
        screen.print_json({**found.told(), "summary": summary, "pit": found.pit})
        return
    screen.show_backtest(found.summary, found.pit, found.baseline)
    for measure in found.left_out:
        screen.out.print(f"{measure}: too little is known to look back on")
    screen.out.print(f"every score: {found.file}", soft_wrap=True, highlight=False)


@app.command(epilog="Example: vigil report jhu_global --open")
def report(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None,
    *,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    looker: Annotated[
        bool, typer.Option("--looker", help="Print the link that wires Looker Studio instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Fetch a dataset's report, brought up to the newest forecast: one file, without a network."""
    if not (name or looker):
        raise VigilError("expected NAME or --looker; found neither")
    with session() as here:
        if looker or not name:
            _looker(here, as_json=as_json)
            return
        from vigil.steps.publish import fetch

        with screen.busy(f"writing the report of {name}"):
            file = here.cloud.settings.home / "reports" / f"{name}.html"
            fetch(datasets.load(name), here.cloud, file)
    screen.print_json({"dataset": name, "file": str(file)}) if as_json else screen.out.print(
        str(file), soft_wrap=True, highlight=False
    )
    if open_it:
        import webbrowser

        webbrowser.open(file.as_uri())


def _looker(here: Session, *, as_json: bool) -> None:
    """The link, and what it would not find."""
    from vigil import looker

    link, problems = looker.url(here.cloud.settings), looker.preflight(here.cloud.warehouse)
    if as_json:
        screen.print_json({"url": link, "problems": problems})
    else:
        screen.out.print(link, soft_wrap=True, highlight=False)
        for problem in problems:
            screen.err.print(problem, style="red", soft_wrap=True)
    if problems:
        raise typer.Exit(1)


@app.command(epilog="Example: vigil query 'SELECT * FROM latest_forecasts LIMIT 5' --json")
def query(
    sql: Annotated[str, typer.Argument(metavar="SQL")],
    *,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, for spreadsheets.")] = False,
) -> None:
    """Ask the warehouse. Tables and views need no prefix."""
    if as_json and as_csv:
        raise VigilError("expected one of --json and --csv; found both")
    with session() as here, screen.busy("asking"):
        found = here.cloud.warehouse.arrow(sql)
    rows = screen.plain_rows(found.to_pylist())
    if as_csv:
        screen.out.file.write(csv_text(found.column_names, rows))
        return
    screen.print_json(rows) if as_json else screen.table(rows)


STATUS = {
    "datasets": "SELECT dataset, issued_at AS newest_vintage, checked_at, forecast_at, revision "
    "FROM heads ORDER BY dataset",
    "sources": "SELECT dataset, source, status, last_date, errors, warnings, worst "
    "FROM data_health ORDER BY dataset, source",
    "runs": "SELECT started_at, step, dataset, status, `rows`, seconds, peak_mb, reason "
    "FROM runs ORDER BY started_at DESC LIMIT 10",
    "findings": "SELECT as_of, severity, rule, scope, expected, found FROM findings "
    "ORDER BY as_of DESC, severity DESC LIMIT 10",
}


@app.command(epilog="Example: vigil status --json")
def status(*, as_json: Json = False) -> None:
    """Freshness and health of every source, the last runs, the newest findings."""
    with session() as here:
        clouds = (here.cloud, here.cloud.restricted)  # personal data lie apart
        said = {
            title: [row for cloud in clouds for row in cloud.warehouse.rows(sql)]
            for title, sql in STATUS.items()
        }
    for title, newest in (("runs", "started_at"), ("findings", "as_of")):
        said[title] = sorted(said[title], key=lambda row: row[newest], reverse=True)[:10]
    if as_json:
        screen.print_json(said)
        return
    for title, rows in said.items():
        screen.table(rows, title)
        screen.out.print()


@app.command(epilog="Example: vigil tick jhu_global --as-of 2023-03-10")
def tick(
    name: Name,
    as_of: AsOf = None,
    step: Annotated[str, typer.Option(metavar="STEP", help="ingest, train or predict.")] = "ingest",
    *,
    as_json: Json = False,
) -> None:
    """Send a Tick, as Cloud Scheduler does, to a running cloud."""
    message = tick_for(name, as_of)
    _check_step(step)
    with session() as here:
        _check_bus(here)
        sent = here.cloud.bus.publish(step, message)
    as_sent = message.as_of if message.declared else None
    said = {"message": sent, "step": step, "dataset": name, "as_of": as_sent}
    screen.print_json(said) if as_json else screen.table([said])


def _check_step(step: str) -> None:
    if step not in STEPS:
        raise Rejected("--step", rule="name", expected="ingest, train or predict", found=repr(step))


def _check_bus(here: Session) -> None:
    if not here.has_bus:
        raise VigilError("nobody is listening: start `vigil up` in another terminal")


@app.command(epilog="Example: vigil redrive --step ingest --dry-run")
def redrive(
    step: Annotated[
        str | None, typer.Option(metavar="STEP", help="ingest, train or predict; without it, all.")
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show them; move none.")] = False,
    as_json: Json = False,
) -> None:
    """Send dead letters, the messages that failed too often, to their step again."""
    if step:
        _check_step(step)
    with session() as here:
        _check_bus(here)
        rows = []
        for each in [step] if step else STEPS:
            with screen.busy(f"dead letters of {each}"):
                dead = here.cloud.dead_letters(each)
                letters = dead.look() if dry_run else dead.redrive()
                rows += [{"step": each, **letter.described()} for letter in letters]
    if as_json:
        screen.print_json({"dry_run": dry_run, "letters": rows})
        return
    screen.table(rows)
    if rows and not dry_run:
        screen.out.print(f"{len(rows)} sent again: vigil status")


jobs_app = typer.Typer(
    help="Show, run, pause and resume what sends the Ticks: a job for each dataset and step.",
    epilog="Example: vigil jobs pause --dataset jhu_global",
)
app.add_typer(jobs_app, name="jobs")
JobName = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="A job, such as vigil-ingest-jhu-global.")
]
OfDataset = Annotated[
    str | None, typer.Option("--dataset", metavar="NAME", help="All jobs of that dataset.")
]
OfStep = Annotated[
    str | None, typer.Option("--step", metavar="STEP", help="All jobs of that step.")
]


def _scheduler() -> "Scheduler":
    """Cloud Scheduler when VIGIL_PROJECT names a cloud, else the loop of `vigil up`."""
    if os.environ.get("VIGIL_PROJECT"):
        from vigil.cloud_scheduler import CloudScheduler
        from vigil.deadline import Deadline

        return CloudScheduler.from_env(Deadline(120))
    from vigil.local.scheduler import LocalScheduler
    from vigil.settings import home

    return LocalScheduler(home())


@jobs_app.callback(invoke_without_command=True)
def jobs(context: typer.Context) -> None:
    """Without a further word: list."""
    if context.invoked_subcommand is None:
        list_jobs()


@jobs_app.command("list", epilog="Example: vigil jobs list --json")
def list_jobs(*, as_json: Json = False) -> None:
    """List the jobs: when each is due, and what became of the last attempt."""
    _show_jobs(_scheduler().look(), as_json=as_json)


@jobs_app.command("run", epilog="Example: vigil jobs run vigil-ingest-jhu-global")
def run_jobs(
    name: JobName = None, dataset: OfDataset = None, step: OfStep = None, *, as_json: Json = False
) -> None:
    """Send the Ticks now, as if they were due."""
    _each("run", chosen(name, dataset, step), as_json=as_json)


@jobs_app.command("pause", epilog="Example: vigil jobs pause --step train")
def pause_jobs(
    name: JobName = None, dataset: OfDataset = None, step: OfStep = None, *, as_json: Json = False
) -> None:
    """Send no more Ticks, until the jobs are resumed."""
    _each("pause", chosen(name, dataset, step), as_json=as_json)


@jobs_app.command("resume", epilog="Example: vigil jobs resume --dataset jhu_global --step train")
def resume_jobs(
    name: JobName = None, dataset: OfDataset = None, step: OfStep = None, *, as_json: Json = False
) -> None:
    """Send the Ticks again, each when it is due next."""
    _each("resume", chosen(name, dataset, step), as_json=as_json)


def _each(
    what: Literal["run", "pause", "resume"], picked: Sequence["Job"], *, as_json: bool
) -> None:
    """Do it to each, and show how they stand."""
    scheduler = _scheduler()
    for job in picked:
        getattr(scheduler, what)(job)
    names = {job.name for job in picked}
    _show_jobs([one for one in scheduler.look() if one.job.name in names], as_json=as_json)


def _show_jobs(found: Sequence["Standing"], *, as_json: bool) -> None:
    rows = [one.row() for one in found]
    if as_json:
        screen.print_json(rows)
        return
    said = {"dataset", "step"}  # by the name
    screen.table([{k: v for k, v in row.items() if k not in said} for row in rows], most=len(rows))


@app.command(epilog="Example: vigil sample /tmp/sample && vigil up --mirror /tmp/sample")
def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", file_okay=False)],
    *,
    full: Annotated[
        bool, typer.Option("--full", help="As many hospital stays as in the real files.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write simulated files in the formats of upstream, for machines without a network."""
    from vigil.local.sample import write

    files = [str(file) for file in write(folder, full=full)]
    screen.print_json(files) if as_json else screen.out.print("\n".join(files), soft_wrap=True)


@app.command(epilog="Example: vigil up --mlflow")
def up(
    mirror: Annotated[
        str | None,
        typer.Option(
            metavar="DIR_OR_URL", help="Read sources from <there>/<dataset>/<source>.csv."
        ),
    ] = None,
    *,
    mlflow: Annotated[bool, typer.Option("--mlflow", help="Start MLflow, too.")] = False,
) -> None:
    """Run the local cloud in the foreground: stand-ins, functions, scheduler. Ctrl-C ends it."""
    from vigil.local.foreground import run

    run(mirror=mirror, mlflow=mlflow)


@app.command(epilog="Example: vigil demo --data ../shared/data")
def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Replay the real 2021 of the files there, not simulated ones."
        ),
    ] = None,
) -> None:
    """Replay a year of a small dataset, simulated, through Pub/Sub and the three functions."""
    from vigil.local.demo import run

    run(data)


def _complain(kind: str, text: str) -> None:
    """On stderr for people; on stdout, too, for a machine that asked for JSON."""
    screen.err.print(f"{kind}: {text}", style="red", soft_wrap=True, highlight=False)
    if "--json" in sys.argv:
        screen.print_json({kind: text})


def main() -> None:
    """Run the command; errors are a sentence and an exit code, not a stack."""
    log.to(None)
    try:
        code = app(standalone_mode=False) or 0
    except Rejected as reason:
        _complain("refused", str(reason))
        code = 2
    except VigilError as error:
        _complain("error", str(error))
        code = 1
    except typer.Exit as ended:
        code = ended.exit_code
    except (typer.Abort, KeyboardInterrupt):
        code = 1
    except typer.TyperException as error:  # a wrong option or argument
        if error.format_message():
            _complain("error", f"{error.format_message()} See `vigil --help`.")
        code = 1 if error.format_message() else 0  # a bare `vigil` has shown its help
    except Exception as error:
        from google.api_core.exceptions import GoogleAPICallError

        if not isinstance(error, GoogleAPICallError):
            raise
        _complain("error", error.message)  # a query that BigQuery does not understand, say
        code = 1
    raise SystemExit(code)
