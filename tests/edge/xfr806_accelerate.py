from accelerate import Accelerator
from torch.utils.data import DataLoader, DistributedSampler

from elsewhere import dataset, step

accelerator = Accelerator()


def prepared():
    sampler = DistributedSampler(dataset)
    loader = DataLoader(dataset, sampler=sampler)
    loader = accelerator.prepare(loader)
    for epoch in range(10):
        for x, y in loader:
            step(x, y)
