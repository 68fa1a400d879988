// mesa-reference: baselines and two layers at the sizes of the publication.
#include <fmt/format.h>

#include "gramian/papers/mesa_optimisation/draw.h"
#include "gramian/papers/mesa_optimisation/published.h"
#include "gramian/papers/mesa_optimisation/studies.h"

namespace gramian::mesa_optimisation {

namespace {

constexpr Setting kReferenceLayers{.layers = 2, .d = kPublishedD};

}  // namespace

std::vector<Cell> reference_cells() { return {kReferenceLayers.cell()}; }

Status draw_reference(const Archive& archive, const StudyOptions& options, StudyResult& result) {
  const auto numbers = measure_reference(prompts_for(options));
  const auto two_layers = losses_of(archive, kReferenceLayers.name());
  result.claims = reference_claims(numbers, two_layers);
  Table table = comparison_table("mesa-reference", "Losses at d = 10 and T = 50");
  for (const ReferenceNumbers& at : numbers) {
    TableCell cell = cell_of(at.here);
    cell.paper = at.there;
    add_comparison(table, at.name, cell, "an independent run", "");
  }
  if (!two_layers.empty()) {
    TableCell cell = cell_of_seeds(two_layers);
    cell.paper = kPublishedTwoLayers;
    add_comparison(table, "two trained layers, mean over seeds", cell, "a log of the public code",
                   "fewer steps, smaller batches");
  }
  result.tables.push_back(std::move(table));
  return {};
}

}  // namespace gramian::mesa_optimisation
