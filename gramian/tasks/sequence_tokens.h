// Sequences (sequence_task.h) as a source of tokens: every token has an answer, the next
// observation.
//
//   TokenTask task(GRAMIAN_TRY(sequence_tokens({.tokens = 50, .state = 10, .observed = 10})));
//
// Errors: config, of SequenceSpec::check(), in words that name the key of the configuration. Cost:
// that of the draws; some arrays are allocated for each prompt.
#pragma once

#include <memory>

#include "gramian/base/error.h"
#include "gramian/tasks/sequence_task.h"
#include "gramian/tasks/token_source.h"

namespace gramian {

Expected<std::shared_ptr<const TokenSource>> sequence_tokens(const SequenceSpec& spec);

}  // namespace gramian
