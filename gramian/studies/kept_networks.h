// Networks of finished units in a folder that outlives the runs, so that a study can be trained
// over days and machines, and its networks be published:
//
//   DIR/<unit>/model.safetensors, config.toml   the network that counts, as a run: `gramian eval
//                                               DIR/<unit>` evaluates it
//   DIR/index.json                              {"networks": {<unit>: {"record": .., "commit": ..,
//                                               "cpu": .., "simd": ..}}}
//
// The record is the one of the unit (unit.h): which start counts, what each cost, and the loss by
// which it was chosen. The name of a unit has the hash of all settings of its starts, so a network
// that was trained otherwise is not mistaken for it. What a network scores is not kept: it is
// evaluated anew where it is used.
//
// Preconditions: none; several processes may use one folder. Errors: io; format, for an index that
// is none. Cost: the index is read for each unit, and written again with each that is added.
#pragma once

#include <optional>
#include <string>

#include "gramian/base/error.h"
#include "gramian/studies/unit.h"

namespace gramian {

// Puts a network that is kept where the unit trains (its record and the run that counts), and
// returns the path of this run; nothing if none is kept. The folder may be missing.
Expected<std::optional<std::string>> take_kept(const Unit& unit, const std::string& study_directory,
                                               const std::string& folder);

// Keeps the network of a unit that is trained, unless it is kept already. A unit of which no start
// came to an end has none.
Status keep(const Unit& unit, const std::string& study_directory, const std::string& folder);

}  // namespace gramian
