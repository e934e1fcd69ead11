from .. import BaseNet as Parent
from . import base


class Cnn(Parent):
    def __call__(self, x):  # XFR101
        return x


class Other(base.BaseNet):
    def __call__(self, x):  # XFR101
        return x


class Unknown(base.Missing):
    def __call__(self, x):
        return x
