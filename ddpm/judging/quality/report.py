"""What is measured of the quality of a set of samples."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ddpm.base.json_values import jsonable
from ddpm.judging.quality.classifier import ClassAgreement
from ddpm.judging.quality.forms import FormReport


@dataclass(frozen=True)
class QualityReport:
    """What :func:`quality_report` found; None where there are too few sprites.

    Attributes:
        frechet_ratio: Fréchet distance of the samples to real sprites over that of real sprites to other real ones, the
            largest of three feature networks; 1 is as good as real, and mere copies reach that, too.
        frechet_ratio_sd: standard deviation of that ratio over the 20 splits.
        frechet_ratios: the ratio of each network.
        n: sprites on each side of a split.
        comparable: whether n is 512; ratios at another n can be compared only with each other.
        kid: kernel distance, unbiased; about 0 for real sprites.
        kid_sd, kid_real_sd: standard deviations over the splits.
        patch_wasserstein: distance of 7x7 patches, over that of real sprites to other real ones.
        distinct: number of different samples.
        precision, recall, density, coverage: see ``PrecisionRecall``, of distinct samples and of real sprites without
            their mirror images; None where less than half of the samples are distinct.
        vendi: variety of n samples, in sprites.
        colours, foreground, outline, orphans, symmetry, haze, merged_colours, contrast: means of
            ``ddpm.pixels.traits.Traits`` over all samples; None where no sample has the trait.
        standard_errors: of those means; None for fewer than two samples that have the trait.
        real: for each measure except the two ratios, the value of real sprites, on sets of the same size.
        class_agreement: None without labels.
        absent: for a trait that cannot be measured on these sprites, the reason in a sentence.
        forms: what a network says that was taught to see forms: where random features take soft shapes without a face
            for sprites, it does not.
    """

    frechet_ratio: float | None
    frechet_ratio_sd: float | None
    frechet_ratios: tuple[float | None, ...]
    n: int
    comparable: bool
    distinct: int
    kid: float | None
    kid_sd: float | None
    kid_real_sd: float | None
    patch_wasserstein: float | None
    precision: float | None
    recall: float | None
    density: float | None
    coverage: float | None
    vendi: float | None
    colours: float | None
    foreground: float | None
    outline: float | None
    orphans: float | None
    symmetry: float | None
    haze: float | None
    merged_colours: float | None
    contrast: float | None
    standard_errors: dict[str, float | None]
    real: dict[str, float | None]
    class_agreement: ClassAgreement | None
    absent: dict[str, str]
    forms: FormReport

    def to_dict(self) -> dict[str, Any]:
        """JSON values; None for what is not a finite number."""
        return jsonable(asdict(self))
