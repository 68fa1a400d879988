#include "gramian/sequence/chunked.h"

#include <algorithm>
#include <vector>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/sequence/features.h"
#include "gramian/sequence/momentum.h"

namespace gramian {
namespace {

RowMajorMatrix copied(const Rows<const double>& rows, std::size_t first, std::size_t count,
                      std::size_t columns) {
  RowMajorMatrix to(count, columns);
  for (std::size_t t = 0; t < count; ++t)
    std::copy_n(rows.row(first + t), columns, to.row(static_cast<Eigen::Index>(t)).data());
  return to;
}

// The tokens of one chunk, and their sums.
struct MixerChunk {
  RowMajorMatrix q, k;    // [C, key]
  RowMajorMatrix zeta;    // [C, C]: product of the decays of s + 1 .. t; zero above the diagonal
  Eigen::VectorXd zeta0;  // [C]: of the tokens up to t
  RowMajorMatrix u;       // [C, value]: writes of a chunk that begins with no state
  RowMajorMatrix w;       // [C, key]: what they have less for each unit of state
  RowMajorMatrix added;   // [key, value]: what the chunk leaves of its own

  MixerChunk(const CausalMixer& mixer, const MixerInput<double>& in, std::size_t first,
             std::size_t count)
      : q(copied(in.q, first, count, in.key)),
        k(copied(in.k, first, count, in.key)),
        zeta(RowMajorMatrix::Zero(static_cast<Eigen::Index>(count),
                                  static_cast<Eigen::Index>(count))),
        zeta0(static_cast<Eigen::Index>(count)),
        u(copied(in.v, first, count, in.value)),
        w(RowMajorMatrix::Zero(q.rows(), q.cols())) {
    const auto tokens = static_cast<Eigen::Index>(count);
    for (Eigen::Index t = 0; t < tokens; ++t) {
      const auto at = first + static_cast<std::size_t>(t);
      const double decay = in.decay == nullptr ? 1 : in.decay[at];
      const double strength = in.strength == nullptr ? 1 : in.strength[at];
      zeta0(t) = decay * (t == 0 ? 1 : zeta0(t - 1));
      zeta(t, t) = 1;
      for (Eigen::Index s = 0; s < t; ++s) zeta(t, s) = decay * zeta(t - 1, s);
      if (mixer.rule == StateRule::delta) {
        w.row(t) = zeta0(t) * k.row(t);
        for (Eigen::Index s = 0; s < t; ++s) {
          const double seen = zeta(t, s) * k.row(t).dot(k.row(s));
          u.row(t) -= seen * u.row(s);
          w.row(t) -= seen * w.row(s);
        }
      }
      u.row(t) *= strength;
      w.row(t) *= strength;
    }
    added = k.transpose() * zeta.row(tokens - 1).asDiagonal() * u;
  }

  // The state behind the chunk, [key, value], of the state before it.
  RowMajorMatrix after(const RowMajorMatrix& state) const {
    const Eigen::Index last = zeta.rows() - 1;
    return zeta0(last) * state - k.transpose() * zeta.row(last).asDiagonal() * (w * state) + added;
  }

  RowMajorMatrix output(const RowMajorMatrix& state) const {
    const RowMajorMatrix scores = (q * k.transpose()).cwiseProduct(zeta);
    return zeta0.asDiagonal() * (q * state) + scores * (u - w * state);
  }
};

// With `adds` to what is in o.
void mix_chunks(const CausalMixer& mixer, const MixerInput<double>& in, std::size_t chunk,
                Rows<double> o, double* final, bool adds = false) {
  std::vector<MixerChunk> chunks;
  for (std::size_t first = 0; first < in.tokens; first += chunk)
    chunks.emplace_back(mixer, in, first, std::min(chunk, in.tokens - first));
  RowMajorMatrix state =
      RowMajorMatrix::Zero(static_cast<Eigen::Index>(in.key), static_cast<Eigen::Index>(in.value));
  if (in.initial != nullptr) std::copy_n(in.initial, in.key * in.value, state.data());
  std::vector<RowMajorMatrix> states;
  for (const MixerChunk& part : chunks) {
    states.push_back(state);
    state = part.after(state);
  }
  for (std::size_t c = 0; c < chunks.size(); ++c) {
    RowMajorMatrix out = mixer.scale * chunks[c].output(states[c]);
    const std::size_t first = c * chunk;
    if (adds)
      out += copied({o.data, o.stride}, first, std::min(chunk, in.tokens - first), in.value);
    for (Eigen::Index t = 0; t < out.rows(); ++t)
      std::copy_n(out.row(t).data(), in.value, o.row(first + static_cast<std::size_t>(t)));
  }
  if (final != nullptr) std::copy_n(state.data(), in.key * in.value, final);
}

}  // namespace

void mix_chunked(const CausalMixer& mixer, const MixerInput<double>& in,
                 const MixerOutput<double>& out, std::size_t chunk) {
  GRAMIAN_ASSERT(chunk >= 1);
  const MappedInput<double> mapped(mixer, in);
  const auto form = [chunk](const CausalMixer& of_sum, const MixerInput<double>& sum,
                            Rows<double> o, double* final,
                            bool adds) { mix_chunks(of_sum, sum, chunk, o, final, adds); };
  const auto run = [&](Rows<double> o) {
    if (!mixer.momentum) return mix_chunks(mixer, mapped.get(), chunk, o, out.final);
    MomentumSums<double>(mixer, mapped.get()).mix(form, o, out.final);
  };
  if (!mixer.normalise) return run(out.o);
  const std::size_t wide = in.value + 1;
  std::vector<double> o(in.tokens * wide);
  run({o.data(), static_cast<std::ptrdiff_t>(wide)});
  divide_by_normaliser(mixer, in.tokens, in.value, o.data(), out.o);
}

}  // namespace gramian
