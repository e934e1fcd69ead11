import torch
from torch.utils.data import DataLoader, RandomSampler
from torch.utils.data.distributed import DistributedSampler
from torch.utils import data as tud

from elsewhere import dataset, run, step


# -- mistaken ---------------------------------------------------------------------------------------


def nested_loops():
    train_sampler = DistributedSampler(dataset)  # XFR806
    train_loader = DataLoader(dataset, batch_size=4, sampler=train_sampler)
    for epoch in range(10):
        for x, y in train_loader:
            step(x, y)


def enumerated(world, rank, tqdm):
    sampler = torch.utils.data.distributed.DistributedSampler(dataset, world, rank)  # XFR806
    loader = torch.utils.data.DataLoader(dataset, sampler=sampler, shuffle=False)
    for epoch in range(10):
        for i, (x, y) in enumerate(tqdm(loader)):
            step(x, y)


def only_when_distributed(distributed):
    sampler = DistributedSampler(dataset) if distributed else None  # XFR806
    loader = DataLoader(dataset, shuffle=(sampler is None), sampler=sampler)
    epoch = 0
    while epoch < 10:
        for x, y in loader:
            step(x, y)
        epoch += 1


def train(loader, epoch):
    for x, y in loader:
        step(x, y, epoch)


def in_a_helper(distributed):
    if distributed:
        own_sampler = DistributedSampler(dataset)  # XFR806
    else:
        own_sampler = None
    own_loader = DataLoader(dataset, shuffle=own_sampler is None, sampler=own_sampler)
    for epoch in range(10):
        train(own_loader, epoch)


class Trainer:
    def __init__(self):
        self.sampler = tud.DistributedSampler(dataset)  # XFR806
        self.loader = tud.DataLoader(dataset, sampler=self.sampler)

    def fit(self):
        for epoch in range(3):
            for x, y in self.loader:
                step(x, y)


def shuffled_twice():
    return DataLoader(dataset, shuffle=True, sampler=RandomSampler(dataset))  # XFR806


notebook_sampler = torch.utils.data.DistributedSampler(dataset, num_replicas=2, rank=0)  # XFR806
notebook_loader = DataLoader(dataset, batch_size=4, sampler=notebook_sampler)
for epoch in range(5):
    for batch in notebook_loader:
        step(*batch)


# -- right, or not to be judged ------------------------------------------------------------------------


def one_pass():
    once = DistributedSampler(dataset)
    for x, y in DataLoader(dataset, sampler=once):
        step(x, y)


def evaluated():
    val_sampler = DistributedSampler(dataset)
    val_loader = DataLoader(dataset, sampler=val_sampler)
    for epoch in range(10):
        for x, y in val_loader:
            step(x, y)


def in_order():
    ordered = DistributedSampler(dataset, shuffle=False)
    ordered_loader = DataLoader(dataset, sampler=ordered)
    for epoch in range(10):
        for x, y in ordered_loader:
            step(x, y)


def handed_on():
    given = DistributedSampler(dataset)
    run(DataLoader(dataset, sampler=given))


def chosen(shuffle, sampler):
    return DataLoader(dataset, shuffle=True), DataLoader(dataset, shuffle=shuffle, sampler=sampler)


def helper_out_of_sight():
    far_sampler = DistributedSampler(dataset)
    far_loader = DataLoader(dataset, sampler=far_sampler)
    for epoch in range(10):
        run(far_loader, epoch)
