// The studies of von Oswald et al. (2022) whose networks read tokens: an MLP before the attention
// (Fig. 4), inputs and targets in tokens of their own (Fig. 5), softmax (Fig. 12).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gramian/studies/draw.h"
#include "gramian/studies/recipe.h"
#include "gramian/studies/token_cells.h"

namespace gramian::gd {

extern const Recipe token_recipe;

// Networks of these studies, as a cell names them.
inline constexpr std::string_view kMlp = "mlp";  // embedding, MLP and one layer of linear attention
inline constexpr std::string_view kMlpDescent =
    "mlp-gd";  // the same with a fixed step of gradient descent
inline constexpr std::string_view kCopying = "copying";            // softmax, then linear attention
inline constexpr std::string_view kSoftmaxOne = "softmax-1-head";  // one layer
inline constexpr std::string_view kSoftmaxTwo = "softmax-2-heads";  // one layer

Cell sine_cell(std::string_view network, bool correlated);
Cell interleaved_cell();
Cell softmax_cell(std::string_view network);

// d = n = 10, x ~ U(-1/2, 1/2): what one step of gradient descent reaches, and predicting zero.
inline constexpr double kOneStepLoss = 0.2062, kZeroLoss = 5.0 / 12;
inline constexpr double kOneStep = 6.061;  // n x 0.6061, for the mean over the context

// A finished cell, read back; null without an error if no seed of it came to an end.
struct TokenCell {
  const Trained* trained = nullptr;
  std::string directory = {};
  TokenRun run;
};
Expected<std::unique_ptr<TokenCell>> load_token_cell(const Archive& archive, const Cell& cell,
                                                     const StudyOptions& options);

}  // namespace gramian::gd
