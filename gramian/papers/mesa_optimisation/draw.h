// What several studies of von Oswald et al. (2023) draw with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gramian/figures/result.h"
#include "gramian/papers/mesa_optimisation/claims.h"
#include "gramian/papers/mesa_optimisation/setting.h"
#include "gramian/studies/draw.h"

namespace gramian::mesa_optimisation {

// The losses of all seeds of a cell, by its name.
std::vector<Estimate> losses_of(const Archive& archive, const std::string& cell);
// Those of several cells, one after the other.
std::vector<Estimate> losses_of(const Archive& archive, const std::vector<Cell>& cells);

// Those of what stands beside the networks of this setting; empty if none was trained.
BaselineLosses baselines_of(const Archive& archive, const Setting& setting);

// One layer of each seed beside gradient descent.
Expected<std::vector<OneLayerNumbers>> one_layer_numbers(const Archive& archive,
                                                         const Setting& setting,
                                                         const StudyOptions& options);

// Numbers at first, first + 1, ..
Series series_of(const std::vector<Estimate>& numbers, int first, std::string name, Role role);

// A line of loss by position t = 1, 2, ..: of "model", or of a baseline, in the evaluation of the
// best seed of this cell; without points if none was trained.
Series by_position(const Archive& archive, const std::string& cell, const std::string& which,
                   std::string name, Role role);

// A matrix as a heat map, relative to its largest number, rows and columns counted from 1.
Panel map_panel(const RowMajorMatrix& matrix, std::string title, std::string rows = {},
                std::string columns = {});

// What the tokens of a layer read of each other, a head a panel (attention_maps).
Expected<std::vector<Panel>> attention_panels(const TokenTask& task, const Transformer& network,
                                              int layer, const std::string& title,
                                              const StudyOptions& options);

// How many prompts a network is measured on beside its evaluation.
std::uint64_t prompts_for(const StudyOptions& options);

}  // namespace gramian::mesa_optimisation
