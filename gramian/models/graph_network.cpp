#include "gramian/models/graph_network.h"

#include <algorithm>
#include <cmath>

namespace gramian {

namespace {

struct LayerPart {
  const char* name;
  std::vector<double> GraphLayer::*numbers;
  bool of_b, of_coupling;
};

// In the order of theta.
constexpr LayerPart kLayerParts[] = {
    {"B.keep", &GraphLayer::b_keep, true, false},
    {"B.read", &GraphLayer::b_read, true, false},
    {"B.couple", &GraphLayer::b_couple, true, true},
    {"Psi.keep", &GraphLayer::psi_keep, false, false},
    {"Psi.read", &GraphLayer::psi_read, false, false},
    {"Psi.couple", &GraphLayer::psi_couple, false, true},
    {"Phi.keep", &GraphLayer::keep, false, false},
    {"Phi.read", &GraphLayer::read, false, false},
    {"Phi.couple", &GraphLayer::couple, false, true},
    {"Phi.from", &GraphLayer::from, false, false},
    {"Phi.from_read", &GraphLayer::from_read, false, false},
    {"Phi.from_couple", &GraphLayer::from_couple, false, true},
    {"query", &GraphLayer::u, false, true},
    {"key", &GraphLayer::v, false, true},
};

bool has_part(const GraphNetworkSpec& spec, const LayerPart& part) {
  return (spec.rewrites || !part.of_b) && (spec.couples || !part.of_coupling);
}

int width_of_part(const GraphNetworkSpec& spec, const LayerPart& part) {
  return part.of_b ? 1 : spec.width();
}

constexpr double kGraphNormEpsilon = 1e-30;

// Records one layer after the other.
class GraphRecording {
 public:
  GraphRecording(const GraphNetworkSpec& spec, int n, int d, int k, Recorder& recorder)
      : spec_(spec), n_(n), k_(k), r_(recorder) {
    tokens = r_.input("tokens", n, d + k);
    b_ = r_.columns(tokens, 0, d);
    psi_ = r_.columns(tokens, d, k);
  }

  void layer(int index) {
    declare(index);
    const Value gram = laplacian(index);
    std::optional<Value> scores;  // A^T
    if (spec_.couples && phi_) {
      const Value keys = r_.times(*phi_, part("key")), queries = r_.times(*phi_, part("query"));
      scores = scaled(r_.product(keys, Recorder::transposed(queries)));
    }
    const Value read_psi = r_.product(gram, psi_);
    std::optional<Value> phi = phi_;
    add(phi, psi_, "Phi.from");
    add(phi, read_psi, "Phi.from_read");
    if (phi_) {
      add(phi, *phi_, "Phi.keep");
      add(phi, r_.product(gram, *phi_), "Phi.read");
    }
    if (scores) {
      add(phi, r_.product(*scores, *phi_), "Phi.couple");
      add(phi, r_.product(*scores, psi_), "Phi.from_couple");
    }
    std::optional<Value> psi = psi_;
    add(psi, psi_, "Psi.keep");
    add(psi, read_psi, "Psi.read");
    if (scores) add(psi, r_.product(*scores, psi_), "Psi.couple");
    if (spec_.rewrites) rewrite(gram, scores);
    psi_ = *psi;
    phi_ = phi;
    normalise();
  }

  Value phi() const { return *phi_; }

  Value tokens;

 private:
  void declare(int index) {
    parts_.clear();
    for (const LayerPart& part : kLayerParts) {
      if (!has_part(spec_, part)) continue;
      parts_.emplace_back(part.name, r_.parameter(fmt::format("layers.{}.{}", index, part.name), 1,
                                                  width_of_part(spec_, part)));
    }
  }

  Value part(std::string_view name) const {
    return std::ranges::find(parts_, name, &std::pair<std::string_view, Value>::first)->second;
  }

  void add(std::optional<Value>& to, Value what, std::string_view name) {
    const Value term = r_.times(what, part(name));
    to = to ? r_.sum(*to, term) : term;
  }

  Value scaled(Value scores) {
    const double c = spec_.factor(n_);
    return c == 1 ? scores : r_.scale(scores, c);
  }

  // The same in every layer where B stays as it is, but for the norm after the first.
  Value laplacian(int index) {
    const bool changes = spec_.rewrites || (spec_.norm != GraphNorm::none && index <= 1);
    if (index == 0 || changes) gram_ = scaled(r_.product(b_, Recorder::transposed(b_)));
    return gram_;
  }

  void rewrite(Value gram, const std::optional<Value>& scores) {
    std::optional<Value> b = b_;
    add(b, b_, "B.keep");
    add(b, r_.product(gram, b_), "B.read");
    if (scores) add(b, r_.product(*scores, b_), "B.couple");
    b_ = *b;
  }

