#include "gramian/papers/papers.h"

#include <algorithm>
#include <vector>

#include "gramian/papers/electric/paper.h"
#include "gramian/papers/gd/paper.h"
#include "gramian/papers/looped/paper.h"
#include "gramian/papers/low_rank/paper.h"
#include "gramian/papers/mesa_optimisation/paper.h"
#include "gramian/papers/mesanet/paper.h"
#include "gramian/papers/newton/paper.h"
#include "gramian/papers/versatile/paper.h"

namespace gramian {

namespace {

constexpr const Paper* kPapers[] = {
    &versatile::paper,
    &gd::paper,
    &looped::paper,
    &low_rank::paper,
    &newton::paper,
    &electric::paper,
    &mesa_optimisation::paper,
    &mesanet::paper,
};

}  // namespace

std::span<const Paper* const> all_papers() { return kPapers; }

std::span<const Study> all_studies() {
  static const std::vector<Study> list = studies_of(kPapers);
  return list;
}

const Study* find_study(std::string_view name) {
  const auto studies = all_studies();
  const auto found = std::ranges::find(studies, name, &Study::name);
  return found == studies.end() ? nullptr : &*found;
}

}  // namespace gramian
