// The studies of von Oswald et al. (2022) whose networks read tokens: an MLP before the attention
// (Fig. 4), inputs and targets in tokens of their own (Fig. 5), softmax (Fig. 12).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/papers/gd/setting.h"
#include "gramian/studies/draw.h"
#include "gramian/studies/recipe.h"
#include "gramian/studies/token_cells.h"

namespace gramian::gd {

std::string token_recipe(const Effort& effort);  // of these cells, in words

// An embedding and an MLP before one layer of linear attention, or before a fixed step of gradient
// descent, as cells name them.
inline constexpr std::string_view kMlp = "mlp";
inline constexpr std::string_view kMlpDescent = "mlp-gd";

Cell sine_cell(std::string_view network, bool correlated);  // kMlp or kMlpDescent
Cell interleaved_cell();       // a layer of softmax, then one of linear attention
Cell softmax_cell(int heads);  // one layer with one head or two

// d = n = 10, x ~ U(-1/2, 1/2): what one step of gradient descent reaches, and predicting zero.
inline constexpr double kOneStepLoss = 0.2062, kZeroLoss = 5.0 / 12;
inline constexpr double kOneStep = 6.061;  // n x 0.6061, for the mean over the context

// Of alignment along training.
inline const AlongNames kTokenNames{"cosine", "sensitivity difference", "prediction difference"};

// A finished cell, read back; null without an error if no seed of it came to an end.
struct TokenCell {
  const Trained* trained = nullptr;
  std::string directory = {};
  TokenRun run;
};
Expected<std::unique_ptr<TokenCell>> load_token_cell(const Archive& archive, const Cell& cell,
                                                     const StudyOptions& options);

}  // namespace gramian::gd
