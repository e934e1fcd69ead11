import torch.nn as nn
import torch.nn.functional as F


def distill(p, q, options, kind):
    a = F.kl_div(p, q)  # XFR945
    b = F.kl_div(p, q, reduction="mean")  # XFR945
    c = nn.KLDivLoss()(p, q)  # XFR945
    d = F.kl_div(p, q, reduction="batchmean")
    e = F.kl_div(p, q, reduction="none").sum(-1).mean()
    f = nn.KLDivLoss(reduction="sum")(p, q)
    g = F.kl_div(p, q, **options)
    h = F.kl_div(p, q, size_average=False)
    i = F.kl_div(p, q, False)
    j = nn.KLDivLoss(False)(p, q)
    k = F.kl_div(p, q, reduction=kind)
    return a + b + c + d + e + f + g + h + i + j + k


class Trainer:
    def __init__(self):
        self.kl = nn.KLDivLoss(log_target=True)
        self.right = nn.KLDivLoss(reduction="batchmean", log_target=True)

    def step(self, p, q):
        return self.kl(p, q) + self.right(p, q)  # XFR945


def smoothed(x, true_dist, size):
    criterion = nn.KLDivLoss(size_average=False)
    return criterion(x, true_dist) / size
