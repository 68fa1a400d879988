// Recall as a source of tokens: symbols of a vocabulary, and questions that only what stood before
// in the same prompt can answer. For the comparison of sequence mixers by what they can remember.
//
// A prompt is T symbols of a vocabulary of V, written as their indices; the answer at a position is
// a symbol, and only positions that ask count. There are three kinds:
//
//     associative  k_1 v_1 k_2 v_2 .. k_K v_K, and then, in T - 2K places, each of these keys once
//                  more, in random places and order, among values drawn at random. A key that comes
//                  again asks for its value. Keys are K different ones of the lower half of the
//                  vocabulary, values any of the upper half. (Multi-query associative recall, Arora
//                  et al. 2023, arXiv 2312.04927; there the places follow a power law.)
//     noisy        a stream of pairs k v of a fixed random map from K keys to values, in which a
//                  share of the places between pairs holds symbols without a meaning. A key that
//                  was seen before asks for its value. Meaningless are the first quarter of the
//                  vocabulary, keys K of the second, values the upper half. (Noisy in-context
//                  recall, Poli et al. 2024, arXiv 2403.17844.)
//     copying      K symbols in random places of the first T - K, blank elsewhere; then K markers,
//                  the i-th of which asks for the i-th of these symbols. Symbol 0 is blank, 1 the
//                  marker. (Selective copying, Gu and Dao 2023, arXiv 2312.00752.)
//
//   TokenTask task(GRAMIAN_TRY(recall_tokens({.kind = RecallKind::associative, .items = 8})));
//
// A prompt depends on its address alone. Letters: T tokens, V symbols, K items. Shapes: tokens
// [T, 1] and targets [T, 1] hold indices, weights [T] 1 where a position asks and 0 elsewhere.
// Errors: config, in words that name the key of the configuration. Cost: a shuffle of the
// vocabulary and T draws a prompt.
#pragma once

#include <memory>
#include <string>

#include "gramian/base/error.h"
#include "gramian/tasks/token_source.h"

namespace gramian {

inline constexpr int kMaxVocabulary = 1024, kMaxRecallTokens = 4096;

enum class RecallKind { associative, noisy, copying };

struct RecallSpec {
  RecallKind kind = RecallKind::associative;
  int tokens = 64;      // T
  int vocabulary = 64;  // V, a multiple of 4
  int items = 8;        // K: keys, or symbols to copy
  double noise = 0.2;   // of noisy: the share of places between pairs without a meaning

  std::string describe() const;
  Status check() const;  // errors: config
};

Expected<std::shared_ptr<const TokenSource>> recall_tokens(const RecallSpec& spec);

}  // namespace gramian
