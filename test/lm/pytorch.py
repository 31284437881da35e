"""A language model in PyTorch, for pytorch.test.ts.

pytorch.py load MODEL IDS OUT   loads MODEL with strict=True, writes the logits for IDS
pytorch.py save CONFIG MODEL IDS OUT   makes a model from CONFIG (JSON), writes it and its logits

Files are safetensors, read and written here in a few lines: Debian has no package of the library.
"""
import json
import struct
import sys

import numpy as np
import torch
from torch import nn


class LanguageModel(nn.Module):
    def __init__(self, vocab, cell, embeddingSize, hiddenSize, layers, softmax=None, cutoffs=None):
        super().__init__()
        self.embedding = nn.Embedding(vocab, embeddingSize)
        self.rnn = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[cell](embeddingSize, hiddenSize, layers)
        adaptive = softmax == "adaptive"
        self.head = nn.AdaptiveLogSoftmaxWithLoss(hiddenSize, vocab, cutoffs) if adaptive else nn.Linear(hiddenSize, vocab)

    def forward(self, ids):
        output = self.rnn(self.embedding(ids))[0]
        if isinstance(self.head, nn.Linear):
            return self.head(output)
        return self.head.log_prob(output.flatten(0, 1)).unflatten(0, output.shape[:2])


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        dtype = {"F32": np.float32, "I32": np.int32}[entry["dtype"]]
        array = np.frombuffer(data[8 + size + begin : 8 + size + end], dtype).reshape(entry["shape"])
        tensors[name] = torch.tensor(array)
    return tensors, metadata


def write(path, tensors, metadata=None):
    header, chunks, offset = {}, [], 0
    if metadata:
        header["__metadata__"] = metadata
    for name, tensor in tensors.items():
        chunk = tensor.detach().numpy().astype(np.float32).tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(chunk)]}
        chunks.append(chunk)
        offset += len(chunk)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(chunks))


def main(command, *args):
    torch.manual_seed(1)
    if command == "load":
        path, ids, out = args
        state, metadata = read(path)
        config = json.loads(metadata["config"])
        known = ("cell", "embeddingSize", "hiddenSize", "layers", "softmax", "cutoffs")
        options = {key: config[key] for key in known if key in config}
        model = LanguageModel(state["embedding.weight"].shape[0], **options)
        model.load_state_dict(state, strict=True)
    else:
        config, path, ids, out = args
        model = LanguageModel(**json.loads(config))
        write(path, model.state_dict())
    tensors, _ = read(ids)
    write(out, {"logits": model(tensors["ids"].long())})


main(*sys.argv[1:])
