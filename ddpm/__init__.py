"""A denoising diffusion model for pixel art: from sprites on disk to "did it create, or did it copy?".

The rooms, in the order in which data flow: ``base``, ``pixels``, ``sprites``, ``diffusion``, ``training``, ``runs``,
``judging``, ``jobs``, ``cli``. Each imports only from those before it. What is imported here is the public face.
"""

from ddpm.base import openmp as openmp  # before torch
from ddpm.diffusion.memoriser import PerfectMemoriser
from ddpm.diffusion.patch_machine.machine import PatchMachine
from ddpm.diffusion.sampling import SamplingStep, sample
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.unet import UNet
from ddpm.judging.copying.memorization import MemorizationReport, memorization_report
from ddpm.judging.quality.measures import quality_report
from ddpm.judging.quality.report import QualityReport
from ddpm.pixels.conversion import to_float, to_uint8
from ddpm.pixels.neighbors import nearest
from ddpm.runs.checkpoint import Checkpoint, load_checkpoint
from ddpm.runs.errors import CheckpointError
from ddpm.sprites import SpriteDataset, SpriteError, load_sprites
from ddpm.training.ema import EMA

__all__ = [
    "EMA",
    "Checkpoint",
    "CheckpointError",
    "MemorizationReport",
    "NoiseSchedule",
    "PatchMachine",
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
