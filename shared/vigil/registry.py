"""The registry: MLflow, as a mirror of what was committed. Nothing in Vigil reads it to decide."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import batched
from os import environ
from pathlib import Path
from tempfile import TemporaryDirectory

from vigil import packing
from vigil.bundle import Bundle
from vigil.deadline import Deadline
from vigil.dossier import Dossier
from vigil.exhibits import VERSION, Exhibits
from vigil.tracking import (
    TOKEN,
    Forbidden,
    LoggedModelOutput,
    LoggedModelStatus,
    MlflowClient,
    ModelVersion,
    Unreachable,
    download_artifacts,
    forgiven,
    identity,
    patiently,
    trouble,
)
from vigil.uploads import each_file, side_by_side

ORPHAN = "vigil.orphan"
THERE, NOT_THERE = "RESOURCE_ALREADY_EXISTS", "RESOURCE_DOES_NOT_EXIST"
BROKEN = "BAD_REQUEST"  # also what MLflow says when twins write the same row at once


@dataclass(frozen=True)
class Registry:
    """MLflow's server at an address. After the first failure it is not asked again."""

    uri: str
    deadline: Deadline
    token: Callable[[], str | None]
    lost: list[str] = field(default_factory=list, repr=False)

    @classmethod
    def at(cls, uri: str, deadline: Deadline) -> "Registry":
        """The server there, asked with the identity of this process."""
        return cls(uri, deadline, lambda: identity(uri))

    def publish(self, dossier: Dossier) -> None:
        """One run and one registered version of a training, however often and by whomever."""
        self._ask(lambda client: _publish(client, dossier, self.deadline))

    def published(self, dataset: str) -> dict[str, str]:
        """What MLflow has: our version -> its number."""
        return self._ask(lambda client: _numbers(client, _name(dataset)))

    def bundle(self, dataset: str, version: str, digest: str) -> Bundle | None:
        """The models of a version, whole and with that digest; None where MLflow has none."""
        return self._ask(lambda client: _bundle(client, self.uri, _name(dataset), version, digest))

    def alias(self, dataset: str, champion: str | None, challenger: str | None) -> None:
        """Let the names point to these versions; one that is not published has no name."""
        wanted = {"champion": champion, "challenger": challenger}
        self._ask(lambda client: _alias(client, _name(dataset), wanted))

    def _ask[T](self, work: Callable[[MlflowClient], T]) -> T:
        """Do it; once more with a new token if the first is refused: all of it may run twice."""
        if self.lost:
            raise Unreachable(self.lost[0])
        try:
            self._sign_in()
            try:
                return self._try(work)
            except Forbidden:
                if not self._sign_in():
                    raise
                return self._try(work)
        except Unreachable as reason:
            self.lost.append(str(reason))
            raise

    def _try[T](self, work: Callable[[MlflowClient], T]) -> T:
        with trouble(self.uri):
            return work(MlflowClient(self.uri, self.uri))

    def _sign_in(self) -> bool:
        """Take a token, if there is one to be had."""
        if token := self.token():
            environ[TOKEN] = token
        return bool(token)


def _name(dataset: str) -> str:
    return f"vigil-{dataset}"


def _publish(client: MlflowClient, dossier: Dossier, deadline: Deadline) -> None:
    name = _name(dossier.dataset)
    experiment = _experiment(client, name)
    if not _versions(client, name, dossier.version):
        shown = Exhibits(dossier)
        run, model = _log(client, experiment, name, shown, deadline)
        _register(client, name, shown, run, model)
    patiently(BROKEN, lambda: _settle(client, experiment, name, dossier.version))


