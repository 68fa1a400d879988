// The JSON form of a transformer's description (models/transformer/spec.h), which a model file
// carries so that it says what it is:
//
//     {"stem": {"tokens": 11, "width": 2, ...},
//      "blocks": [{"mixer": {"kind": "linear", ...}, ...}], "weights_of": [], "readout": {...}}
//
// Names, words and limits are those of models/transformer/fields.h. Every field is written; a field
// that is missing when it is read has its default, so that files from before there was that field
// still load. What to_json writes, from_json reads back as an equal description.
#pragma once

#include <string>
#include <string_view>

#include "gramian/base/error.h"
#include "gramian/models/transformer/spec.h"

namespace gramian {

inline constexpr std::size_t kMaxDescription = 1 << 20;  // bytes

std::string to_json(const TransformerSpec& spec);

// Errors: format, in words that name the field, for text that is no JSON, longer than
// kMaxDescription or nested too deep, for names that are unknown or twice there, values of another
// type, and descriptions that do not pass TransformerSpec::check(). Cost: linear in the text.
Expected<TransformerSpec> transformer_from_json(std::string_view text);

// "" if the two describe one transformer; else the first field that differs, with both values:
// "/blocks/0/mlp/hidden is 4, not 6".
std::string first_difference(const TransformerSpec& is, const TransformerSpec& expected);

}  // namespace gramian
