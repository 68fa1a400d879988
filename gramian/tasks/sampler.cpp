// Sampling of prompts in lanes, compiled once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gramian/tasks/sampler.cpp"
#include <hwy/foreach_target.h>
// clang-format off
#include "gramian/lanes/matrix-inl.h"
#include "gramian/random/normal-inl.h"
// clang-format on

#include <algorithm>

#include "gramian/base/assert.h"
#include "gramian/tasks/task.h"

#ifndef GRAMIAN_TASKS_SAMPLER_ONCE
#define GRAMIAN_TASKS_SAMPLER_ONCE
namespace gramian {
namespace {

// Each kind of number has draws of its own, so that leaving one out (the query, for example) does
// not change the others.
enum Section : uint32_t {
  kNoiseLevelDraws = 0,
  kTruthDraws = 1u << 8,
  kQueryDraws = 2u << 8,
  kChiDraws = 1u << 16,
  kFactorDraws = 1u << 20,
  kTargetNoiseDraws = 1u << 28,
  kInputDraws = 1u << 29,
};

constexpr int kTokenTile = 64;  // tokens in memory at a time when only G is wanted

// `count` numbers, and those that come with them: a draw gives four.
constexpr std::size_t whole_draws(std::size_t count) { return (count + 3) / 4 * 4; }

}  // namespace
}  // namespace gramian
#endif

