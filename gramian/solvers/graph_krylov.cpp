#include "gramian/solvers/graph_krylov.h"

#include <Spectra/SymEigsSolver.h>

#include <algorithm>
#include <cmath>

#include "gramian/base/assert.h"
#include "gramian/base/decompositions.h"
#include "gramian/random/uniforms.h"

namespace gramian {

namespace {

using KrylovVector = Eigen::VectorXd;

void take_out_mean(KrylovVector& x) { x.array() -= x.mean(); }

KrylovVector times_laplacian(const SparseLaplacian& laplacian, const KrylovVector& x) {
  KrylovVector y(x.size());
  laplacian.multiply(x.data(), 1, y.data());
  return y;
}

// The coefficients of Lanczos from a start, with a function called on each vector.
struct Tridiagonal {
  std::vector<double> alpha, beta;
};

template <class Visit>
Tridiagonal lanczos(const SparseLaplacian& laplacian, const KrylovVector& start, int steps,
                    Visit visit) {
  Tridiagonal t;
  KrylovVector v = start / start.norm(), before = KrylovVector::Zero(start.size());
  double beta = 0;
  for (int j = 0; j < steps; ++j) {
    if (!visit(j, v, t)) break;
    KrylovVector w = times_laplacian(laplacian, v) - beta * before;
    const double alpha = w.dot(v);
    w -= alpha * v;
    take_out_mean(w);
    beta = w.norm();
    t.alpha.push_back(alpha);
    t.beta.push_back(beta);
    if (beta <= 1e-14 * std::abs(alpha)) break;  // an invariant subspace
    before = v;
    v = w / beta;
  }
  return t;
}

Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen_of(const Tridiagonal& t) {
  const auto m = static_cast<Eigen::Index>(t.alpha.size());
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(m, m);
  for (Eigen::Index j = 0; j < m; ++j) {
    const auto at = static_cast<std::size_t>(j);
    matrix(j, j) = t.alpha[at];
    if (j + 1 < m) matrix(j, j + 1) = matrix(j + 1, j) = t.beta[at];
  }
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  solver.compute(matrix);
  return solver;
}

// f(T) e_1.
KrylovVector function_of(const Tridiagonal& t, GraphQuestion question, double heat_time) {
  const auto solver = eigen_of(t);
  KrylovVector f = solver.eigenvectors().row(0).transpose();
  for (Eigen::Index i = 0; i < f.size(); ++i) {
    const double lambda = std::max(solver.eigenvalues()[i], 1e-300);
    f[i] *= answer_of_eigenvalue(question, lambda, heat_time);
  }
  return solver.eigenvectors() * f;
}

// For Spectra: L, or bound I - L with the constant direction sent to 0.
class SpectraOperator {
 public:
  using Scalar = double;
  SpectraOperator(const SparseLaplacian& laplacian, double shift)
      : laplacian_(laplacian), shift_(shift) {}
  Eigen::Index rows() const { return laplacian_.nodes(); }
  Eigen::Index cols() const { return laplacian_.nodes(); }
  void perform_op(const double* in, double* out) const {
    KrylovVector x = Eigen::Map<const KrylovVector>(in, rows());
    take_out_mean(x);
    Eigen::Map<KrylovVector> y(out, rows());
    laplacian_.multiply(x.data(), 1, out);
    if (shift_ > 0) y = shift_ * x - y;
  }

