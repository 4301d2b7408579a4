"""What an import finds out about a labelled set before anything is learned from it."""

from collections import Counter

from pydantic import BaseModel, Field

from mnist.data.set_uses import Use
from mnist.digits import CLASSES, CodeWithSentence

_NAMED = 20
"""Files named for each finding."""


class SetFinding(CodeWithSentence):
    """Why an image of a set is left out."""

    UNKNOWN_LABEL = "unknown-label", "the label is no digit, 0 to 9"
    UNKNOWN_USE = "unknown-use", "the use is none of train, evaluate and split"
    MISSING = "missing", "the list names a file that is not in the set"
    UNREADABLE = "unreadable", "no digit can be decoded from the file"
    TWO_LABELS = "two-labels", "the same image has two labels in the set"
    REPEATED = "repeated", "the same image, with the same label, is in the set already"
    TEST_IMAGE = "test-image", "it is a test image of MNIST, or nearly one"
    OTHER_USE = "other-use", "it was imported before for the other use, which it keeps for ever"


class SetReport(BaseModel):
    """The report on one import of a labelled set.

    Attributes:
        listed: Images that the set lists.
        images: Use -> images of each digit, ten numbers.
        left_out: Finding -> images.
        examples: Finding -> the first few of them, each with what was found.
        refusals: Why the set is not imported, in sentences; empty if it is.
    """

    listed: int = 0
    images: dict[Use, list[int]] = Field(
        default_factory=lambda: {use: [0] * CLASSES for use in (Use.TRAIN, Use.EVALUATE)}
    )
    left_out: Counter[str] = Field(default_factory=Counter)
    examples: dict[str, list[str]] = Field(default_factory=dict)
    refusals: list[str] = Field(default_factory=list)

    def leave_out(self, finding: SetFinding, file: str, detail: str = "") -> None:
        """Count an image that is left out, and name it if it is among the first."""
        self.left_out[finding.value] += 1
        named = self.examples.setdefault(finding.value, [])
        if len(named) < _NAMED:
            named.append(f"{file} ({detail})" if detail else file)

    def total(self, use: Use) -> int:
        """Count the images of a use."""
        return sum(self.images[use])

    @property
    def kept(self) -> int:
        """Images that are imported."""
        return sum(map(sum, self.images.values()))

    def judge(self, name: str, max_left_out: float) -> None:
        """Say whether the set can be imported.

        Args:
            name: Of the set.
            max_left_out: Largest share of the listed images that may be left out, 0-1; repeated
                ones do not count.
        """
        lost = sum(self.left_out.values()) - self.left_out[SetFinding.REPEATED]
        if not self.listed:
            self.refusals.append(
                f"The labelled set {name!r} lists no image; put images into its folders 0 to 9 or "
                "list them in its labels.csv."
            )
        elif not self.kept or lost > max_left_out * self.listed:
            self.refusals.append(
                f"Of the {self.listed:,} images of the labelled set {name!r}, {lost:,} cannot be "
                f"used ({self._counts()}); at most {max_left_out:.0%} may be left out. Correct "
                "the set, or allow a larger share."
            )

    @property
    def sentences(self) -> list[str]:
        """Everything for people, the most important first."""
        lines = [*self.refusals]
        lines.append(
            f"{self.listed:,} images listed: {self.total(Use.TRAIN):,} to train, "
            f"{self.total(Use.EVALUATE):,} to evaluate, {sum(self.left_out.values()):,} left out."
        )
        for use in (Use.TRAIN, Use.EVALUATE):
            missing = [digit for digit, count in enumerate(self.images[use]) if not count]
            if missing and self.total(use):
                lines.append(
                    f"To {use.value} there is no image of {', '.join(map(str, missing))}: what is "
                    f"{'learned from' if use is Use.TRAIN else 'measured with'} this set says "
                    "nothing about these digits."
                )
        for code, count in self.left_out.most_common():
            named = ", ".join(self.examples[code])
            more = " …" if count > len(self.examples[code]) else ""
            lines.append(f"{count:,} left out, {SetFinding(code).sentence}: {named}{more}")
        return lines

    def _counts(self) -> str:
        return ", ".join(f"{code} {count:,}" for code, count in self.left_out.most_common())
