#include "gramian/exporting/cpp_source.h"

#include <fmt/format.h>

#include <span>
#include <vector>

#include "gramian/exporting/layer_form.h"
#include "gramian/exporting/text.h"

namespace gramian {

namespace {

constexpr std::string_view kHead =
    R"(// A linear transformer as an algorithm: @NETWORK@, d = @d@ inputs.
//
// From @ORIGIN@; written by gramian @VERSION@.
// Trained on contexts of n = @n@ examples: @TASK@.
//
//     learned::predict(x_context [n, d], y_context [n], x_query [m, d]) -> [m]      (row-major)
//
// Every token is e = (x, y), an example of the context; a query is (x, 0). A layer moves all of
// them, the queries too, by what it reads from the context, and the prediction is minus the y of
// the query after the last layer. @MEANING@
#pragma once

#include <cstddef>
#include <stdexcept>
#include <vector>

namespace learned {

constexpr std::size_t d = @d@;  // inputs
constexpr int layers = @L@;
)";

constexpr std::string_view kDiagMeaning =
    R"(With S = @C@ x x^T, alpha = @C@ y x and lambda = @C@ y^2, all of the tokens as
// they are when the layer begins,
//
//     x' = x + omega_xx S x + omega_xy y alpha
//     y' = y + omega_yx <alpha, x> + omega_yy lambda y
//
// omega_yx < 0 is a step of gradient descent, omega_xx < 0 corrects the curvature, omega_xy < 0
// takes smaller steps where there is much noise, omega_yy < 0 shrinks the prediction there.)";

constexpr std::string_view kGdppMeaning =
    R"(With S = @C@ x x^T and alpha = @C@ y x, both of the tokens as they are when the
// layer begins,
//
//     x' = x + omega_xx S x            (a correction of the curvature)
//     y' = y + omega_yx <alpha, x>     (a step of gradient descent))";

constexpr std::string_view kFullMeaning = R"(Layer by layer, with G = @C@ e e^T over the context,
//
//     e' = e + sum_h P_h G Q_h e)";

constexpr std::string_view kBegin = R"(
inline std::vector<double> predict(const std::vector<double>& x_context, const std::vector<double>& y_context,
                                   const std::vector<double>& x_query) {
  const std::size_t n = y_context.size(), m = x_query.size() / d;
  if (n == 0 || x_context.size() != n * d || x_query.size() != m * d) {
    throw std::invalid_argument("learned::predict needs x_context [n, d], y_context [n], x_query [m, d], n >= 1");
  }
  const double c = @FACTOR@
)";

constexpr std::string_view kDiagPredict = R"(  std::vector<double> x = x_context, y = y_context;
  x.insert(x.end(), x_query.begin(), x_query.end());  // the queries come last
  y.resize(n + m, 0.0);
  for (int layer = 0; layer < layers; ++layer) {
    const Layer& omega = weights[@LAYER@];
    std::vector<double> S(d * d), alpha(d);
    double lambda = 0;
    for (std::size_t k = 0; k < n; ++k) {
      for (std::size_t i = 0; i < d; ++i) {
        for (std::size_t j = 0; j < d; ++j) S[i * d + j] += c * x[k * d + i] * x[k * d + j];
        alpha[i] += c * y[k] * x[k * d + i];
      }
      lambda += c * y[k] * y[k];
    }
    for (std::size_t k = 0; k < n + m; ++k) {
      const std::vector<double> x_k(x.begin() + k * d, x.begin() + (k + 1) * d);
      const double y_k = y[k];
      for (std::size_t i = 0; i < d; ++i) {
        double S_x = 0;
        for (std::size_t j = 0; j < d; ++j) S_x += S[i * d + j] * x_k[j];
        x[k * d + i] += omega.xx * S_x + omega.xy * y_k * alpha[i];
        y[k] += omega.yx * alpha[i] * x_k[i];
      }
      y[k] += omega.yy * lambda * y_k;
    }
  }
  std::vector<double> prediction(y.begin() + n, y.end());
)";

constexpr std::string_view kGdppPredict = R"(  std::vector<double> x = x_context, y = y_context;
  x.insert(x.end(), x_query.begin(), x_query.end());  // the queries come last
  y.resize(n + m, 0.0);
  for (int layer = 0; layer < layers; ++layer) {
    const Layer& omega = weights[@LAYER@];
    std::vector<double> S(d * d), alpha(d);
    for (std::size_t k = 0; k < n; ++k) {
      for (std::size_t i = 0; i < d; ++i) {
        for (std::size_t j = 0; j < d; ++j) S[i * d + j] += c * x[k * d + i] * x[k * d + j];
        alpha[i] += c * y[k] * x[k * d + i];
      }
    }
    for (std::size_t k = 0; k < n + m; ++k) {
      const std::vector<double> x_k(x.begin() + k * d, x.begin() + (k + 1) * d);
      for (std::size_t i = 0; i < d; ++i) {
        double S_x = 0;
        for (std::size_t j = 0; j < d; ++j) S_x += S[i * d + j] * x_k[j];
        x[k * d + i] += omega.xx * S_x;
        y[k] += omega.yx * alpha[i] * x_k[i];
      }
    }
  }
  std::vector<double> prediction(y.begin() + n, y.end());
)";

