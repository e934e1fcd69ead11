import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader

# -- Keras: (target, output) ------------------------------------------------------------------

cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
mse = keras.losses.MeanSquaredError()


def discriminator_loss(real_output, fake_output):
    real = cross_entropy(tf.ones_like(real_output), real_output)
    fake = cross_entropy(fake_output, tf.zeros_like(fake_output))  # XFR405
    return real + fake


def symmetric(model, x, y):
    return mse(model(x), y) + keras.losses.mean_absolute_error(model(x), y)


class Trainer:
    def __init__(self, model):
        self.model = model
        self.loss_object = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.kl = keras.losses.KLDivergence()

    @tf.function
    def train_step(self, images, labels):
        with tf.GradientTape() as tape:
            predictions = self.model(images, training=True)
            loss = self.loss_object(predictions, labels)  # XFR405
            again = self.loss_object(labels, predictions)
            named = self.loss_object(y_pred=predictions, y_true=labels)
            kl = self.kl(tf.nn.softmax(predictions), tf.one_hot(labels, 4))  # XFR405
            total = loss + again + named + kl
        return tape.gradient(total, self.model.trainable_variables)


def loop(model, dataset):
    for step, (x, y) in enumerate(dataset):
        logits = model(x, training=True)
        wrong = keras.losses.binary_crossentropy(logits, y, from_logits=True)  # XFR405
        right = keras.losses.binary_crossentropy(y, logits, from_logits=True)
        rebuilt = keras.losses.binary_crossentropy(x, logits)
        swapped = keras.losses.binary_crossentropy(logits, x)  # XFR405
        yield wrong + right + rebuilt + swapped


def names_alone(y_true, logits, batch):
    wrong = keras.losses.categorical_crossentropy(logits, y_true, from_logits=True)  # XFR405
    other = keras.losses.categorical_crossentropy(batch["logits"], batch["labels"])  # XFR405
    right = keras.losses.categorical_crossentropy(batch["labels"], batch["logits"])
    return wrong + other + right


def for_compile(y_pred, y_true):
    # compile(loss=for_compile) hands over (target, output), whatever the names are.
    return keras.losses.binary_crossentropy(y_pred, y_true)


