#!/usr/bin/env python3
"""Writes a golden file for `drey verify`: what Hugging Face transformers computes for a checkpoint.

    pip install torch transformers
    tools/golden.py MODEL_DIR golden.json

float32 arithmetic on the stored weights, eager attention, one sequence per pass, no padding, no
special tokens. Prompts are random token ids, so the tokenizer does not matter.
"""

import argparse
import json
import math

import torch
from transformers import AutoConfig, AutoModelForCausalLM

NEW_TOKENS = 16
LISTED_ROWS = 4


def load(path, dtype):
    model = AutoModelForCausalLM.from_pretrained(
        path, dtype=dtype, attn_implementation="eager", experts_implementation="eager"
    )
    return model.eval()


def routers(model):
    """The module of each MoE layer that chooses the experts, by decoder layer."""
    found = {}
    for name, module in model.named_modules():
        kind = type(module).__name__
        parts = name.split(".")
        if ("Router" in kind or kind.endswith(("Gate", "TopKGating"))) and "layers" in parts:
            found[int(parts[parts.index("layers") + 1])] = module
    return found


def gap(ranked, k):
    """Distance between the k-th and the next of rows that fall; infinite if there is no next."""
    if ranked.shape[1] <= k:
        return torch.full((ranked.shape[0],), math.inf)
    return ranked[:, k - 1] - ranked[:, k]


def margins(module, scores, k):
    """How far each token is from another choice, in what the router ranks by."""
    bias = getattr(module, "e_score_correction_bias", None)
    statics = getattr(module, "moe_statics", None)
    if statics is not None:
        scores = scores.softmax(dim=1) + statics.e_score_correction_bias.float().flatten()
    elif bias is not None:
        scores = scores.sigmoid() + bias.float()
    groups = getattr(module, "n_group", None) or getattr(module, "num_group", None) or 1
    kept = getattr(module, "topk_group", None) or groups
    nearest = torch.full((scores.shape[0],), math.inf)
    if kept < groups:
        if bias is None:
            scores = scores.softmax(dim=1)
        parts = scores.reshape(scores.shape[0], groups, -1)
        best = parts.topk(1 if bias is None else min(2, parts.shape[2]), dim=2).values.sum(dim=2)
        nearest = gap(best.sort(dim=1, descending=True).values, kept)
        mask = torch.zeros_like(best).scatter(1, best.topk(kept, dim=1).indices, 1.0).bool()
        scores = parts.masked_fill(~mask.unsqueeze(2), -math.inf).reshape(scores.shape)
    nearest = torch.minimum(nearest, gap(scores.sort(dim=1, descending=True).values, k))
    if type(module).__name__.startswith("Phimoe"):
        nearest = torch.minimum(nearest, jitter_margin(scores, module.router_jitter_noise))
    return torch.where(nearest.isfinite(), nearest, torch.zeros_like(nearest) + 1e9)


def jitter_margin(scores, jitter):
    """SparseMixer's weights jump where an expert enters or leaves the softmax of the nearest."""
    nearest = torch.full((scores.shape[0],), math.inf)
    left = scores.clone()
    for _ in range(2):
        top, at = left.max(dim=1, keepdim=True)
        scale = torch.maximum(scores.abs(), top)
        edge = ((top - left) - 2 * jitter * scale).abs()
        edge = edge.masked_fill(left.isinf(), math.inf).scatter(1, at, math.inf)
        nearest = torch.minimum(nearest, edge.min(dim=1).values)
        left = left.scatter(1, at, -math.inf)
    return nearest


class Capture:
    """Keeps what every router returns during one forward pass."""

    def __init__(self, model):
        self.seen = {}
        self.modules = routers(model)
        self.hooks = [
            module.register_forward_hook(self.keep(layer))
            for layer, module in self.modules.items()
        ]

    def keep(self, layer):
        def hook(module, arguments, result):
            self.seen[layer] = result

        return hook

    def close(self):
        for hook in self.hooks:
            hook.remove()

    def choices(self, layer):
        """Experts and weights by falling weight, and the margin of each choice."""
        tensors = [t for t in self.seen[layer] if torch.is_tensor(t)]
        chosen = next((t for t in tensors if not t.is_floating_point()), None)
        if chosen is None:  # weights of all experts, 0 for those not chosen
            return self.chosen_by_weight(tensors)
        chosen = chosen.reshape(-1, chosen.shape[-1])
        floats = [t.reshape(chosen.shape[0], -1) for t in tensors if t.is_floating_point()]
        weights = next((t for t in floats if t.shape[1] == chosen.shape[1]), None)
        scores = max(floats, key=lambda t: t.shape[1])
        if weights is None:
            weights = scores.gather(1, chosen)
        elif weights.shape == scores.shape:
            weights = weights.gather(1, chosen)
        order = weights.argsort(dim=1, descending=True, stable=True)
        margin = margins(self.modules[layer], scores.float(), chosen.shape[1])
        return chosen.gather(1, order), weights.float().gather(1, order), margin.clamp(min=0)

    def chosen_by_weight(self, tensors):
        weights = tensors[0].float()
        k = int((weights[0] > 0).sum())
        best = weights.topk(k, dim=1)
        ranked = tensors[1].float().sort(dim=1, descending=True).values
        return best.indices, best.values, gap(ranked, k)


