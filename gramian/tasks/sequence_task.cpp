#include "gramian/tasks/sequence_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/random/uniforms.h"

namespace gramian {
namespace {

// Of the entries of A and B of the nonlinear family, and of C.
constexpr double kTeacherSize = 1.1, kObservationSize = 0.5;
constexpr double kLeastContraction = 0.3, kMostContraction = 0.9;

using Vector = Eigen::VectorXd;

RowMajorMatrix normal_matrix(Uniforms& uniforms, Eigen::Index rows, Eigen::Index columns,
                             double size) {
  RowMajorMatrix m(rows, columns);
  for (Eigen::Index e = 0; e < m.size(); ++e) m.data()[e] = size * uniforms.normal();
  return m;
}

// Of the uniform law on orthogonal matrices: Q of a normal matrix, with the signs of the diagonal
// of R (Mezzadri 2007).
RowMajorMatrix orthogonal_matrix(Uniforms& uniforms, Eigen::Index size) {
  const Eigen::MatrixXd m = normal_matrix(uniforms, size, size, 1);
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(m);
  Eigen::MatrixXd q = qr.householderQ() * Eigen::MatrixXd::Identity(size, size);
  for (Eigen::Index j = 0; j < size; ++j) {
    if (qr.matrixQR()(j, j) < 0) q.col(j) *= -1;
  }
  return q;
}

RowMajorMatrix contracting_matrix(Uniforms& uniforms, Eigen::Index size) {
  const Eigen::MatrixXd basis = normal_matrix(uniforms, size, size, 1);
  Eigen::MatrixXd scaled = basis;
  for (Eigen::Index j = 0; j < size; ++j) {
    scaled.col(j) *= kLeastContraction + (kMostContraction - kLeastContraction) * uniforms.next();
  }
  // U diag(l) U^-1 is the transpose of the solution of U^T X = diag(l) U^T.
  return basis.transpose().partialPivLu().solve(scaled.transpose()).transpose();
}

Vector limited(const Vector& x) { return x.cwiseMax(-kSequenceClip).cwiseMin(kSequenceClip); }

Vector noise_of(Uniforms& uniforms, Eigen::Index size, double noise) {
  Vector e(size);
  for (Eigen::Index i = 0; i < size; ++i) e(i) = noise * uniforms.normal();
  return e;
}

double gelu(double x) { return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2)); }

RowMajorMatrix as_matrix(const double* entries, Eigen::Index size) {
  RowMajorMatrix m(size, size);
  std::copy_n(entries, m.size(), m.data());
  return m;
}

// f(h) / |f(h)|, of A and B one after the other.
Vector teacher_step(const std::vector<double>& shared, const Vector& h) {
  const RowMajorMatrix a = as_matrix(shared.data(), h.size());
  const RowMajorMatrix b = as_matrix(shared.data() + h.size() * h.size(), h.size());
  const Vector inner = a * h;
  const Vector f = b * inner.unaryExpr(&gelu);
  const double length = f.norm();
  return length > 0 ? Vector(f / length) : Vector(f);
}

// T + 1 observations as rows, and the same without the noise of their step.
struct Observations {
  RowMajorMatrix seen, clean;
};

Vector first_state(const SequenceSpec& spec, Uniforms& uniforms) {
  Vector h(spec.state);
  for (Eigen::Index i = 0; i < h.size(); ++i)
    h(i) = spec.start == SequenceStart::normal ? uniforms.normal() : 2 * uniforms.next() - 1;
  return h;
}

Observations observe_system(const SequenceSpec& spec, const std::vector<double>& shared,
                            const RowMajorMatrix& w, Uniforms& uniforms) {
  const bool is_partial = spec.observed < spec.state;
  const RowMajorMatrix c =
      is_partial ? normal_matrix(uniforms, spec.observed, spec.state, kObservationSize)
                 : RowMajorMatrix(RowMajorMatrix::Identity(spec.state, spec.state));
  Observations all{RowMajorMatrix(spec.tokens + 1, spec.observed),
                   RowMajorMatrix(spec.tokens + 1, spec.observed)};
  Vector h = first_state(spec, uniforms), before_noise = h;
  for (Eigen::Index t = 0; t <= spec.tokens; ++t) {
    if (t > 0) {
      const bool is_linear = spec.family != SequenceFamily::nonlinear;
      before_noise = w * (is_linear ? h : teacher_step(shared, h));
      h = limited(before_noise + noise_of(uniforms, spec.state, spec.noise));
    }
    Vector s = c * h;
    if (is_partial) s += noise_of(uniforms, spec.observed, spec.noise);
    all.seen.row(t) = limited(s).transpose();
    all.clean.row(t) = limited(c * before_noise).transpose();
  }
  return all;
}

Observations observe_regression(const SequenceSpec& spec, const RowMajorMatrix& w,
                                Uniforms& uniforms) {
  Observations all{RowMajorMatrix(spec.tokens + 1, spec.observed),
                   RowMajorMatrix(spec.tokens + 1, spec.observed)};
  for (Eigen::Index t = 0; t <= spec.tokens; ++t) {
    const Vector x = noise_of(uniforms, spec.state, 1);
    const bool is_y = t % 2 == 1;
    const Vector here = is_y ? Vector(w * all.seen.row(t - 1).transpose()) : x;
    all.clean.row(t) = here.transpose();
    all.seen.row(t) = here.transpose();
    // The normal numbers of y are its noise; noise 0 leaves y = W x.
    if (is_y) all.seen.row(t) += spec.noise * x.transpose();
  }
  return all;
}