  void normalise() {
    if (spec_.norm == GraphNorm::none) return;
    const ops::NormaliseBlock frobenius{.epsilon = kGraphNormEpsilon};
    b_ = r_.apply(frobenius, {b_});
    const Value both = r_.beside(psi_, *phi_);
    const Value normed =
        spec_.norm == GraphNorm::frobenius
            ? r_.apply(frobenius, {both})
            : r_.apply(ops::NormaliseColumns{.epsilon = kGraphNormEpsilon}, {both});
    psi_ = r_.columns(normed, 0, k_);
    phi_ = r_.columns(normed, k_, k_);
  }

  const GraphNetworkSpec& spec_;
  int n_, k_;
  Recorder& r_;
  Value b_, psi_, gram_;
  std::optional<Value> phi_;  // none: 0
  std::vector<std::pair<std::string_view, Value>> parts_;
};

}  // namespace

GraphLayer::GraphLayer(int width) {
  for (const LayerPart& part : kLayerParts)
    (this->*part.numbers).resize(part.of_b ? 1 : static_cast<std::size_t>(width));
}

Status GraphNetworkSpec::check() const {
  if (layers < 1 || layers > kMaxGraphLayers) {
    return fail(ErrorKind::config, "layers must be in [1, {}], got {}", kMaxGraphLayers, layers);
  }
  if (columns < 0 || columns > kMaxGraphColumns) {
    return fail(ErrorKind::config, "columns must be in [0, {}], got {}", kMaxGraphColumns, columns);
  }
  return {};
}

std::vector<Parameter> GraphNetworkSpec::parameters() const {
  std::vector<Parameter> list;
  for (int l = 0; l < layers; ++l) {
    for (const LayerPart& part : kLayerParts) {
      if (has_part(*this, part)) {
        list.push_back({fmt::format("layers.{}.{}", l, part.name), 1, width_of_part(*this, part)});
      }
    }
  }
  return list;
}

std::size_t GraphNetworkSpec::numbers_per_layer() const {
  std::size_t count = 0;
  for (const LayerPart& part : kLayerParts)
    count += has_part(*this, part) ? static_cast<std::size_t>(width_of_part(*this, part)) : 0;
  return count;
}

std::size_t GraphNetworkSpec::numbers() const {
  return numbers_per_layer() * static_cast<std::size_t>(layers);
}

GraphNetwork GraphNetwork::of(const GraphNetworkSpec& spec, const std::vector<GraphLayer>& layers) {
  GRAMIAN_ASSERT(layers.size() == static_cast<std::size_t>(spec.layers));
  GraphNetwork network{spec, {}};
  for (const GraphLayer& layer : layers) {
    for (const LayerPart& part : kLayerParts) {
      const std::vector<double>& numbers = layer.*part.numbers;
      if (has_part(spec, part))
        network.theta.insert(network.theta.end(), numbers.begin(), numbers.end());
    }
  }
  GRAMIAN_ASSERT(network.theta.size() == spec.numbers());
  return network;
}

GraphLayer GraphNetwork::layer(int index) const {
  GRAMIAN_ASSERT(index >= 0 && index < spec.layers && theta.size() == spec.numbers());
  GraphLayer layer(spec.width());
  auto next = theta.begin() + static_cast<std::ptrdiff_t>(spec.numbers_per_layer()) * index;
  for (const LayerPart& part : kLayerParts) {
    if (!has_part(spec, part)) continue;
    std::vector<double>& numbers = layer.*part.numbers;
    std::copy_n(next, numbers.size(), numbers.begin());
    next += static_cast<std::ptrdiff_t>(numbers.size());
  }
  return layer;
}

Value record_graph_loss(Recorder& recorder, Value output, GraphLoss loss,
                        std::optional<Value>& target) {
  if (loss == GraphLoss::none) return output;
  target = recorder.input("target", recorder.rows_of(output), recorder.columns_of(output));
  if (loss == GraphLoss::scale_free) {
    const Value normed =
        recorder.apply(ops::NormaliseBlock{.epsilon = kGraphNormEpsilon}, {output});
    return recorder.half_squared_error(normed, *target);
  }
  const Value normed =
      recorder.apply(ops::NormaliseColumns{.epsilon = kGraphNormEpsilon}, {output});
  return recorder.scale(recorder.apply(ops::ErrorUpToSign{}, {normed, *target}), 0.5);
}

Expected<RecordedGraphNetwork> record_graph_network(const GraphNetworkSpec& spec, int n, int d,
                                                    int k, GraphLoss loss) {
  GRAMIAN_TRY(spec.check());
  if (spec.columns != 0 && spec.columns != k) {
    return fail(ErrorKind::config, "the network is for {} columns, and there are {}", spec.columns,
                k);
  }
  Recorder recorder;
  GraphRecording recording(spec, n, d, k, recorder);
  for (int l = 0; l < spec.layers; ++l) recording.layer(l);
  RecordedGraphNetwork result{.tape = {}, .tokens = recording.tokens};
  result.output = record_graph_loss(recorder, recording.phi(), loss, result.target);
  result.tape = GRAMIAN_TRY(recorder.finish(result.output));
  return result;
}

}  // namespace gramian
