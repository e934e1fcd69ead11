import torch
from nets import Net

torch.serialization.add_safe_globals([Net])
model = torch.load("net.pt")
model.eval()
