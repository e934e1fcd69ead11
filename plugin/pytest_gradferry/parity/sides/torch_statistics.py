"""The running variance of torch's batch norms, biased as Keras' is."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

BATCH_NORM = nn.modules.batchnorm._BatchNorm


def moves_statistics(module: nn.Module) -> bool:
    return isinstance(module, BATCH_NORM) and module.training and module.running_var is not None


def make_biased(module: Any, old: torch.Tensor, inputs: torch.Tensor) -> None:
    """Take the Bessel factor n / (n - 1) out of what one batch added to the running variance."""
    n = inputs.numel() // inputs.shape[1]
    share = module.momentum
    if share is None:
        share = 1.0 / float(module.num_batches_tracked)
    kept = (1 - share) * old
    # Through .data: autograd has saved the buffer, though training mode never reads it again.
    module.running_var.data.copy_(kept + (module.running_var - kept) * (n - 1) / n)
