// The studies of von Oswald et al. (2023): what each has to train, and how it is drawn.
#pragma once

#include <string>

#include "gramian/studies/study.h"

namespace gramian::mesa_optimisation {

std::vector<Cell> one_layer_cells();
Status draw_one_layer(const Archive& archive, const StudyOptions& options, StudyResult& result);

std::vector<Cell> depth_cells();
Status draw_depth(const Archive& archive, const StudyOptions& options, StudyResult& result);

std::vector<Cell> probe_cells();
Status draw_probes(const Archive& archive, const StudyOptions& options, StudyResult& result);

std::vector<Cell> system_cells();
Status draw_systems(const Archive& archive, const StudyOptions& options, StudyResult& result);

std::vector<Cell> raw_cells();
Status draw_raw(const Archive& archive, const StudyOptions& options, StudyResult& result);

std::vector<Cell> reference_cells();
Status draw_reference(const Archive& archive, const StudyOptions& options, StudyResult& result);

std::vector<Cell> interpolation_cells();
Status draw_interpolation(const Archive& archive, const StudyOptions& options, StudyResult& result);
std::string interpolation_recipe(const Effort& effort);

std::vector<Cell> linearised_cells();
Status draw_linearised(const Archive& archive, const StudyOptions& options, StudyResult& result);
std::string linearised_recipe(const Effort& effort);

std::vector<Cell> few_shot_cells();
Status draw_few_shot(const Archive& archive, const StudyOptions& options, StudyResult& result);
std::string few_shot_recipe(const Effort& effort);

}  // namespace gramian::mesa_optimisation
