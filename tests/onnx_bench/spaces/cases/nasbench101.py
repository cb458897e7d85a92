"""What the tests of all spaces need to know of nasbench101."""

SIZE: int | None = 423_624

BAD = [
    "",
    "[]",
    "{}",
    "[" * 100_000,
    '{"matrix":["01","00"],"ops":["input","input"]}',
    '{"matrix":["01"],"ops":["input","output"]}',
    '{"matrix":["00","00"],"ops":["input","output"]}',
    '{"matrix":["01","10"],"ops":["input","output"]}',
    '{"matrix":["02","00"],"ops":["input","output"]}',
    '{"matrix":["010","001","000"],"ops":["input","conv7x7","output"]}',
    '{"matrix":7,"ops":7}',
    '{"matrix":[[0,[1]],[0,0]],"ops":["input","output"]}',
    '{"matrix":["01","00"],"ops":[["input"],"output"]}',
    '{"matrix":["01111","00111","00011","00001","00000"],"ops":["input",'
    '"conv1x1-bn-relu","conv1x1-bn-relu","conv1x1-bn-relu","output"]}',
]

ODD: list[str] = [
    '{"matrix":["01","00"],"ops":["input","output"]}',
    '{"matrix":["0110","0001","0001","0000"],"ops":["input","maxpool3x3","maxpool3x3","output"]}',
    # two equal pools of one vertex
    '{"matrix":["01000","00110","00001","00001","00000"],"ops":["input","conv3x3-bn-relu","maxpool3x3","maxpool3x3",'
    '"output"]}',
    # one sum is part of another
    '{"matrix":["010001","001110","000110","000010","000001","000000"],"ops":["input","conv1x1-bn-relu",'
    '"conv1x1-bn-relu","conv3x3-bn-relu","conv1x1-bn-relu","output"]}',
    # the input feeds everything, and the width does not divide by three
    '{"matrix":["01111","00001","00001","00001","00000"],"ops":["input","conv3x3-bn-relu","conv1x1-bn-relu",'
    '"maxpool3x3","output"]}',
]
