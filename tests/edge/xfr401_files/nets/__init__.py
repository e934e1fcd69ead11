from .cnn import Cnn, Plain, make