HWY_BEFORE_NAMESPACE();
namespace gramian {
namespace HWY_NAMESPACE {

template <class T>
HWY_INLINE Vec<T> At(const T* HWY_RESTRICT base, size_t element, size_t v) {
  return hn::Load(Tag<T>(), base + element * kLanes + v);
}

// y <- C y in place for a lower triangular C [d, d] shared by all lanes; y is
// [d, columns, lanes] and row i of the result needs rows <= i only.
template <class T>
void MultiplyLower(const double* c, size_t d, size_t columns, T* y) {
  const Tag<T> tag;
  for (size_t i = d; i-- > 0;) {
    for (size_t k = 0; k < columns * kLanes; k += hn::Lanes(tag)) {
      auto sum = hn::Zero(tag);
      for (size_t j = 0; j <= i; ++j) {
        sum = hn::MulAdd(hn::Set(tag, static_cast<T>(c[i * d + j])),
                         hn::Load(tag, y + j * columns * kLanes + k), sum);
      }
      hn::Store(sum, tag, y + i * columns * kLanes + k);
    }
  }
}

// w: standard normals in, N(0, I) or N(0, S^-1) = C^-T N(0, I) out.
template <class T>
void ShapeTruth(const RegressionTask& task, T* w) {
  if (task.spec().weights == WeightLaw::isotropic || task.identity_covariance()) return;
  const Tag<T> tag;
  const size_t d = static_cast<size_t>(task.d());
  const std::vector<double>& inverse = task.inverse_factor();
  for (size_t i = 0; i < d;
       ++i) {  // row i of C^-T needs entries >= i: ascending order works in place
    for (size_t v = 0; v < kLanes; v += hn::Lanes(tag)) {
      auto sum = hn::Zero(tag);
      for (size_t j = i; j < d; ++j) {
        sum = hn::MulAdd(hn::Set(tag, static_cast<T>(inverse[j * d + i])), At(w, j, v), sum);
      }
      hn::Store(sum, tag, w + i * kLanes + v);
    }
  }
}

template <class T>
void FillInputs(const RegressionTask& task, const LaneWords& stream, uint32_t first_draw,
                size_t count, T* out) {
  if (task.spec().inputs == InputLaw::gaussian) {
    FillNormals(stream, first_draw, count, out);
  } else {
    FillUniforms(stream, first_draw, count, static_cast<T>(1.7320508075688772),
                 out);  // variance 1
  }
}

// w of each prompt is the vector of the pool that its word picks.
template <class T>
void PickTruth(const RegressionTask& task, const uint32_t* words, T* truth) {
  const size_t d = static_cast<size_t>(task.d());
  const uint64_t size = static_cast<uint64_t>(task.spec().pool);
  for (size_t p = 0; p < kLanes; ++p) {
    const double* w = task.pool().data() + ((words[p] * size) >> 32) * d;
    for (size_t i = 0; i < d; ++i) truth[i * kLanes + p] = static_cast<T>(w[i]);
  }
}

// sigma and w of each prompt. `scratch` holds whole_draws(d) rows.
template <class T>
void SampleTruth(const RegressionTask& task, const LaneWords& stream, PromptBlock<T>& block,
                 T* scratch) {
  const size_t d = static_cast<size_t>(task.d());
  HWY_ALIGN uint32_t words[4 * kLanes];
  stream.Draw(kNoiseLevelDraws, words);
  for (size_t p = 0; p < kLanes; ++p) {
    const double pick = words[p] / 4294967296.0;
    const double fraction = words[kLanes + p] / 4294967296.0;
    block.sigma[p] = static_cast<T>(task.spec().noise.draw(pick, fraction));
  }
  if (task.spec().pool > 0) return PickTruth(task, words + 2 * kLanes, block.truth.data());
  FillNormals(stream, kTruthDraws, d, scratch);
  ShapeTruth(task, scratch);
  std::copy(scratch, scratch + d * kLanes, block.truth.data());
}

template <class T>
void SampleQuery(const RegressionTask& task, const LaneWords& stream, PromptBlock<T>& block,
                 T* scratch) {
  const size_t d = static_cast<size_t>(task.d());
  FillInputs(task, stream, kQueryDraws, d, scratch);
  if (!task.identity_covariance()) MultiplyLower(task.factor().data(), d, 1, scratch);
  std::copy(scratch, scratch + d * kLanes, block.query.data());
}

// MR rows of G = F F^T from row i on, up to the diagonal. F is zero above its diagonal, so an entry
// needs no more columns of F than its tile has to the left of its end.
template <int MR, class T>
HWY_INLINE void GramStrip(size_t rows, size_t columns, LaneMatrix<T> f, size_t i, T* gram) {
  for (size_t j = 0; j < i; j += kTile) {
    MultiplyTile<kLanes, MR, kTile, Part::all, Into::set>(std::min(j + kTile, columns), f,
                                                          f.transposed(), i, j, gram, rows);
  }
  MultiplyTile<kLanes, MR, MR, Part::lower, Into::set>(std::min(i + MR, columns), f, f.transposed(),
                                                       i, i, gram, rows);
}

// G = F F^T for the lower trapezoidal F [D, columns, lanes] (zero above its diagonal).
template <class T>
void GramOfFactor(size_t rows, size_t columns, const T* f, T* gram) {
  for (size_t v = 0; v < kLanes; v += hn::Lanes(Tag<T>())) {
    const LaneMatrix<T> factor{f + v, columns};
    size_t i = 0;
    for (; i + kTile <= rows; i += kTile) GramStrip<kTile>(rows, columns, factor, i, gram + v);
    if (rows - i == 1) GramStrip<1>(rows, columns, factor, i, gram + v);
    if (rows - i == 2) GramStrip<2>(rows, columns, factor, i, gram + v);
    if (rows - i == 3) GramStrip<3>(rows, columns, factor, i, gram + v);
    Mirror(rows, gram + v);
  }
}

// The direct sampler. (z_i, xi_i / sigma) are n standard normal vectors of size D, and their Gram
// matrix is F F^T with Bartlett's F [D, min(n, D)]: F_ii = chi(n - i), normals below the diagonal,
// zero above. [C 0; w^T C sigma] F is the factor of the Gram matrix of the tokens.
template <class T>
void SampleGram(const RegressionTask& task, const ChiLaw* laws, const PhiloxAddress& address,
                PromptBlock<T>& block, T* scratch) {
  const Tag<T> tag;
  const size_t d = static_cast<size_t>(task.d());
  const size_t rows = d + 1;
  const size_t columns = std::min(rows, static_cast<size_t>(task.n()));
  const LaneWords stream(address);
  SampleTruth(task, stream, block, scratch);

  T* normals = scratch;  // [whole_draws(D d / 2), lanes]
  T* f = scratch + whole_draws(rows * d / 2) * kLanes;
  const auto at = [&](size_t i, size_t j) HWY_ATTR { return f + (i * columns + j) * kLanes; };
  FillNormals(stream, kFactorDraws, rows * d / 2, normals);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < std::min(i, columns); ++j) {
      const T* z = normals + (i * (i - 1) / 2 + j) * kLanes;
      std::copy(z, z + kLanes, at(i, j));
    }
    // Of the zeros above the diagonal GramOfFactor reads those of its tile alone.
    const size_t zeros = std::min(i / kTile * kTile + kTile, columns);
    if (i < zeros) std::fill(at(i, i), at(i, zeros), T(0));
  }
  FillChis(stream, kChiDraws, laws, columns, f, columns + 1);
  if (!task.identity_covariance()) MultiplyLower(task.factor().data(), d, columns, f);
  for (size_t j = 0; j < columns; ++j) {  // the row of y: w^T (rows of x) + sigma (row of xi)
    for (size_t v = 0; v < kLanes; v += hn::Lanes(tag)) {
      auto sum = hn::Mul(hn::Load(tag, block.sigma.data() + v), At(f, d * columns + j, v));
      for (size_t i = j; i < d; ++i)
        sum = hn::MulAdd(At(block.truth.data(), i, v), At(f, i * columns + j, v), sum);
      hn::Store(sum, tag, f + (d * columns + j) * kLanes + v);
    }
  }
  GramOfFactor(rows, columns, f, block.gram.data());
}

