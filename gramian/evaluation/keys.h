// The keys of section [eval], and what they say: the comparison on fresh prompts.
#pragma once

#include <span>

#include "gramian/base/key.h"
#include "gramian/base/settings.h"
#include "gramian/evaluation/evaluate.h"

namespace gramian {

std::span<const Key> eval_keys();

// `layers`: the steps of gradient descent where [eval.gd_steps] is 0.
EvalSpec eval_spec(const Settings& settings, int layers);

}  // namespace gramian
