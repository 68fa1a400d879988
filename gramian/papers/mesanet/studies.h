// The studies of MesaNet: what each has to train, and how it is drawn.
#pragma once

#include "gramian/studies/study.h"

namespace gramian::mesanet {

std::vector<Cell> recall_cells();
Status draw_recall(const Archive& archive, const StudyOptions& options, StudyResult& result);

}  // namespace gramian::mesanet
