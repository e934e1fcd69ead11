import torch
from torch import nn

# -- as reported in ipolharvard/ethos-ares#20: inference_mode taken for eval mode -----------------


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb, self.drop, self.head = nn.Embedding(50, 8), nn.Dropout(0.3), nn.Linear(8, 50)

    def forward(self, idx):
        return self.head(self.drop(self.emb(idx)))


@torch.inference_mode()
def simulate(checkpoint, idx, steps):
    model = GPT()
    model.load_state_dict(torch.load(checkpoint))
    for _ in range(steps):
        logits = model(idx)[:, -1]  # XFR301
        idx = torch.cat([idx, logits.argmax(-1, keepdim=True)], dim=1)
    return idx