def rounded(values):
    return [float("%.6g" % value) for value in values]


def forward(model, ids):
    capture = Capture(model)
    with torch.no_grad():
        logits = model(torch.tensor([ids]), use_cache=False).logits[0].float()
    capture.close()
    return logits, capture


def prompt(model, name, ids):
    logits, capture = forward(model, ids)
    listed = list(range(len(ids))) if len(ids) <= 40 else list(range(len(ids) - LISTED_ROWS, len(ids)))
    routing = []
    for layer in sorted(capture.seen):
        experts, weights, margin = capture.choices(layer)
        routing.append(
            {
                "layer": layer,
                "experts": experts.tolist(),
                "weights": [rounded(row) for row in weights.tolist()],
                "margin": rounded(margin.tolist()),
            }
        )
    return {
        "name": name,
        "input_ids": ids,
        "logits_positions": listed,
        "argmax": logits.argmax(dim=1).tolist(),
        "logits": [rounded(logits[position].tolist()) for position in listed],
        "routing": routing,
    }


def greedy(model, ids):
    all_ids = list(ids)
    for _ in range(NEW_TOKENS):
        logits, _ = forward(model, all_ids)
        all_ids.append(int(logits[-1].argmax()))
    return {"prompt_ids": ids, "new_ids": all_ids[len(ids) :]}


def likelihood(model, context, continuation):
    logits, _ = forward(model, context + continuation)
    logprobs = torch.log_softmax(logits.double(), dim=1)
    rows = range(len(context) - 1, len(context) + len(continuation) - 1)
    tokens = [float(logprobs[row][token]) for row, token in zip(rows, continuation)]
    return {
        "context_ids": context,
        "continuation_ids": continuation,
        "token_logprobs": rounded(tokens),
        "sum_logprob": float("%.8g" % math.fsum(tokens)),
        "is_greedy": all(int(logits[row].argmax()) == t for row, t in zip(rows, continuation)),
    }


def noise(path, prompts):
    """What transformers loses when it computes in bfloat16."""
    model = load(path, torch.bfloat16)
    differences, divergences, agreements, flips, decisions = [], [], [], 0, 0
    for one in prompts:
        logits, capture = forward(model, one["input_ids"])
        for position, expected in zip(one["logits_positions"], one["logits"]):
            reference = torch.tensor(expected)
            differences.append(float((logits[position] - reference).abs().mean()))
            p = torch.log_softmax(reference.double(), 0)
            q = torch.log_softmax(logits[position].double(), 0)
            divergences.append(float((p.exp() * (p - q)).sum()))
        agreements += [int(a) == b for a, b in zip(logits.argmax(dim=1), one["argmax"])]
        for layer in one["routing"]:
            experts, _, _ = capture.choices(layer["layer"])
            for found, expected in zip(experts.tolist(), layer["experts"]):
                decisions += 1
                flips += sorted(found) != sorted(expected)
    return {
        "mean_abs": sum(differences) / len(differences),
        "mean_kl": sum(divergences) / len(divergences),
        "argmax_agreement": sum(agreements) / len(agreements),
        "routing_decisions": decisions,
        "routing_flips": flips,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("output")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    config = AutoConfig.from_pretrained(arguments.model)
    config = getattr(config, "text_config", config)

    def ids(count):
        return torch.randint(5, config.vocab_size, (count,)).tolist()

    model = load(arguments.model, torch.float32)
    longest = min(150, config.max_position_embeddings)
    prompts = [prompt(model, "len%d" % n, ids(n)) for n in (1, 7, 33, longest)]
    golden = {
        "format_version": 1,
        "model_type": config.model_type,
        "vocab_size": config.vocab_size,
        "prompts": prompts,
        "greedy": [greedy(model, ids(7)), greedy(model, ids(33))],
        "loglikelihood": [likelihood(model, ids(24), ids(8)), likelihood(model, ids(15), ids(8))],
    }
    del model
    golden["noise"] = {"bf16_transformers": noise(arguments.model, prompts)}
    with open(arguments.output, "w") as file:
        json.dump(golden, file)


if __name__ == "__main__":
    main()
