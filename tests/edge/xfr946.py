import tensorflow as tf
from torch.utils import data
from torch.utils.data import DataLoader


def loaders(train_set, test_set, val_dataset, flag):
    train_loader = DataLoader(train_set, shuffle=True, drop_last=True)
    test_loader = DataLoader(test_set, batch_size=4, drop_last=True)  # XFR946
    val_loader = data.DataLoader(val_dataset, batch_size=4, drop_last=True)  # XFR946
    valid = DataLoader(test_set, batch_size=4, drop_last=True)  # XFR946
    eval_loader = DataLoader(test_set, batch_size=4, drop_last=flag)
    test_each = DataLoader(test_set, batch_size=1, drop_last=True)
    test_all = DataLoader(test_set, batch_size=4, drop_last=False)
    latest_loader = DataLoader(train_set, batch_size=4, drop_last=True)
    train_eval_loader = DataLoader(train_set, batch_size=4, drop_last=True)
    return train_loader, test_loader, val_loader, valid, eval_loader, test_all, latest_loader


def datasets(ds, n):
    val_ds = ds.skip(10).batch(n, drop_remainder=True).prefetch(2)  # XFR946
    test_ds = ds.take(10).map(str).padded_batch(n, drop_remainder=True)  # XFR946
    train_ds = ds.shuffle(100).batch(n, drop_remainder=True)
    dev_set = ds.batch(n)
    return val_ds, test_ds, train_ds, dev_set


class Data:
    def __init__(self, ds):
        self.train = ds.batch(8, drop_remainder=True)
        self.test = ds.batch(8, drop_remainder=True)  # XFR946
        self.valid_ds = tf.data.Dataset.range(9).batch(4, drop_remainder=True)  # XFR946