 private:
  const SparseLaplacian& laplacian_;
  double shift_;
};

// Of the digits of 1 / tolerance, how many an error leaves behind it.
double share_of_digits(double error, double tolerance) {
  return std::clamp(std::log(error) / std::log(tolerance), 0.0, 1.0);
}

KrylovVector random_start(int nodes) {
  KrylovVector start(nodes);
  Uniforms uniforms({.seed = 1, .stream = kInitialStream}, 0);
  for (double& entry : start) entry = uniforms.normal();
  take_out_mean(start);
  return start;
}

}  // namespace

std::optional<KrylovAnswer> solve_laplacian(const SparseLaplacian& laplacian,
                                            std::span<const double> psi, double tolerance,
                                            int most_steps, const ShareReport& report) {
  const auto n = static_cast<Eigen::Index>(psi.size());
  GRAMIAN_ASSERT(laplacian.nodes() == n);
  KrylovVector inverse_degree(n);
  for (Eigen::Index v = 0; v < n; ++v)
    inverse_degree[v] = 1 / laplacian.degree(static_cast<std::size_t>(v));
  KrylovVector x = KrylovVector::Zero(n), r = Eigen::Map<const KrylovVector>(psi.data(), n);
  take_out_mean(r);
  const double size = r.norm();
  KrylovVector z = inverse_degree.cwiseProduct(r), p = z;
  double rz = r.dot(z);
  for (int step = 1; step <= most_steps; ++step) {
    const KrylovVector lp = times_laplacian(laplacian, p);
    const double alpha = rz / p.dot(lp);
    x += alpha * p;
    r -= alpha * lp;
    if (report) report(share_of_digits(r.norm() / size, tolerance));
    if (r.norm() <= tolerance * size || !std::isfinite(alpha)) {
      take_out_mean(x);
      const KrylovVector left =
          times_laplacian(laplacian, x) - Eigen::Map<const KrylovVector>(psi.data(), n);
      const double residual = left.norm() / size;
      if (!(residual <= 2 * tolerance)) return std::nullopt;
      return KrylovAnswer{{x.begin(), x.end()}, residual, step};
    }
    z = inverse_degree.cwiseProduct(r);
    const double next = r.dot(z);
    p = z + next / rz * p;
    rz = next;
  }
  return std::nullopt;
}

std::optional<KrylovAnswer> lanczos_function(const SparseLaplacian& laplacian,
                                             GraphQuestion question, double heat_time,
                                             std::span<const double> psi, double tolerance,
                                             int most_steps, const ShareReport& report) {
  constexpr int kEvery = 20;
  const auto n = static_cast<Eigen::Index>(psi.size());
  GRAMIAN_ASSERT(laplacian.nodes() == n);
  KrylovVector start = Eigen::Map<const KrylovVector>(psi.data(), n);
  take_out_mean(start);
  KrylovVector before;
  double changed = 1;
  const auto watch = [&](int j, const KrylovVector&, const Tridiagonal& t) {
    if (j == 0 || j % kEvery != 0) return true;
    KrylovVector f = function_of(t, question, heat_time);
    const KrylovVector now = f;
    if (before.size() > 0) {
      f.head(before.size()) -= before;
      changed = f.norm() / now.norm();
    }
    before = now;
    if (report) report(share_of_digits(changed, tolerance / 2) / 2);
    return changed > tolerance / 2;
  };
  const Tridiagonal t =
      lanczos(laplacian, start, std::min<int>(most_steps, laplacian.nodes()), watch);
  const auto m = static_cast<int>(t.alpha.size());
  const bool whole = m < most_steps && m % kEvery != 0;  // an invariant subspace
  if (changed > tolerance / 2 && !whole) return std::nullopt;
  const KrylovVector f = function_of(t, question, heat_time);
  KrylovVector x = KrylovVector::Zero(n);
  lanczos(laplacian, start, m, [&](int j, const KrylovVector& v, const Tridiagonal&) {
    x += start.norm() * f[j] * v;
    if (report) report(0.5 + 0.5 * j / m);
    return true;
  });
  return KrylovAnswer{{x.begin(), x.end()}, whole ? 0 : changed, m};
}

std::optional<KrylovAnswer> sparse_eigenvectors(const SparseLaplacian& laplacian, int k,
                                                bool largest_first, double tolerance,
                                                int most_steps) {
  const int n = laplacian.nodes();
  GRAMIAN_ASSERT(k >= 1 && k < n);
  SpectraOperator product(laplacian, largest_first ? 0 : laplacian.bound());
  Spectra::SymEigsSolver<SpectraOperator> solver(product, k, std::min(n, std::max(4 * k, 30)));
  const KrylovVector start = random_start(n);
  solver.init(start.data());
  solver.compute(Spectra::SortRule::LargestAlge, most_steps, tolerance / 10);
  if (solver.info() != Spectra::CompInfo::Successful) return std::nullopt;
  const Eigen::MatrixXd vectors = solver.eigenvectors();
  KrylovAnswer answer{std::vector<double>(static_cast<std::size_t>(vectors.size())), 0,
                      static_cast<int>(solver.num_operations())};
  Eigen::Map<RowMajorMatrix>(answer.x.data(), n, k) = vectors;
  for (int j = 0; j < k; ++j) {
    const KrylovVector u = vectors.col(j), lu = times_laplacian(laplacian, u);
    answer.residual = std::max(answer.residual, (lu - u.dot(lu) * u).norm() / laplacian.bound());
  }
  return answer;
}

double least_ritz_value(const SparseLaplacian& laplacian, int steps) {
  const Tridiagonal t =
      lanczos(laplacian, random_start(laplacian.nodes()), std::min(steps, laplacian.nodes() - 1),
              [](int, const KrylovVector&, const Tridiagonal&) { return true; });
  return eigen_of(t).eigenvalues()[0];
}

}  // namespace gramian
