"""The two fates of an error: give up on the input, or let it come again."""


class VigilError(Exception):
    """Something went wrong in a way that the reader can act on."""


class Rejected(VigilError):
    """The input cannot be used, now or later: quarantine it, say why, acknowledge it.

    What was *found* may quote the input; what is said *plainly* does not, for it may be of people.
    """

    def __init__(
        self,
        where: str,
        *,
        rule: str,
        expected: str,
        found: str,
        plainly: str = "",
        remedy: str = "",
    ) -> None:
        self.where, self.rule = where, rule
        self.expected, self.found, self.remedy = expected, found, remedy
        self.plainly = plainly or "something else, not shown because it may name people"
        super().__init__(str(self))

    @property
    def unquoted(self) -> "Rejected":
        """The same, and nothing of the input is quoted."""
        return Rejected(
            self.where,
            rule=self.rule,
            expected=self.expected,
            found=self.plainly,
            plainly=self.plainly,
            remedy=self.remedy,
        )

    def within(self, scope: str) -> "Rejected":
        """The same, with the part of a dataset that it concerns as the place."""
        if self.where.startswith(scope):
            return self
        return Rejected(
            scope,
            rule=self.rule,
            expected=self.expected,
            found=f"{self.found}, at {self.where}",
            remedy=self.remedy,
        )

    def __str__(self) -> str:
        text = f"{self.where}: expected {self.expected}; found {self.found}"
        return f"{text}. {self.remedy}" if self.remedy else text


class Transient(VigilError):
    """Trouble that may pass: fail, so that the message is delivered again."""


class Paused(Transient):
    """Stopped in time, with all that was done kept: the next delivery goes on from there."""


class Misconfigured(VigilError):
    """A setting or a dataset file is wrong: a person has to change it."""
