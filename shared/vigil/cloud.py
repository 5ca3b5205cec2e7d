"""The cloud as a step sees it: Google's clients, always; only their addresses differ."""

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from google.auth.credentials import AnonymousCredentials

from vigil import datasets
from vigil.bus import Bus
from vigil.clients import bigquery, storage
from vigil.deadline import Deadline
from vigil.lake import Lake
from vigil.letters import DeadLetters
from vigil.settings import Settings
from vigil.store import Store
from vigil.vault import Vault
from vigil.warehouse import Warehouse

if TYPE_CHECKING:
    from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient


@dataclass(frozen=True)
class Cloud:
    """Lake, warehouse and bus for the length of one step, under one deadline."""

    settings: Settings
    deadline: Deadline

    @classmethod
    def from_env(cls, deadline: Deadline | None = None) -> "Cloud":
        """The cloud that the environment names."""
        settings = Settings.from_env()
        return cls(settings, deadline or Deadline(settings.step_seconds))

    def of(self, dataset: str) -> "Cloud":
        """The cloud that holds a dataset: the restricted one for personal data."""
        personal = dataset in datasets.names() and datasets.load(dataset).personal
        return self.restricted if personal else self

    @property
    def restricted(self) -> "Cloud":
        """The bucket and the BigQuery dataset of personal data."""
        own = self.settings
        settings = replace(
            own, warehouse=own.restricted_warehouse, raw_bucket=own.restricted_bucket
        )
        return replace(self, settings=settings)

    @property
    def lake(self) -> Lake:
        """The raw bucket."""
        return Lake(Store(_storage(self.settings), self.settings.raw_bucket, self.deadline))

    @property
    def vault(self) -> Vault:
        """The models bucket."""
        return Vault(Store(_storage(self.settings), self.settings.models_bucket, self.deadline))

    @property
    def reports(self) -> Store:
        """The bucket of what people open."""
        return Store(_storage(self.settings), self.settings.reports_bucket, self.deadline)

    @property
    def warehouse(self) -> Warehouse:
        """The BigQuery dataset."""
        return Warehouse(
            _bigquery(self.settings),
            self.settings.bigquery_storage_api,
            self.settings.warehouse,
            self.deadline,
        )

    @property
    def bus(self) -> Bus:
        """The topics."""
        return Bus(_publisher(), self.settings.project, self.deadline)

    def dead_letters(self, step: str) -> DeadLetters:
        """The messages of a step that failed too often."""
        return DeadLetters(_subscriber(), self.bus, step)


def _credentials(settings: Settings) -> AnonymousCredentials | None:
    """Stand-ins ask for none; Google's services get the application default credentials."""
    return AnonymousCredentials() if settings.bigquery_api else None


@cache
def _storage(settings: Settings) -> storage.Client:
    return storage.Client(settings.project, credentials=_credentials(settings))


@cache
def _bigquery(settings: Settings) -> bigquery.Client:
    options = {"api_endpoint": settings.bigquery_api} if settings.bigquery_api else None
    return bigquery.Client(
        settings.project, credentials=_credentials(settings), client_options=options
    )


@cache
def _publisher() -> "PublisherClient":
    from google.cloud import pubsub_v1  # noqa: PLC0415  most commands send nothing

    return pubsub_v1.PublisherClient()


@cache
def _subscriber() -> "SubscriberClient":
    from google.cloud import pubsub_v1  # noqa: PLC0415

    return pubsub_v1.SubscriberClient()
