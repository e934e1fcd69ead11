"""Shapes in which a divergence of the wrong things was reported, each with its fixed twin."""

import torch
import torch.nn.functional as F
from torch import nn

# -- as reported in sebastian-hofstaetter/matchmaker#18 --------------------------------------------


class KLDivTeacherList(nn.Module):
    def __init__(self):
        super(KLDivTeacherList, self).__init__()
        self.kl = torch.nn.KLDivLoss(reduction="batchmean")

    def forward(self, scores, labels):
        return self.kl(scores.softmax(-1), labels.softmax(-1))  # XFR407


class KLDivTeacherListFixed(nn.Module):
    def __init__(self):
        super(KLDivTeacherListFixed, self).__init__()
        self.kl = torch.nn.KLDivLoss(reduction="batchmean")

    def forward(self, scores, labels):
        return self.kl(scores.log_softmax(-1), labels.softmax(-1))


# -- as asked in peisuke/UnsupervisedDataAugmentation.pytorch#2: "why not softmax of both" ---------


def uda_loss(model, x, x_h):
    with torch.no_grad():
        pred_x = F.softmax(model(x), dim=1)
    pred_x_h = F.softmax(model(x_h), dim=1)
    return F.kl_div(pred_x_h, pred_x, reduction="batchmean")  # XFR407


def uda_loss_fixed(model, x, x_h):
    with torch.no_grad():
        pred_x = F.softmax(model(x), dim=1)
    pred_x_h = F.log_softmax(model(x_h), dim=1)
    return F.kl_div(pred_x_h, pred_x, reduction="batchmean")


# -- as asked in jinkyu032/FedMLB#3: the temperature of distillation --------------------------------


def kd(input_p, input_q, T=1):
    kl_loss = nn.KLDivLoss(reduction="batchmean")
    p = F.softmax(input_p / T, dim=1)
    q = F.softmax(input_q / T, dim=1)
    return kl_loss(q, p)  # XFR407


def kd_fixed(input_p, input_q, T=1):
    kl_loss = nn.KLDivLoss(reduction="batchmean")
    p = F.softmax(input_p / T, dim=1)
    q = F.log_softmax(input_q / T, dim=1)
    return kl_loss(q, p)
