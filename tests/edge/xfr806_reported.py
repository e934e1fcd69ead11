"""Shapes in which data in the same order were reported, fixed in xfr806_reported_fixed.py."""

import torch
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler

# -- as reported in pytorch/pytorch#31771 ----------------------------------------------------------


def main(dataset):
    torch.distributed.init_process_group(backend="nccl")
    sampler = torch.utils.data.distributed.DistributedSampler(dataset, shuffle=True)  # XFR806
    dataloader = DataLoader(dataset, batch_size=5, drop_last=True, sampler=sampler)
    for epoch in range(3):
        for i, data in enumerate(dataloader, 0):
            print(epoch, i, data)


# -- as reported in kan-bayashi/ParallelWaveGAN#177: made where it is needed, None elsewhere --------


def vocoder(args, dataset, model, optimizer):
    turns = None
    if args.distributed:
        turns = DistributedSampler(dataset, num_replicas=args.world_size, rank=args.rank)  # XFR806
        model = DistributedDataParallel(model)
    loader = DataLoader(dataset, shuffle=turns is None, sampler=turns, batch_size=8)
    for epoch in range(args.epochs):
        for batch in loader:
            optimizer.zero_grad()
            model(batch).mean().backward()
            optimizer.step()
