#!/usr/bin/env bash
# Installs the packages that are missing (Debian 12), builds, trains the model of configs/demo.toml
# (half a minute to a minute) and compares it with ridge regression, Bayes and other solvers. A
# second run skips what is done.
#
#   ./demo.sh [key=value ...]    settings that replace those of configs/demo.toml, for another run
source "$(dirname "$0")/scripts/common.sh"

run=runs/demo
if [[ $# -gt 0 ]]; then  # other settings make another run
  run=runs/demo-$(printf '%s\n' "$@" | sha256sum | cut -c1-8)
fi

install_packages
build release gramian_program
gramian=build/release/gramian

echo
echo "1. Training a linear transformer. Each prompt is twenty noisy examples of an unknown linear"
echo "   function, whose noise level it has to infer. (Ctrl-C saves; ./demo.sh continues.)"
"$gramian" train configs/demo.toml "$@" --out "$run" --resume
echo
echo "2. The model and every solver on the same 100,000 new prompts."
if [[ $run/eval.json -nt $run/model.safetensors && -f $run/eval.txt ]]; then
  cat "$run/eval.txt"
else
  "$gramian" eval "$run" | tee "$run/eval.txt.tmp"
  mv "$run/eval.txt.tmp" "$run/eval.txt"
fi
cat <<END

Adjusted loss: half the squared error, minus that of ridge regression that is told the noise level
of each prompt ('oracle'). No predictor that has to infer the noise level is better on average than
'bayes'. docs/tutorial.md explains every line, docs/glossary.md every word.

Files of this run, in $run/:
  model.safetensors   the weights (examples/evaluate.py reads them with NumPy alone)
  eval.json           the table above, and more
  metrics.jsonl       the training curve
  config.toml         every setting
Next: $gramian explain $run     (which algorithm it has learned)
      $gramian train --help     (every setting)
END