class Focal(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return keras.losses.binary_crossentropy(y_true, y_pred)


class Net(keras.Model):
    def train_step(self, data):
        x, y = data
        outputs = self(x, training=True)
        return keras.losses.categorical_crossentropy(outputs, y)  # XFR405


def teacher_and_student(teacher, student, x):
    kl = keras.losses.KLDivergence()
    return kl(tf.nn.softmax(teacher(x)), tf.nn.softmax(student(x)))


def adversarial(model, x, target_logits, label_pred):
    a = cross_entropy(model(x), target_logits)
    b = cross_entropy(label_pred, model(x))
    return a + b


# -- torch: (output, target) ------------------------------------------------------------------

criterion = nn.BCELoss()


def torch_loop(model, loader: DataLoader, device):
    ce = nn.CrossEntropyLoss()
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        outputs = model(images)
        ce(labels, outputs).backward()  # XFR405
        ce(outputs, labels).backward()
        criterion(labels.float(), outputs.squeeze(1)).backward()  # XFR405
        criterion(outputs.squeeze(1), labels.float()).backward()
        F.cross_entropy(input=outputs, target=labels).backward()


def torch_gan(netD, fake, real, size):
    valid = torch.ones(size, 1)
    a = criterion(valid, netD(real))  # XFR405
    b = criterion(netD(fake), torch.zeros(size, 1))
    c = nn.MSELoss()(valid, netD(real))
    return a + b + c


def variational(recon_x, x, mu, logvar):
    return F.binary_cross_entropy(recon_x, x) - 0.5 * torch.sum(1 + logvar - mu.pow(2))


class Lightning(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 4)

    def training_step(self, batch, batch_idx):
        x, y = batch
        y_hat = self(x)
        right = F.cross_entropy(y_hat, y)
        return right + F.cross_entropy(y, y_hat)  # XFR405

    def pseudo_labels(self, x):
        target = self(x)
        return F.cross_entropy(self(x + 1), target.softmax(1))

    def detached(self, x, y):
        return F.binary_cross_entropy_with_logits(y, self(x).detach())


def poisson(model, x, counts):
    rate = model(x)
    y = torch.tensor(np.array(counts))
    return F.poisson_nll_loss(y, rate)  # XFR405


def rebinding(model, x, y):
    z = x
    for _ in range(3):
        z = z.view(-1)
    return F.cross_entropy(z, y) + F.cross_entropy(model(z), y)


def labels_of_the_teacher(model, teacher, x):
    labels = teacher(x)
    return F.kl_div(F.log_softmax(model(x), dim=1), labels)  # XFR945


def detector(model, batch):
    loss = 0
    for pred in model(batch):
        loss += F.cross_entropy(pred, batch["labels"])
    for pred, label in zip(model(batch), batch["labels"]):
        loss += F.cross_entropy(pred, label)
    return loss


# -- metrics of Keras ---------------------------------------------------------------------------

train_accuracy = keras.metrics.SparseCategoricalAccuracy()
train_error = keras.metrics.MeanSquaredError()


@tf.function
def measured(model, images, labels):
    predictions = model(images, training=True)
    train_accuracy(predictions, labels)  # XFR405
    train_accuracy(labels, predictions)
    train_accuracy.update_state(predictions, labels)  # XFR405
    train_accuracy.update_state(y_true=labels, y_pred=predictions)
    train_error(predictions, labels)


class Measured:
    def __init__(self, model):
        self.model = model
        self.recall = keras.metrics.Recall()

    def test_step(self, x, y):
        y_pred = self.model(x, training=False)
        self.recall.update_state(y_pred, y)  # XFR405
        return self.recall(y, y_pred)


# -- what is seen, and what is not ----------------------------------------------------------------


def seen(x, y, loader, dataset, batches, estimator):
    layer = nn.Linear(8, 1)
    head = keras.layers.Dense(1, activation="sigmoid")
    loss = F.binary_cross_entropy_with_logits(y, layer(x))  # XFR405
    loss = loss + keras.losses.binary_crossentropy(head(x), y)  # XFR405
    loss = loss + keras.losses.binary_crossentropy(estimator.predict(x), tf.cast(y, "float32"))
    for a, b in dataset.take(3):
        loss = loss + keras.losses.binary_crossentropy(head(a), tf.squeeze(b))  # XFR405
    for a, b in enumerate(loader.batches()):
        loss = loss + F.binary_cross_entropy_with_logits(b.T, layer(x))  # XFR405
    for a, b in zip(batches, loader):
        loss = loss + F.binary_cross_entropy_with_logits(b, a)
    return loss + F.binary_cross_entropy_with_logits(y, layer(x).data)


class Autoencoder(keras.Model):
    def train_step(self, data):
        reconstruction = self.decoder(self.encoder(data))
        wrong = keras.losses.binary_crossentropy(reconstruction, data)  # XFR405
        return {"loss": wrong + keras.losses.binary_crossentropy(data, reconstruction)}


def older(netD, imgs, x_data, y_data, loader, tqdm, Tensor):
    adversarial_loss = torch.nn.BCELoss()
    valid = torch.autograd.Variable(Tensor(imgs.size(0), 1).fill_(1.0), requires_grad=False)
    loss = adversarial_loss(valid, netD(imgs))  # XFR405
    loss = loss + adversarial_loss(y_data, netD(x_data))  # XFR405
    progress = tqdm(loader)
    for images, lbls in progress:
        loss = loss + adversarial_loss(images.view(-1, 8), netD(images))  # XFR405
        loss = loss + adversarial_loss(netD(images), images.view(-1, 8))
    return loss
