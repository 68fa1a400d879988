// One prompt as the paper writes it, made with the standard library: tokens, and their Gram matrix.
#pragma once

#include <random>
#include <vector>

#include "gramian/base/decompositions.h"

namespace gramian::test {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

struct Prompt {
  Matrix x;  // [n, d]
  Vector y;  // [n]
  Vector truth;
  Vector query;

  int n() const { return static_cast<int>(x.rows()); }
  int d() const { return static_cast<int>(x.cols()); }
  Matrix sigma() const { return x.transpose() * x; }
  Vector alpha() const { return x.transpose() * y; }

  // [D, D] row-major, which it shares with column-major since it is symmetric.
  std::vector<double> gram(bool with_query = false) const {
    Matrix g(d() + 1, d() + 1);
    g << sigma(), alpha(), alpha().transpose(), y.squaredNorm();
    if (with_query) g.topLeftCorner(d(), d()) += query * query.transpose();
    return {g.data(), g.data() + g.size()};
  }

  // [n + 1, D] row-major, the query (x_t, 0) last.
  std::vector<double> tokens() const {
    std::vector<double> list;
    for (int i = 0; i < n(); ++i) {
      for (int j = 0; j < d(); ++j) list.push_back(x(i, j));
      list.push_back(y(i));
    }
    list.insert(list.end(), query.begin(), query.end());
    list.push_back(0.0);
    return list;
  }
};

inline Vector normals(std::mt19937_64& generator, int size) {
  std::normal_distribution<double> normal;
  Vector z(size);
  for (double& entry : z) entry = normal(generator);
  return z;
}

inline Prompt draw_prompt(std::mt19937_64& generator, int n, int d, double noise) {
  Prompt prompt{
      .x = Matrix(n, d), .y = {}, .truth = normals(generator, d), .query = normals(generator, d)};
  for (int i = 0; i < n; ++i) prompt.x.row(i) = normals(generator, d);
  prompt.y = prompt.x * prompt.truth + noise * normals(generator, n);
  return prompt;
}

inline Eigen::Map<const Vector> as_vector(const std::vector<double>& values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}

inline Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>
as_matrix(const std::vector<double>& values, int rows) {
  return {values.data(), rows, rows};
}

}  // namespace gramian::test