// Tokens first .. first + count of each prompt: out is [count, D, lanes].
template <class T>
void FillTokens(const RegressionTask& task, const LaneWords& stream, const PromptBlock<T>& block,
                size_t first, size_t count, T* scratch, T* out) {
  const Tag<T> tag;
  const size_t d = static_cast<size_t>(task.d());
  T* inputs = scratch;  // [whole_draws(d), lanes]
  T* noise = scratch + whole_draws(d) * kLanes;
  FillNormals(stream, kTargetNoiseDraws + static_cast<uint32_t>(first / 4), count, noise);
  for (size_t t = 0; t < count; ++t) {
    const auto draw = static_cast<uint32_t>((first + t) * (whole_draws(d) / 4));
    FillInputs(task, stream, kInputDraws + draw, d, inputs);
    if (!task.identity_covariance()) MultiplyLower(task.factor().data(), d, 1, inputs);
    T* token = out + t * (d + 1) * kLanes;
    std::copy(inputs, inputs + d * kLanes, token);
    for (size_t v = 0; v < kLanes; v += hn::Lanes(tag)) {
      auto y = hn::Mul(hn::Load(tag, block.sigma.data() + v), At(noise, t, v));
      for (size_t i = 0; i < d; ++i)
        y = hn::MulAdd(At(block.truth.data(), i, v), At(inputs, i, v), y);
      hn::Store(y, tag, token + d * kLanes + v);
    }
  }
}

// G += sum over the tokens e [count, D, lanes] of e e^T (lower triangle, mirrored).
template <class T>
void AddTokens(size_t rows, size_t count, const T* HWY_RESTRICT tokens, T* HWY_RESTRICT gram) {
  const Tag<T> tag;
  for (size_t v = 0; v < kLanes; v += hn::Lanes(tag)) {
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j <= i; ++j) {
        auto sum = At(gram, i * rows + j, v);
        for (size_t t = 0; t < count; ++t)
          sum = hn::MulAdd(At(tokens, t * rows + i, v), At(tokens, t * rows + j, v), sum);
        hn::Store(sum, tag, gram + (i * rows + j) * kLanes + v);
        hn::Store(sum, tag, gram + (j * rows + i) * kLanes + v);
      }
    }
  }
}

// Writes the tokens to `kept`, or, if it is null, to scratch memory, a tile at a time.
template <class T>
void SampleTokens(const RegressionTask& task, const PhiloxAddress& address, PromptBlock<T>& block,
                  T* scratch, T* kept) {
  const size_t rows = static_cast<size_t>(task.d()) + 1;
  const size_t n = static_cast<size_t>(task.n());
  const LaneWords stream(address);
  SampleTruth(task, stream, block, scratch);
  block.gram.zero();
  T* tile = scratch + (whole_draws(rows - 1) + kTokenTile) * kLanes;
  for (size_t first = 0; first < n; first += kTokenTile) {
    const size_t count = std::min<size_t>(kTokenTile, n - first);
    T* out = kept != nullptr ? kept + first * rows * kLanes : tile;
    FillTokens(task, stream, block, first, count, scratch, out);
    AddTokens(rows, count, out, block.gram.data());
  }
}