def _experiment(client: MlflowClient, name: str) -> str:
    """The experiment of a dataset, made if there is none, taken back if somebody deleted it."""
    if client.get_experiment_by_name(name) is None:
        with forgiven(THERE):
            client.create_experiment(name)
    found = client.get_experiment_by_name(name)
    if found.lifecycle_stage != "active":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _log(
    client: MlflowClient, experiment: str, name: str, shown: Exhibits, deadline: Deadline
) -> tuple[str, str]:
    """All there is to see of a training; what breaks off here stays an unfinished run."""
    run = client.create_run(experiment, tags=shown.run_tags, run_name=shown.version).info.run_id
    model = client.create_logged_model(experiment, name, run, shown.tags).model_id
    for params in batched(shown.params, 100, strict=False):
        client.log_batch(run, params=params)
    for metrics in batched(shown.metrics(run, model), 1000, strict=False):
        client.log_batch(run, metrics=metrics)
    patiently(BROKEN, lambda: client.log_inputs(run, [shown.input]))
    with TemporaryDirectory(prefix="vigil-") as folder:
        packing.write_evidence(shown, Path(folder, "run"))
        packing.write_model(shown, Path(folder, "model"), run, model)
        side_by_side(
            [
                *each_file(Path(folder, "run"), partial(client.log_artifact, run)),
                *each_file(Path(folder, "model"), partial(client.log_model_artifact, model)),
            ],
            deadline,
        )
    client.finalize_logged_model(model, LoggedModelStatus.READY)
    client.log_outputs(run, [LoggedModelOutput(model, 0)])
    client.set_terminated(run)
    return run, model


def _register(client: MlflowClient, name: str, shown: Exhibits, run: str, model: str) -> None:
    """A version of the dataset's model, unless a twin has registered one in the meantime."""
    about = shown.judged.about
    with forgiven(THERE):
        client.create_registered_model(name, description=about)
    if client.get_registered_model(name).description != about:
        client.update_registered_model(name, about)
    if not _versions(client, name, shown.version):
        client.create_model_version(
            name, f"models:/{model}", run, shown.tags,
            description=shown.card, model_id=model, await_creation_for=0,
        )  # fmt: skip


def _versions(client: MlflowClient, name: str, version: str | None = None) -> list[ModelVersion]:
    """The versions that name one of ours, or a certain one; the oldest first."""
    only = f" and tags.`{VERSION}` = '{version}'" if version else ""
    found = [
        each
        for each in client.search_model_versions(f"name = '{name}'{only}")
        if VERSION in each.tags
    ]
    return sorted(found, key=lambda each: int(each.version))


def _settle(client: MlflowClient, experiment: str, name: str, version: str) -> None:
    """Of twins the first version stays; MLflow knows no compare-and-swap, so each cleans up."""
    kept, *others = _versions(client, name, version)
    for other in others:
        with forgiven(NOT_THERE):
            client.delete_model_version(name, other.version)
    for run in client.search_runs([experiment], f"tags.`{VERSION}` = '{version}'"):
        orphan = ORPHAN in run.data.tags
        if run.info.run_id != kept.run_id and not orphan:
            client.set_tag(run.info.run_id, ORPHAN, "true")
        elif run.info.run_id == kept.run_id and orphan:
            with forgiven(NOT_THERE):
                client.delete_tag(run.info.run_id, ORPHAN)


def _numbers(client: MlflowClient, name: str) -> dict[str, str]:
    """The first of each, should there be twins for a moment."""
    found = reversed(_versions(client, name))
    return {each.tags[VERSION]: str(each.version) for each in found}


def _bundle(client: MlflowClient, uri: str, name: str, version: str, digest: str) -> Bundle | None:
    found = _versions(client, name, version)
    if not found:
        return None
    place = client.get_logged_model(found[0].source.removeprefix("models:/")).artifact_location
    with TemporaryDirectory(prefix="vigil-") as folder:
        files = download_artifacts(
            artifact_uri=f"{place}/{packing.BUNDLE}", dst_path=folder, tracking_uri=uri
        )
        return Bundle.read(Path(files), digest)


def _alias(client: MlflowClient, name: str, wanted: Mapping[str, str | None]) -> None:
    """What does not point where it should is moved or taken away."""
    numbers = _numbers(client, name)
    if not numbers:
        return
    there = client.get_registered_model(name).aliases
    for alias, version in wanted.items():
        number = numbers.get(version or "")
        if number is None and alias in there:
            client.delete_registered_model_alias(name, alias)
        elif number is not None and str(there.get(alias)) != number:
            client.set_registered_model_alias(name, alias, number)
