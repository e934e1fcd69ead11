from .nets import BaseNet as BaseNet
