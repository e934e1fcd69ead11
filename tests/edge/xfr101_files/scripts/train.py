import app.nets
from app import BaseNet


class Absolute(BaseNet):
    def __call__(self, x):  # XFR101
        return x


class Dotted(app.nets.base.BaseNet):
    def __call__(self, x):  # XFR101
        return x
