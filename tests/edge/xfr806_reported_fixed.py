"""The fixed twins of xfr806_reported.py."""

import torch
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler


def main_fixed(dataset):
    torch.distributed.init_process_group(backend="nccl")
    shuffler = torch.utils.data.distributed.DistributedSampler(dataset, shuffle=True)
    dataloader = DataLoader(dataset, batch_size=5, drop_last=True, sampler=shuffler)
    for epoch in range(3):
        shuffler.set_epoch(epoch)
        for i, data in enumerate(dataloader, 0):
            print(epoch, i, data)


def vocoder_fixed(args, dataset, model, optimizer):
    order = None
    if args.distributed:
        order = DistributedSampler(dataset, num_replicas=args.world_size, rank=args.rank)
        model = DistributedDataParallel(model)
    loader = DataLoader(dataset, shuffle=order is None, sampler=order, batch_size=8)
    for epoch in range(args.epochs):
        if args.distributed:
            order.set_epoch(epoch)
        for batch in loader:
            optimizer.zero_grad()
            model(batch).mean().backward()
            optimizer.step()
