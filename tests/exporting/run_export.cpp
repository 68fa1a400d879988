// Runs a C++ export (learned.h, found by -I) on a prompt and prints the predictions, one a line.
// The prompt is that of run_export.py. Not a test by itself: exporter_test.cpp compiles it.
#include <cstdio>
#include <fstream>

#include "learned.h"

int main(int argc, char** argv) {
  std::ifstream file(argc > 1 ? argv[1] : "");
  std::size_t d = 0, n = 0, m = 0;
  file >> d >> n >> m;
  if (!file || d != learned::d) return 1;
  std::vector<double> x_context(n * d), y_context(n), x_query(m * d);
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < d; ++i) file >> x_context[k * d + i];
    file >> y_context[k];
  }
  for (double& x : x_query) file >> x;
  if (!file) return 1;
  const std::vector<double> predictions = learned::predict(x_context, y_context, x_query);
  if (predictions.size() != m) return 1;
  for (const double p : predictions) std::printf("%.17g\n", p);
  try {
    learned::predict(x_context, {}, x_query);
    return 1;  // an empty context must be refused
  } catch (const std::invalid_argument&) {
    return 0;
  }
}
