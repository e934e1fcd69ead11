from rates import *
from torch import nn

import rates

a = nn.Dropout(keep_prob)
b = nn.Dropout(keep_rate)  # XFR307
c = nn.Dropout(rates.keep_rate)  # XFR307
d = nn.Dropout(1 - keep_rate)
