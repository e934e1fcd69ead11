"""Mistakes in models whose outputs are images, boxes or several things at once."""

from .plant import Plant

PLANTS = (
    Plant(
        "skips concatenated behind",
        "unet",
        "L.Concatenate()([skips.pop(), x])",
        "L.Concatenate()([x, skips.pop()])",
        r"(?i)concat|order|channels",
        small={"transposed": False},
    ),
    Plant(
        "skips concatenated behind in torch",
        "unet",
        "torch.cat([skip, self.up(x)], dim=1)",
        "torch.cat([self.up(x), skip], dim=1)",
        r"(?i)concat|order|channels",
        "torch",
    ),
    Plant(
        "bilinear upsampling",
        "unet",
        "L.UpSampling2D(2)",
        'L.UpSampling2D(2, interpolation="bilinear")',
        r"(?i)bilinear|nearest|interpolation",
        small={"transposed": False},
    ),
    Plant(
        "align_corners",
        "unet",
        'mode="bilinear"',
        'mode="bilinear", align_corners=True',
        r"align_corners",
        "torch",
        both=(
            ("nn.Upsample(scale_factor=2)", 'nn.Upsample(scale_factor=2, mode="bilinear")'),
            ("L.UpSampling2D(2)", 'L.UpSampling2D(2, interpolation="bilinear")'),
        ),
        small={"transposed": False},
    ),
    Plant(
        "epsilon of one in a U-Net",
        "unet",
        "epsilon=1e-5",
        "epsilon=1e-3",
        r"epsilon=1e-05",
        small={"transposed": False},
    ),
    Plant(
        "average pool in a U-Net",
        "unet",
        "F.max_pool2d(skips[-1], 2)",
        "F.avg_pool2d(skips[-1], 2)",
        r"(?i)avg.*max|max.*avg|average",
        "torch",
        small={"transposed": False},
    ),
    Plant(
        "transposed conv cropped at one end",
        "dcgan_generator",
        "padding=padding, use_bias=False",
        'padding="valid", use_bias=False',
        r"padding|crop|pads",
        more=(
            (
                "        model.add(L.BatchNormalization",
                "        if i:\n            model.add(L.Cropping2D(((2, 0), (2, 0))))\n"
                "        model.add(L.BatchNormalization",
            ),
        ),
    ),
    Plant(
        "tanh forgotten in a generator",
        "dcgan_generator",
        ', activation="tanh"',
        "",
        r"no activation, the reference tanh",
    ),
    Plant(
        "generator momentum", "dcgan_generator", "momentum=0.9", "momentum=0.99", r"momentum=0\.9"
    ),
    Plant(
        "biases in the generator",
        "dcgan_generator",
        "padding=padding, use_bias=False",
        "padding=padding",
        r"bias",
    ),
    Plant(
        "standard deviation for variance",
        "vae",
        "ops.exp(0.5 * log_var)",
        "ops.exp(log_var)",
        r"mul\(0\.5\)|\* ?0\.5",
    ),
    Plant(
        "divergence averaged",
        "vae",
        "divergence = -0.5 * ops.sum(",
        "divergence = -0.5 * ops.mean(",
        r"(?i)sum|mean|factor",
    ),
    Plant(
        "reconstruction activated",
        "vae",
        'L.Conv2DTranspose(1, 4, strides=2, padding="same")',
        'L.Conv2DTranspose(1, 4, strides=2, padding="same", activation="sigmoid")',
        r"sigmoid",
    ),
    Plant(
        "no activation in the encoder",
        "vae",
        'L.Conv2D(width, 3, strides=2, activation="relu")',
        "L.Conv2D(width, 3, strides=2)",
        r"no activation, the reference relu",
    ),
    Plant(
        "same padding in the encoder",
        "vae",
        'L.Conv2D(width, 3, strides=2, activation="relu")(L.ZeroPadding2D(1)(inputs))',
        'L.Conv2D(width, 3, strides=2, padding="same", activation="relu")(inputs)',
        r"pads 0 before, 1 after",
    ),
    Plant(
        "rows for columns in the grid",
        "yolo",
        "ops.stack([columns, rows]",
        "ops.stack([rows, columns]",
        r"(?i)after|order|swap|grid",
    ),
    Plant(
        "objectness without sigmoid",
        "yolo",
        "scores = ops.sigmoid(x[..., 4:])",
        "scores = x[..., 4:]",
        r"sigmoid",
    ),
    Plant(
        "relu for silu in a detector", "yolo", "ops.silu(", "ops.relu(", r"relu, the reference silu"
    ),
    Plant(
        "epsilon in a detector",
        "yolo",
        "epsilon=1e-3, momentum=0.97",
        "epsilon=1e-5, momentum=0.97",
        r"epsilon=0\.001",
    ),
    Plant(
        "momentum in a detector",
        "yolo",
        "momentum=0.03",
        "momentum=0.1",
        r"momentum=0\.03",
        "torch",
    ),
    Plant(
        "upsampled features behind",
        "yolo",
        "ops.concatenate([up, fine], axis=-1)",
        "ops.concatenate([fine, up], axis=-1)",
        r"(?i)concat|order|channels",
    ),
    Plant(
        "outputs in another order",
        "yolo",
        "(fine, coarse), strict=True)]\n\n\ndef keras_model",
        "(fine, coarse), strict=True)][::-1]\n\n\ndef keras_model",
        r"(?i)output.*(order|swap|shape)",
    ),
)
