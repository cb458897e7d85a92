"""What the tests of all spaces need to know of nasbench201."""

SIZE: int | None = 15_625

BAD = [
    "",
    "|none~0|",
    "|none~0|+|none~0|none~1|+|none~0|none~1|dil_conv~2|",
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|\n",
]

ODD: list[str] = [
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",  # no path
    "|none~0|+|nor_conv_3x3~0|none~1|+|none~0|nor_conv_3x3~1|none~2|",  # no path, with convolutions
    "|none~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|",  # nothing reaches node 1
    "|skip_connect~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|",  # the identity
    "|skip_connect~0|+|none~0|none~1|+|skip_connect~0|skip_connect~1|none~2|",  # x + x
    "|skip_connect~0|+|avg_pool_3x3~0|avg_pool_3x3~1|+|none~0|none~1|skip_connect~2|",  # twice the same pool
    "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|",  # 4 x
    "|skip_connect~0|+|skip_connect~0|avg_pool_3x3~1|+|avg_pool_3x3~0|skip_connect~1|nor_conv_3x3~2|",  # shared
    "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|",  # one convolution, before the head's norm
    "|avg_pool_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|",  # one pool
    "|nor_conv_3x3~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|",
]
