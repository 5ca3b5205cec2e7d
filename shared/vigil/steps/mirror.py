"""MLflow brought up to what was decided. It shows; it decides nothing, and may be down."""

from contextlib import suppress

from vigil import tables
from vigil.cloud import Cloud
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.ledger import finding_row, told
from vigil.log import log
from vigil.messages import Tick
from vigil.quality import Finding
from vigil.registry import Registry
from vigil.store import Gone
from vigil.tracking import Forbidden, Unreachable

LAST = 10  # trainings that are registered late, at most
TRAINED = (
    "SELECT version, digest, promoted FROM promotions WHERE dataset = @dataset "
    "AND digest IS NOT NULL AND kind IN ('first', 'refresh', 'switch') ORDER BY decided_at DESC"
)


def mirror(dataset: Dataset, tick: Tick, cloud: Cloud) -> None:
    """Register what is not yet, let the aliases follow; what goes wrong is a finding."""
    finding = _mirrored(dataset, cloud) if cloud.settings.mlflow else None
    if finding:
        log(f"{finding.found}", severity="WARNING", dataset=dataset.name, rule=finding.rule)
        row = finding_row(finding, "train", dataset.name, tick.as_of)
        cloud.warehouse.append("findings", tables.load("findings").rows([row]))


def _mirrored(dataset: Dataset, cloud: Cloud) -> Finding | None:
    """What is wrong with the registry, if anything is."""
    uri, scope = str(cloud.settings.mlflow), f"{dataset.name}.registry"
    registry = Registry.at(uri, cloud.deadline)
    trained = cloud.warehouse.rows(TRAINED, dataset=dataset.name)
    try:
        there = registry.published(dataset.name)
        for row in reversed(trained[:LAST]):
            if row["version"] not in there:
                with suppress(Gone, Rejected):  # pruned, or corrupt: said where it would serve
                    registry.publish(
                        cloud.vault.dossier(dataset.name, row["version"], row["digest"])
                    )
        champion = cloud.warehouse.head(dataset.name).champion
        others = [row["version"] for row in trained if row["version"] != champion]
        newest = trained[0]["version"] if trained else None
        registry.alias(dataset.name, champion, newest if newest in others else None)
    except Forbidden as reason:
        return Finding("registry_forbidden", "error", scope, "access to MLflow", str(reason))
    except Unreachable as reason:
        return Finding("registry", "warning", scope, "MLflow, to register models", str(reason))
    except Exception as error:  # noqa: BLE001  whatever it is, the decision stands
        said, trace = told(error, dataset.name)
        log(said, severity="ERROR", dataset=dataset.name, stack_trace=trace)
        return Finding("registry", "error", scope, "MLflow, to register models", said)
    return None
