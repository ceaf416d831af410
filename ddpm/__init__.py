"""A denoising diffusion model for 16x16 pixel art: from sprites on disk to "did it create, or did it copy?".

The chain, in the order in which data flow: :mod:`~ddpm.sprites`, :mod:`~ddpm.schedule`, :mod:`~ddpm.unet`,
:mod:`~ddpm.training`, :mod:`~ddpm.checkpoint` and :mod:`~ddpm.run`, :mod:`~ddpm.sampling`, :mod:`~ddpm.neighbors`,
:mod:`~ddpm.quality`, :mod:`~ddpm.memorization`, :mod:`~ddpm.render`. :mod:`~ddpm.engine` drives a training in its run
folder, :mod:`~ddpm.report` judges what was drawn, ``python -m ddpm`` is the command line.
"""

from ddpm import waiting as waiting  # before torch
from ddpm.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from ddpm.ema import EMA
from ddpm.images import to_float, to_uint8
from ddpm.memoriser import PerfectMemoriser
from ddpm.memorization import MemorizationReport, memorization_report
from ddpm.neighbors import nearest
from ddpm.quality import QualityReport, quality_report
from ddpm.sampling import SamplingStep, sample
from ddpm.schedule import NoiseSchedule
from ddpm.sprites import SpriteDataset, SpriteError, load_sprites
from ddpm.unet import UNet

__all__ = [
    "EMA",
    "Checkpoint",
    "CheckpointError",
    "MemorizationReport",
    "NoiseSchedule",
    "PerfectMemoriser",
    "QualityReport",
    "SamplingStep",
    "SpriteDataset",
    "SpriteError",
    "UNet",
    "load_checkpoint",
    "load_sprites",
    "memorization_report",
    "nearest",
    "quality_report",
    "sample",
    "to_float",
    "to_uint8",
]