// Observation `from` into columns [slot * d, (slot + 1) * d) of token t.
template <class T>
void put(const SequenceSpec& spec, const RowMajorMatrix& seen, int from, int t, int slot,
         std::vector<T>& tokens) {
  T* const to = tokens.data() + t * spec.width() + slot * spec.observed;
  for (int i = 0; i < spec.observed; ++i) to[i] = static_cast<T>(seen(from, i));
}

template <class T>
void fill_prompt(const SequenceSpec& spec, const Observations& all, SequencePrompt<T>& prompt) {
  const bool is_regression = spec.family == SequenceFamily::regression;
  const RowMajorMatrix& next = spec.clean ? all.clean : all.seen;
  prompt.tokens.resize(static_cast<std::size_t>(spec.tokens * spec.width()));
  for (int t = 0; t < spec.tokens; ++t) {
    const bool is_raw = spec.layout == SequenceLayout::raw;
    put(spec, all.seen, t, t, is_raw ? 0 : 1, prompt.tokens);
    if (spec.layout == SequenceLayout::constructed) put(spec, all.seen, t, t, 2, prompt.tokens);
    const int last = spec.width() / spec.observed - 1;
    if (!is_raw && t > 0) put(spec, all.seen, t - 1, t, last, prompt.tokens);
    for (int i = 0; i < spec.observed; ++i)
      prompt.targets.push_back(static_cast<T>(next(t + 1, i)));
    prompt.weights.push_back(is_regression && t % 2 == 1 ? T(0) : T(1));
  }
}

}  // namespace

std::string SequenceSpec::describe() const {
  static constexpr const char* kNames[] = {"linear dynamics", "nonlinear dynamics",
                                           "contracting dynamics", "dynamics of one system",
                                           "regression in pairs"};
  const char* name = kNames[static_cast<std::size_t>(family)];
  if (family == SequenceFamily::regression || observed == state)
    return fmt::format("{}, d = {}", name, observed);
  return fmt::format("{}, {} numbers of a state of {}", name, observed, state);
}

Status SequenceSpec::check() const {
  if (tokens < 1 || tokens > kMaxSequenceTokens)
    return fail(ErrorKind::config, "tokens must be in [1, {}], got {}", kMaxSequenceTokens, tokens);
  if (state < 1 || state > kMaxSequenceState)
    return fail(ErrorKind::config, "state must be in [1, {}], got {}", kMaxSequenceState, state);
  if (observed < 1 || observed > state)
    return fail(ErrorKind::config, "observed must be in [1, state = {}], got {}", state, observed);
  if (family == SequenceFamily::regression && observed != state) {
    return fail(ErrorKind::config,
                "regression has no state to observe: observed must be {}, got {}", state, observed);
  }
  if (!(noise >= 0 && noise <= kSequenceClip))
    return fail(ErrorKind::config, "noise must be in [0, {}], got {}", kSequenceClip, noise);
  return {};
}

template <class T>
SequenceSampler<T>::SequenceSampler(const SequenceSpec& spec) : spec_(spec) {
  GRAMIAN_ASSERT(spec.check().has_value());
  Uniforms uniforms({.seed = spec.teacher, .stream = kInitialStream}, 0);
  const auto append = [&](const RowMajorMatrix& m) {
    shared_.insert(shared_.end(), m.data(), m.data() + m.size());
  };
  if (spec.family == SequenceFamily::fixed) append(orthogonal_matrix(uniforms, spec.state));
  if (spec.family != SequenceFamily::nonlinear) return;
  for (int k = 0; k < 2; ++k) append(normal_matrix(uniforms, spec.state, spec.state, kTeacherSize));
}

template <class T>
SequencePrompt<T> SequenceSampler<T>::sample(const PhiloxAddress& address, std::size_t p) const {
  Uniforms uniforms(address, p);
  const bool is_regression = spec_.family == SequenceFamily::regression;
  RowMajorMatrix w;
  if (spec_.family == SequenceFamily::fixed) {
    w = as_matrix(shared_.data(), spec_.state);
  } else if (is_regression) {
    w = normal_matrix(uniforms, spec_.state, spec_.state, 1 / std::sqrt(spec_.state));
  } else if (spec_.family == SequenceFamily::contracting) {
    w = contracting_matrix(uniforms, spec_.state);
  } else {
    w = orthogonal_matrix(uniforms, spec_.state);
  }
  const Observations all = is_regression ? observe_regression(spec_, w, uniforms)
                                         : observe_system(spec_, shared_, w, uniforms);
  SequencePrompt<T> prompt;
  prompt.truth.assign(w.data(), w.data() + w.size());
  fill_prompt(spec_, all, prompt);
  return prompt;
}

template class SequenceSampler<float>;
template class SequenceSampler<double>;

}  // namespace gramian
