// The kinds of mixers: what each of them needs, has to learn and records. A new kind is one
// enumerator with its word (spec.h, fields.h) and one entry in mixers.cpp.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gramian/models/transformer/parameters.h"
#include "gramian/tape/tape.h"

namespace gramian {

// One application of a mixer.
struct MixerWork {
  Recorder& recorder;
  const Mixer& mixer;
  std::span<const Value> weights;  // in the order of `parameters`
  Value from;                      // [q, W], the tokens to compute: all, or the query alone
  Value all;                       // [N, W]
};

struct MixerEntry {
  MixerKind kind;
  // What TransformerSpec::check() cannot know from one field: `path` is the name of the mixer, such
  // as "blocks[3].mixer", W the width of its tokens. Errors: config.
  Status (*check)(const Mixer& mixer, const std::string& path, int width);
  // In the order of theta, with names that begin inside the block, such as "heads.0.Q".
  std::vector<Parameter> (*parameters)(const Mixer& mixer, int width);
  // y of spec.h: [q, width of the mixer]. A mistake is kept by the recorder.
  Value (*record)(const MixerWork& work);
};

const MixerEntry& mixer_entry(MixerKind kind);

}  // namespace gramian
