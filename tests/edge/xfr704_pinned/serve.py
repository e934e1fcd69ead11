import torch

model = torch.load("net.pt")
model.eval()
