import keras
import tensorflow as tf
import torchvision
from torch import nn
from transformers import AutoModel, AutoTokenizer, TFBertModel


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(4, 4)
        self.blocks = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        self.scale = nn.Parameter(tf.ones(1))
        self.trainable = False

    def freeze(self):
        self.encoder.requires_grad = False  # XFR315
        self.scale.requires_grad = False
        self.blocks[0].requires_grad = False  # XFR315
        for block in self.blocks:
            block.requires_grad = False  # XFR315
        self.requires_grad = False  # XFR315

    def freeze_properly(self):
        self.encoder.requires_grad_(False)
        self.encoder.weight.requires_grad = False
        for parameter in self.blocks.parameters():
            parameter.requires_grad = False

    def forward(self, x):
        return self.encoder(x)


def transfer(classes):
    model = torchvision.models.resnet18(weights="DEFAULT")
    for child in model.children():
        child.requires_grad = False  # XFR315
    for name, module in list(model.named_modules())[:-1]:
        module.requires_grad = "bn" in name  # XFR315
    model.fc.requires_grad = True  # XFR315
    model.fc = nn.Linear(512, classes)
    model.layer4[1].conv2.requires_grad = True  # XFR315
    model.layer4[1].conv2.weight.requires_grad = True
    return model


def chosen(arch):
    model = torchvision.models.__dict__[arch](pretrained=True)
    model.trainable = False  # XFR315
    getattr(torchvision.models, arch)().requires_grad_(False)
    return model


def misspelt(model):
    for p in model.parameters():
        p.require_grad = False  # XFR315
    for _, p in model.named_parameters():
        p.requires_grads = False  # XFR315
    for p in model.parameters():
        p.requires_grad_ = False  # XFR315
    for p in model.parameters():
        p.trainable = False  # XFR315
    for p in model.parameters():
        p.requires_grad = False


def freeze(module: nn.Module, tensor):
    module.trainable = False  # XFR315
    tensor.requires_grad = False


def pretrained():
    bert = AutoModel.from_pretrained("bert-base-uncased")
    bert.encoder.requires_grad = False  # XFR315
    twin = TFBertModel.from_pretrained("bert-base-uncased")
    twin.trainable = False
    tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")
    tokenizer.trainable = False
    return bert, twin


def fine_tune():
    base = keras.applications.ResNet50(include_top=False)
    base.requires_grad = False  # XFR315
    for layer in base.layers[:-10]:
        layer.requires_grad = False  # XFR315
    for layer in base.layers[:-10]:
        layer.trainable = False
    base.get_layer("conv1_conv").requires_grad_ = False  # XFR315
    base.get_layer("conv1_conv").trainable = False
    base.layers[0].requires_grad = False  # XFR315
    head = keras.layers.Dense(2)
    head.requires_grad = True  # XFR315
    return base, head


class Wrapped(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = keras.Sequential([keras.layers.Dense(4)])

    def freeze(self):
        self.body.requires_grad = False  # XFR315
        self.body.trainable = False


class Unknown:
    def __init__(self, net):
        self.net = net
        self.trainable = self.requires_grad = True

    def freeze(self):
        self.net.requires_grad = False
        self.net.trainable = False


weights = tf.Variable([1.0], trainable=False)
net = Net()
net.requires_grad = False  # XFR315
nn.Sequential(net)[0].trainable = False  # XFR315


def parts(net: Net, some, unknown):
    net.get_submodule("encoder").requires_grad = False  # XFR315
    for place, child in enumerate(net.blocks):
        child.requires_grad = place > 2  # XFR315
    for child in (net.encoder, net.blocks):
        child.requires_grad = False  # XFR315
    for child in reversed(net.blocks):
        child.requires_grad = False  # XFR315
    for place, p in enumerate(net.parameters()):
        p.trainable = place > 3  # XFR315
    for p in list(net.parameters())[:4]:
        p.require_grads = False  # XFR315
    net.encoder.bias.requires_grads = False  # XFR315
    for child in (net.encoder, unknown):
        child.requires_grad = False
    for p in [*some, *unknown]:
        p.trainable = False
    models = {"net": net}
    models["net"].requires_grad = False  # XFR315
    parallel = nn.DataParallel(some)
    parallel.module.requires_grad = False
    torchvision.models.resnet18().other.requires_grad = False


def from_zoo(x):
    whole = torchvision.models.vgg16()
    whole.features[:10].requires_grad = False  # XFR315
    whole.classifier[-1].requires_grad = True  # XFR315
    whole.get_submodule("features").trainable = False  # XFR315
    return whole(x)
