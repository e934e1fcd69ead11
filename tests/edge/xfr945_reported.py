"""Shapes in which a divergence averaged over the classes was reported, with the fixed twins."""

import torch.nn as nn
import torch.nn.functional as F

# -- as reported in yuanli2333/Teacher-free-Knowledge-Distillation#41 --------------------------------


def loss_kd(outputs, labels, teacher_outputs, params):
    alpha, T = params.alpha, params.temperature
    loss_CE = F.cross_entropy(outputs, labels)
    D_KL = nn.KLDivLoss()(  # XFR945
        F.log_softmax(outputs / T, dim=1), F.softmax(teacher_outputs / T, dim=1)
    ) * (T * T)
    return (1.0 - alpha) * loss_CE + alpha * D_KL


def loss_kd_fixed(outputs, labels, teacher_outputs, params):
    alpha, T = params.alpha, params.temperature
    loss_CE = F.cross_entropy(outputs, labels)
    D_KL = nn.KLDivLoss(reduction="batchmean")(
        F.log_softmax(outputs / T, dim=1), F.softmax(teacher_outputs / T, dim=1)
    ) * (T * T)
    return (1.0 - alpha) * loss_CE + alpha * D_KL


# -- as reported in sallymmx/ActionCLIP#24: a loss of one's own around it ----------------------------


class KLLoss(nn.Module):
    def __init__(self, error_metric=nn.KLDivLoss(reduction="mean")):
        super().__init__()
        self.kl = nn.KLDivLoss(reduction="mean")

    def forward(self, prediction, label):
        probs1 = F.log_softmax(prediction, 1)
        probs2 = F.softmax(label * 10, 1)
        return self.kl(probs1, probs2) * prediction.shape[0]  # XFR945


class KLLossFixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.kl = nn.KLDivLoss(reduction="batchmean")

    def forward(self, prediction, label):
        probs1 = F.log_softmax(prediction, 1)
        probs2 = F.softmax(label * 10, 1)
        return self.kl(probs1, probs2)