constexpr std::string_view kFullPredict =
    R"(  std::vector<double> e((n + m) * D);  // tokens, the queries last
  for (std::size_t k = 0; k < n + m; ++k) {
    for (std::size_t i = 0; i < d; ++i) e[k * D + i] = k < n ? x_context[k * d + i] : x_query[(k - n) * d + i];
    e[k * D + d] = k < n ? y_context[k] : 0.0;
  }
  for (int layer = 0; layer < layers; ++layer) {
    std::vector<double> G(D * D), A(D * D);
    for (std::size_t k = 0; k < n; ++k) {
      for (std::size_t i = 0; i < D; ++i) {
        for (std::size_t j = 0; j < D; ++j) G[i * D + j] += c * e[k * D + i] * e[k * D + j];
      }
    }
    for (int h = 0; h < heads; ++h) {  // A = sum_h P_h G Q_h
      const auto& P_h = P[@LAYER@][h];
      const auto& Q_h = Q[@LAYER@][h];
      std::vector<double> GQ(D * D);
      for (std::size_t i = 0; i < D; ++i) {
        for (std::size_t r = 0; r < D; ++r) {
          for (std::size_t j = 0; j < D; ++j) GQ[i * D + j] += G[i * D + r] * Q_h[r][j];
        }
      }
      for (std::size_t i = 0; i < D; ++i) {
        for (std::size_t r = 0; r < D; ++r) {
          for (std::size_t j = 0; j < D; ++j) A[i * D + j] += P_h[i][r] * GQ[r * D + j];
        }
      }
    }
    for (std::size_t k = 0; k < n + m; ++k) {
      const std::vector<double> e_k(e.begin() + k * D, e.begin() + (k + 1) * D);
      for (std::size_t i = 0; i < D; ++i) {
        for (std::size_t j = 0; j < D; ++j) e[k * D + i] += A[i * D + j] * e_k[j];
      }
    }
  }
  std::vector<double> prediction(m);
  for (std::size_t k = 0; k < m; ++k) prediction[k] = e[(n + k) * D + d];
)";

constexpr std::string_view kEnd = R"(  for (double& p : prediction) p = -p;
  return prediction;
}

}  // namespace learned
)";

std::string omegas(const Network& network, int layers) {
  const LayerForm form = layer_form(network.spec);
  std::string text =
      fmt::format("\nstruct Layer {{\n  double {};  // {}\n}};\nconstexpr Layer weights[{}] = {{\n",
                  omega_names(form, ""), omega_names(form, "omega_"), layers);
  for (int l = 0; l < layers; ++l) {
    text += fmt::format("    {{{}}},\n", literals(omega_values(form, network.omega(l))));
  }
  return text + "};\n";
}

// P or Q of all layers, [layers][heads][D][D].
std::string matrices(const Network& network, int layers, bool q) {
  const std::size_t rows = network.spec.rows();
  std::string text =
      fmt::format("constexpr double {}[{}][heads][D][D] = {{\n", q ? "Q" : "P", layers);
  for (int l = 0; l < layers; ++l) {
    const LayerWeights weights = network.expanded(l);
    const std::vector<double>& values = q ? weights.q : weights.p;
    text += fmt::format("    {{  // layer {}\n", l + 1);
    for (std::size_t row = 0; row < values.size() / rows; ++row) {
      text += row % rows == 0 ? "        {" : "         ";
      text += fmt::format("{{{}}}", literals(std::span(values).subspan(row * rows, rows)));
      text += row % rows == rows - 1 ? "},\n" : ",\n";
    }
    text += "    },\n";
  }
  return text + "};\n";
}

struct Texts {
  std::string_view meaning, predict;
};

Texts texts_of(LayerForm form) {
  switch (form) {
    case LayerForm::matrices:
      return {kFullMeaning, kFullPredict};
    case LayerForm::four_omegas:
      return {kDiagMeaning, kDiagPredict};
    case LayerForm::two_omegas:
      return {kGdppMeaning, kGdppPredict};
  }
  return {};
}

}  // namespace

std::string cpp_source(const ExportSource& source) {
  const NetworkSpec& spec = source.network.spec;
  const LayerForm form = layer_form(spec);
  const Texts texts = texts_of(form);
  const bool mean = spec.context_scale == ContextScale::mean,
             tied = layers_are_equal(source.network);
  const int written = tied ? 1 : spec.layers;
  const std::string meaning = fill_in(texts.meaning, {{"@C@", mean ? "mean" : "sum"}});
  std::string text = fill_in(kHead, {{"@NETWORK@", describe_network(source.network)},
                                     {"@d@", fmt::format("{}", spec.d)},
                                     {"@L@", fmt::format("{}", spec.layers)},
                                     {"@n@", fmt::format("{}", source.n)},
                                     {"@ORIGIN@", comment_text(source.origin)},
                                     {"@TASK@", comment_text(source.task)},
                                     {"@VERSION@", GRAMIAN_VERSION},
                                     {"@MEANING@", meaning}});
  if (form == LayerForm::matrices) {
    text +=
        fmt::format("constexpr std::size_t D = d + 1;\nconstexpr int heads = {};\n\n", spec.heads);
    text += matrices(source.network, written, false) + matrices(source.network, written, true);
  } else {
    text += omegas(source.network, written);
  }
  text += fill_in(
      kBegin,
      {{"@FACTOR@", mean ? "1.0 / static_cast<double>(n);  // sums are means, as in training"
                         : "1.0;  // plain sums, as in training"}});
  text += fill_in(texts.predict, {{"@LAYER@", tied ? "0" : "layer"}});
  return text + std::string(kEnd);
}

}  // namespace gramian
