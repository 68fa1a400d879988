#!/usr/bin/env bash
# Installs what is missing, builds, trains the model of configs/demo.toml (half a minute to a minute) and
# compares it with every solver. A second run skips what is done.
#
#   ./demo.sh [key=value ...]    settings that replace those of the file, for a run of your own
source "$(dirname "$0")/scripts/common.sh"

run=runs/demo
if [[ $# -gt 0 ]]; then  # other settings make another run
  run=runs/demo-$(printf '%s\n' "$@" | sha256sum | cut -c1-8)
fi

install_packages
build release gramian_program
gramian=build/release/gramian

echo
echo "1. Training a linear transformer on in-context regression with unknown noise"
echo "   (Ctrl-C saves; the next ./demo.sh goes on from there)."
"$gramian" train configs/demo.toml "$@" --out "$run" --resume
echo
echo "2. The model beside every solver, on fresh prompts."
if [[ $run/eval.json -nt $run/model.safetensors && -f $run/eval.txt ]]; then
  cat "$run/eval.txt"
else
  "$gramian" eval "$run" | tee "$run/eval.txt.tmp"
  mv "$run/eval.txt.tmp" "$run/eval.txt"
fi
cat <<END

Adjusted loss is what is lost against ridge regression that is told the noise level of each
prompt. 'bayes' is the bound: no predictor that has to infer the noise does better on average.

Files of this run, in $run/:
  model.safetensors   the weights (examples/evaluate.py reads them with NumPy alone)
  eval.json           the table above, and more
  metrics.jsonl       the training curve
  config.toml         every setting
Next: $gramian train --help
END
