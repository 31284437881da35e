"""PyTorch at the jobs of jobs.mjs, in the conversation that serve.mjs describes. Threads and kernels are set by the environment."""
import ctypes
import json
import os
import sys
import time


def say(**message):
    print(json.dumps(message), flush=True)


try:
    import torch
    from torch import nn
except ImportError:
    say(error="python3 has no torch; Debian: apt install python3-torch")
    sys.exit()

# What contestants.mjs sets; other variables of OpenBLAS are shown.
CHOSEN = ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS")
CLIP_NORM, LEARNING_RATE, TEMPERATURE, WINDOWS = 1, 1e-3, 0.8, 20


def blas():
    """OpenBLAS's kernels, where PyTorch is linked with it: they differ in speed."""
    try:
        with open("/proc/self/maps") as maps:
            path = next(line.split()[-1] for line in maps if "openblas" in line)
        name = ctypes.CDLL(path).openblas_get_corename
        name.restype = ctypes.c_char_p
        tuned = [f"{key}={value}" for key, value in os.environ.items() if key.startswith("OPENBLAS_") and key not in CHOSEN]
        return " ".join(["OpenBLAS", name().decode(), *tuned])
    except (OSError, StopIteration, AttributeError):
        return "MKL" if torch.backends.mkl.is_available() else "own BLAS"


class LanguageModel(nn.Module):
    def __init__(self, cell, V, H, layers):
        super().__init__()
        self.embedding = nn.Embedding(V, H)
        self.rnn = {"lstm": nn.LSTM, "gru": nn.GRU}[cell](H, H, layers)
        self.head = nn.Linear(H, V)

    def forward(self, ids, state):
        output, state = self.rnn(self.embedding(ids), state)
        return self.head(output), state


def trainer(model, V, T, B):
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    columns = torch.randint(V, (WINDOWS * T + 1, B))
    window, state = 0, None

    def step():
        nonlocal window, state
        x, y = columns[window * T : (window + 1) * T], columns[window * T + 1 : (window + 1) * T + 1]
        optimizer.zero_grad(set_to_none=True)
        logits, state = model(x, state)
        state = tuple(each.detach() for each in state) if isinstance(state, tuple) else state.detach()
        loss = nn.functional.cross_entropy(logits.view(-1, V), y.reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimizer.step()
        loss.item()
        window = (window + 1) % WINDOWS
        return T * B

    return step


def sampler(model):
    ids, state = torch.zeros(1, 1, dtype=torch.long), None

    @torch.inference_mode()
    def step():
        nonlocal state
        logits, state = model(ids, state)
        ids[0, 0] = torch.multinomial(torch.softmax(logits[0, 0] / TEMPERATURE, 0), 1).item()
        return 1

    return step


def rate(step, seconds):
    """Runs steps until `seconds` have passed, at least one; the units done per second."""
    start, units = time.perf_counter(), 0
    while units == 0 or time.perf_counter() - start < seconds:
        units += step()
    return units / (time.perf_counter() - start)


def main():
    threads, others = torch.get_num_threads(), os.environ.get("OPENBLAS_NUM_THREADS")
    say(about=f"PyTorch {torch.__version__}, {blas()}, threads {threads} of its own, {others} of OpenBLAS")
    name, step = None, None
    for line in sys.stdin:
        request = json.loads(line)
        job, seconds = request["job"], request["seconds"]
        try:
            if job["name"] != name:
                torch.manual_seed(1)
                name, step = job["name"], None
                model = LanguageModel(job["cell"], job["V"], job["H"], job["layers"])
                step = trainer(model, job["V"], job["T"], job["B"]) if job["kind"] == "train" else sampler(model)
                rate(step, seconds / 2)  # a warm-up
            say(perSecond=rate(step, seconds))
        except Exception as error:
            say(error=str(error).split("\n")[0])


main()