void SampleGramFloat(const RegressionTask& t, const ChiLaw* laws, const PhiloxAddress& a,
                     PromptBlock<float>& b, float* s) {
  SampleGram(t, laws, a, b, s);
}
void SampleGramDouble(const RegressionTask& t, const ChiLaw* laws, const PhiloxAddress& a,
                      PromptBlock<double>& b, double* s) {
  SampleGram(t, laws, a, b, s);
}
void SampleQueryFloat(const RegressionTask& t, const PhiloxAddress& a, PromptBlock<float>& b,
                      float* s) {
  SampleQuery(t, LaneWords(a), b, s);
}
void SampleQueryDouble(const RegressionTask& t, const PhiloxAddress& a, PromptBlock<double>& b,
                       double* s) {
  SampleQuery(t, LaneWords(a), b, s);
}
void SampleTokensFloat(const RegressionTask& t, const PhiloxAddress& a, PromptBlock<float>& b,
                       float* s, float* k) {
  SampleTokens(t, a, b, s, k);
}
void SampleTokensDouble(const RegressionTask& t, const PhiloxAddress& a, PromptBlock<double>& b,
                        double* s, double* k) {
  SampleTokens(t, a, b, s, k);
}

}  // namespace HWY_NAMESPACE
}  // namespace gramian
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace gramian {

HWY_EXPORT(SampleGramFloat);
HWY_EXPORT(SampleGramDouble);
HWY_EXPORT(SampleQueryFloat);
HWY_EXPORT(SampleQueryDouble);
HWY_EXPORT(SampleTokensFloat);
HWY_EXPORT(SampleTokensDouble);

namespace {

void sample_gram(const RegressionTask& t, const ChiLaw* laws, const PhiloxAddress& a,
                 PromptBlock<float>& b, float* s) {
  HWY_DYNAMIC_DISPATCH(SampleGramFloat)(t, laws, a, b, s);
}
void sample_gram(const RegressionTask& t, const ChiLaw* laws, const PhiloxAddress& a,
                 PromptBlock<double>& b, double* s) {
  HWY_DYNAMIC_DISPATCH(SampleGramDouble)(t, laws, a, b, s);
}
void sample_query(const RegressionTask& t, const PhiloxAddress& a, PromptBlock<float>& b,
                  float* s) {
  HWY_DYNAMIC_DISPATCH(SampleQueryFloat)(t, a, b, s);
}
void sample_query(const RegressionTask& t, const PhiloxAddress& a, PromptBlock<double>& b,
                  double* s) {
  HWY_DYNAMIC_DISPATCH(SampleQueryDouble)(t, a, b, s);
}
void sample_by_tokens(const RegressionTask& t, const PhiloxAddress& a, PromptBlock<float>& b,
                      float* s, float* k) {
  HWY_DYNAMIC_DISPATCH(SampleTokensFloat)(t, a, b, s, k);
}
void sample_by_tokens(const RegressionTask& t, const PhiloxAddress& a, PromptBlock<double>& b,
                      double* s, double* k) {
  HWY_DYNAMIC_DISPATCH(SampleTokensDouble)(t, a, b, s, k);
}

std::size_t scratch_rows(const RegressionTask& task) {
  const auto d = static_cast<std::size_t>(task.d());
  const std::size_t direct = whole_draws((d + 1) * d / 2) + (d + 1) * (d + 1);
  const std::size_t tokens = whole_draws(d) + kTokenTile + kTokenTile * (d + 1);
  return std::max(direct, tokens);
}

// Empties the lanes from `count` on.
template <class T>
void clear_lanes(int count, AlignedArray<T>& array) {
  for (std::size_t row = 0; row < array.size(); row += kLanes) {
    for (int p = count; p < kLanes; ++p) array[row + static_cast<std::size_t>(p)] = T(0);
  }
}

template <class T>
void clear_lanes(int count, PromptBlock<T>& block) {
  if (count >= kLanes) return;
  clear_lanes(count, block.gram);
  clear_lanes(count, block.truth);
  clear_lanes(count, block.query);
  clear_lanes(count, block.sigma);
}

}  // namespace

template <class T>
PromptSampler<T>::PromptSampler(const RegressionTask& task, bool with_query)
    : task_(&task), with_query_(with_query), scratch_(scratch_rows(task) * kLanes) {
  if (!task.samples_gram_directly()) return;
  chi_laws_ = chi_laws(task.n(), static_cast<std::size_t>(std::min(task.d() + 1, task.n())));
}

template <class T>
void PromptSampler<T>::sample(const PhiloxAddress& address, int count, PromptBlock<T>& block) {
  GRAMIAN_ASSERT(count >= 0 && count <= kLanes);
  GRAMIAN_ASSERT(block.d == task_->d());
  if (task_->samples_gram_directly()) {
    sample_gram(*task_, chi_laws_.data(), address, block, scratch_.data());
  } else {
    sample_by_tokens(*task_, address, block, scratch_.data(), nullptr);
  }
  if (with_query_) sample_query(*task_, address, block, scratch_.data());
  clear_lanes(count, block);
}

template <class T>
void PromptSampler<T>::sample_tokens(const PhiloxAddress& address, int count, PromptBlock<T>& block,
                                     AlignedArray<T>& tokens) {
  GRAMIAN_ASSERT(count >= 0 && count <= kLanes);
  GRAMIAN_ASSERT(block.d == task_->d());
  const auto size =
      static_cast<std::size_t>(task_->n()) * static_cast<std::size_t>(task_->d() + 1) * kLanes;
  if (tokens.size() != size) tokens = AlignedArray<T>(size);
  sample_by_tokens(*task_, address, block, scratch_.data(), tokens.data());
  if (with_query_) sample_query(*task_, address, block, scratch_.data());
  clear_lanes(count, block);
  clear_lanes(count, tokens);
}

template class PromptSampler<float>;
template class PromptSampler<double>;

}  // namespace gramian
#endif
