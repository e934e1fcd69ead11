"""Shapes in which a result that nobody keeps was reported, each with its fixed twin."""

import tensorflow as tf
import torch

# -- as reported in tensorflow/models#4215 and https-deeplearning-ai/tensorflow-2-public#30 -----------


def read_dataset(files, config):
    records_dataset = tf.data.TFRecordDataset(files)
    if config.shuffle:
        records_dataset.shuffle(config.shuffle_buffer_size)  # XFR601
    records_dataset = records_dataset.repeat(config.num_epochs or None)
    return records_dataset.prefetch(8)


def read_dataset_fixed(files, config):
    records_dataset = tf.data.TFRecordDataset(files)
    if config.shuffle:
        records_dataset = records_dataset.shuffle(config.shuffle_buffer_size)
    records_dataset = records_dataset.repeat(config.num_epochs or None)
    return records_dataset.prefetch(8)


# -- the same with tensors of torch, which move nowhere by themselves -----------------------------------


def to_device(batches, device):
    for x, y in batches:
        x = torch.as_tensor(x)
        x.to(device)  # XFR601
        x.unsqueeze(1)  # XFR601
        yield x, y


def to_device_fixed(batches, device):
    for x, y in batches:
        x = torch.as_tensor(x)
        x = x.to(device)
        x.unsqueeze_(1)
        yield x, y
