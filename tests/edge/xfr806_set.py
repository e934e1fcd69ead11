from torch.utils.data import DataLoader, DistributedSampler

from elsewhere import dataset, step


def told():
    sampler = DistributedSampler(dataset)
    loader = DataLoader(dataset, sampler=sampler)
    for epoch in range(10):
        sampler.set_epoch(epoch)
        for x, y in loader:
            step(x, y)
