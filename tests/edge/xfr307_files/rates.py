keep_prob = 0.5
keep_rate = 0.9


class keep: ...
