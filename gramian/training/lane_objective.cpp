#include "gramian/training/lane_objective.h"

#include <algorithm>
#include <cmath>

#include "gramian/lanes/sums.h"

namespace gramian {

namespace {

// J^T v beyond this is left out of the curvature: its square would leave the range of float soon.
constexpr double kLargestSlope = 1e15;

template <class T>
struct LaneScratch final : Objective::Scratch {
  LaneScratch(std::unique_ptr<BlockPass<T>> block_pass, std::size_t parameters, bool with_slopes)
      : pass(std::move(block_pass)),
        dtheta(lane_size(parameters)),
        slopes(with_slopes ? lane_size(parameters) : 0) {}
  std::unique_ptr<BlockPass<T>> pass;
  AlignedArray<T> dtheta;  // [parameters, lanes], summed over the blocks of a chunk
  AlignedArray<T> slopes;  // [parameters, lanes] J^T v of one block
};

// Returns how many prompts exploded.
template <class T>
int leave_out_exploded(double exploded, BlockPass<T>& pass) {
  int dropped = 0;
  for (std::size_t p = 0; p < kLanes; ++p) {
    if (pass.squared_error()[p] <= exploded) continue;  // false for NaN
    pass.leave_out(p);
    ++dropped;
  }
  return dropped;
}

// slopes [parameters, lanes]: those of prompts whose numbers are too large become zero.
template <class T>
void leave_out_large(LaneView<T> slopes) {
  for (std::size_t p = 0; p < kLanes; ++p) {
    bool small = true;  // false for NaN
    for (std::size_t i = 0; i < slopes.rows(); ++i)
      small = small && std::abs(slopes.at(i, 0, p)) < kLargestSlope;
    if (!small) slopes.fill(p, T(0));
  }
}

}  // namespace

template <class T>
void BlockPass<T>::add_slopes(const PhiloxAddress&, double, T*) {
  GRAMIAN_ASSERT(false && "this objective offers no slopes");
}

template <class T>
std::unique_ptr<Objective::Scratch> LaneObjective<T>::scratch(bool slopes) const {
  GRAMIAN_ASSERT(!slopes || offers_slopes());
  return std::make_unique<LaneScratch<T>>(block_pass(), parameters(), slopes);
}

template <class T>
int LaneObjective<T>::learners(int batch) const {
  const int blocks = batch / kLanes, rest = batch % kLanes;
  return blocks * (kLanes - guards()) + std::max(0, rest - guards());
}

template <class T>
void LaneObjective<T>::run(const Chunk& chunk, Scratch& scratch, ChunkSums& sums) const {
  GRAMIAN_ASSERT(chunk.theta != nullptr && sums.gradient.size() == parameters());
  GRAMIAN_ASSERT(!chunk.slopes || sums.curvature.size() == parameters() * parameters());
  auto& [pass, dtheta, slopes] = static_cast<LaneScratch<T>&>(scratch);
  const T* theta = chunk.theta->as<T>();
  sums.clear();
  dtheta.zero();
  for_blocks(chunk.prompts, [&](const SeriesBlock& block) {
    if (chunk.given_up()) return;
    pass->sample(block.address, block.count);
    pass->forward(theta, chunk.robust);
    if (const int dropped = leave_out_exploded(chunk.exploded, *pass); dropped > 0) {
      sums.dropped += dropped;
      pass->forward(theta, chunk.robust);
    }
    for (auto p = static_cast<std::size_t>(guards()); p < kLanes; ++p) {
      sums.squared_error += pass->squared_error()[p];
      sums.robust_error += 2 * robust_loss(pass->squared_error()[p], chunk.robust);
    }
    pass->backward(chunk.robust, dtheta.data());
    if (chunk.slopes) {
      slopes.zero();
      pass->add_slopes(block.address, chunk.robust, slopes.data());
      const LaneView<T> view = lane_view(slopes);
      leave_out_large(view);
      // sum_p s_p s_p^T, s_p the slopes of prompt p.
      add_lane_products(LaneView<const T>(slopes.data(), view.rows()), sums.curvature.data());
    }
  });
  sum_lanes(LaneView<const T>(dtheta.data(), sums.gradient.size()), sums.gradient.data());
}

template class BlockPass<float>;
template class BlockPass<double>;
template class LaneObjective<float>;
template class LaneObjective<double>;

}  // namespace gramian
