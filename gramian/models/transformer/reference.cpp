#include "gramian/models/transformer/reference.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gramian/base/assert.h"

namespace gramian {

namespace {

using Row = std::vector<double>;  // the numbers of one token
using Matrix = std::vector<Row>;  // [rows, columns]; of E: a token a row

// Takes the matrices of theta one after another.
struct Reader {
  const std::vector<double>& theta;
  std::size_t next = 0;

  Matrix matrix(int rows, int columns) {
    GRAMIAN_ASSERT(next + static_cast<std::size_t>(rows * columns) <= theta.size());
    Matrix m(static_cast<std::size_t>(rows), Row(static_cast<std::size_t>(columns)));
    for (Row& row : m) {
      for (double& entry : row) entry = theta[next++];
    }
    return m;
  }
};

struct Head {
  Matrix q, k, v, p;
  Row q_bias, k_bias, v_bias;        // empty: none
  Matrix q_conv, k_conv, v_conv;     // [tokens, columns]; empty: none
  Row decay, strength, ridge, gain;  // those of gates are a map with its bias as the last number
};

struct Affine {
  Row gain, bias;  // of a norm; empty: none
};

struct Weights {
  Matrix gate, in, out;
  Row gate_bias, in_bias, out_bias;
  std::vector<Head> heads;
  Row mixer_bias;
  double step = 0;
  Affine before_mixer, after_mixer, before_mlp, after_mlp;
  Matrix mixer_skip, mlp_skip;
};

Affine read_norm(Reader& reader, const Norm& norm, int width) {
  if (norm.kind != NormKind::layer && norm.kind != NormKind::rms) return {};
  Affine affine;
  affine.gain = reader.matrix(1, width)[0];
  if (norm.kind == NormKind::layer) affine.bias = reader.matrix(1, width)[0];
  return affine;
}

struct HeadSizes {
  int width, key, value;
};

void read_extras(Reader& reader, const Mixer& mixer, const HeadSizes& sizes, Head& head) {
  if (mixer.convolution > 0) {
    head.q_conv = reader.matrix(mixer.convolution, sizes.key);
    head.k_conv = reader.matrix(mixer.convolution, sizes.key);
    head.v_conv = reader.matrix(mixer.convolution, sizes.value);
  }
  if (mixer.gates.decay) head.decay = reader.matrix(1, sizes.width + 1)[0];
  if (mixer.gates.strength) head.strength = reader.matrix(1, sizes.width + 1)[0];
  if (mixer.kind == MixerKind::mesa) {
    const bool fixed = mixer.mesa.ridge == RidgeKind::fixed;
    head.ridge = fixed ? Row(static_cast<std::size_t>(sizes.key)) : reader.matrix(1, sizes.key)[0];
    for (double& r : head.ridge) {
      const bool soft = mixer.mesa.ridge == RidgeKind::softplus;
      r = mixer.mesa.least + (fixed ? 0 : soft ? std::log1p(std::exp(r)) : std::exp(r));
    }
  }
  if (mixer.norm_heads) head.gain = reader.matrix(1, sizes.value)[0];
}

Weights read_block(Reader& reader, const Block& b, int width) {
  Weights w;
  const int after = b.mixer.width > 0 ? b.mixer.width : width;
  const int at_mlp = b.mlp.place == MlpPlace::after ? after : width;
  if (b.mlp.kind != MlpKind::none && b.mlp.hidden > 0) {
    if (b.mlp.kind == MlpKind::swiglu) {
      w.gate = reader.matrix(at_mlp, b.mlp.hidden);
      if (b.mlp.bias) w.gate_bias = reader.matrix(1, b.mlp.hidden)[0];
    }
    w.in = reader.matrix(at_mlp, b.mlp.hidden);
    if (b.mlp.bias) w.in_bias = reader.matrix(1, b.mlp.hidden)[0];
    w.out = reader.matrix(b.mlp.hidden, at_mlp);
    if (b.mlp.bias) w.out_bias = reader.matrix(1, at_mlp)[0];
  }
  if (b.mixer.kind == MixerKind::gradient_step) w.step = reader.matrix(1, 1)[0][0];
  if (b.mixer.kind != MixerKind::none && b.mixer.kind != MixerKind::gradient_step) {
    const int key = b.mixer.key_size > 0 ? b.mixer.key_size : width;
    const int value = b.mixer.value_size > 0 ? b.mixer.value_size : key;
    for (int h = 0; h < b.mixer.heads; ++h) {
      Head head;
      head.q = reader.matrix(width, key);
      head.k = reader.matrix(width, key);
      head.v = reader.matrix(width, value);
      head.p = reader.matrix(value, after);
      if (b.mixer.bias) {
        head.q_bias = reader.matrix(1, key)[0];
        head.k_bias = reader.matrix(1, key)[0];
        head.v_bias = reader.matrix(1, value)[0];
      }
      read_extras(reader, b.mixer, {width, key, value}, head);
      w.heads.push_back(std::move(head));
    }
    if (b.mixer.bias) w.mixer_bias = reader.matrix(1, after)[0];
  }
  w.before_mixer = read_norm(reader, b.before_mixer, width);
  w.after_mixer = read_norm(reader, b.after_mixer, after);
  w.before_mlp = read_norm(reader, b.before_mlp, at_mlp);
  w.after_mlp = read_norm(reader, b.after_mlp, at_mlp);
  if (b.mixer_skip.kind == SkipKind::linear) w.mixer_skip = reader.matrix(width, width);
  if (b.mlp_skip.kind == SkipKind::linear) w.mlp_skip = reader.matrix(at_mlp, at_mlp);
  return w;
}

double dot(const Row& a, const Row& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

Row times(const Row& row, const Matrix& m) {
  Row out(m[0].size());
  for (std::size_t i = 0; i < m.size(); ++i) {
    for (std::size_t j = 0; j < out.size(); ++j) out[j] += row[i] * m[i][j];
  }
  return out;
}

void add(Row& to, const Row& what, double factor = 1) {
  for (std::size_t i = 0; i < what.size(); ++i) to[i] += factor * what[i];
}

Row normed(Row row, const Norm& norm, const Affine& affine) {
  if (norm.kind == NormKind::none) return row;
  const bool centred = norm.kind == NormKind::layer;
  double mean = 0, variance = 0;
  for (double x : row) mean += centred ? x / static_cast<double>(row.size()) : 0;
  for (double x : row) variance += (x - mean) * (x - mean) / static_cast<double>(row.size());
  for (std::size_t i = 0; i < row.size(); ++i)
    row[i] = (row[i] - mean) / std::sqrt(variance + 1e-5) * affine.gain[i];
  add(row, affine.bias);
  return row;
}

// Columns [first, first + count) of e over their Frobenius norm.
void over_norm(Matrix& e, int first, int count) {
  const auto begin = static_cast<std::size_t>(first), end = begin + static_cast<std::size_t>(count);
  double squares = 0;
  for (const Row& row : e) {
    for (std::size_t j = begin; j < end; ++j) squares += row[j] * row[j];
  }
  for (Row& row : e) {
    for (std::size_t j = begin; j < end; ++j) row[j] /= squares > 0 ? std::sqrt(squares) : 1;
  }
}

Matrix normed(Matrix e, const Norm& norm, const Affine& affine) {
  if (norm.kind == NormKind::frobenius || norm.kind == NormKind::columns) {
    if (norm.lead > 0) over_norm(e, 0, norm.lead);
    if (norm.kind == NormKind::frobenius) over_norm(e, norm.first, norm.count);
    for (int j = 0; norm.kind == NormKind::columns && j < norm.count; ++j)
      over_norm(e, norm.first + j, 1);
    return e;
  }
  for (Row& row : e) row = normed(row, norm, affine);
  return e;
}

// Whether token i may read token j of `count`.
bool reads(const Mixer& mixer, std::size_t i, std::size_t j, std::size_t count) {
  switch (mixer.mask) {
    case Mask::context:
      return j + 1 < count;
    case Mask::all:
      return true;
    case Mask::causal:
      return j <= i;
    case Mask::window:
      return j <= i && i - j < static_cast<std::size_t>(mixer.window);
  }
  return false;
}

double scale_of(const Mixer& mixer, std::size_t count, int width) {
  const auto keys = static_cast<double>(mixer.mask == Mask::context ? count - 1 : count);
  return mixer.scale == Scale::mean   ? 1 / keys
         : mixer.scale == Scale::root ? 1 / std::sqrt(mixer.key_size > 0 ? mixer.key_size : width)
                                      : 1;
}

Row affine(const Row& row, const Matrix& m, const Row& bias) {
  Row out = times(row, m);
  add(out, bias);
  return out;
}

// A step of gradient descent from token i.
Row gradient_step(const Mixer& mixer, double step, const Matrix& e, std::size_t i) {
  const double c = scale_of(mixer, e.size(), static_cast<int>(e[0].size()));
  Row out(e[0].size());
  for (std::size_t j = 0; j < e.size(); ++j) {
    if (!reads(mixer, i, j, e.size())) continue;
    const double y = e[j].back();
    out.back() -= step * c * y * (dot(e[i], e[j]) - e[i].back() * y);
  }
  return out;
}

// What a head reads with, for all tokens.
struct HeadTokens {
  Matrix q, k, v;
  Row decay, strength;
};

Matrix convolved(const Matrix& rows, const Matrix& weights, bool with_silu) {
  if (weights.empty()) return rows;
  Matrix out = rows;
  for (std::size_t t = 0; t < rows.size(); ++t) {
    for (std::size_t j = 0; j < rows[t].size(); ++j) {
      double sum = 0;
      for (std::size_t d = 0; d < weights.size() && d <= t; ++d)
        sum += weights[d][j] * rows[t - d][j];
      out[t][j] = with_silu ? sum / (1 + std::exp(-sum)) : sum;
    }
  }
  return out;
}

Matrix of_unit_length(Matrix rows) {
  for (Row& row : rows) {
    const double length = std::sqrt(dot(row, row) + 1e-6 * static_cast<double>(row.size()));
    for (double& x : row) x /= length;
  }
  return rows;
}

HeadTokens tokens_of(const Mixer& mixer, const Head& head, const Matrix& e) {
  HeadTokens t;
  const auto gate = [](const Row& map, const Row& token) {
    if (map.empty()) return 1.0;
    double sum = map.back();
    for (std::size_t i = 0; i < token.size(); ++i) sum += map[i] * token[i];
    return 1 / (1 + std::exp(-sum));
  };
  for (const Row& token : e) {
    t.q.push_back(affine(token, head.q, head.q_bias));
    t.k.push_back(affine(token, head.k, head.k_bias));
    t.v.push_back(affine(token, head.v, head.v_bias));
    t.strength.push_back(gate(head.strength, token));
    t.decay.push_back(gate(head.decay, token) *
                      (1 - (1 - mixer.gates.cap) * std::pow(t.strength.back(), 2)));
  }
  t.q = convolved(t.q, head.q_conv, true);
  t.k = convolved(t.k, head.k_conv, true);
  t.v = convolved(t.v, head.v_conv, false);
  if (mixer.unit_keys) {
    t.q = of_unit_length(t.q);
    t.k = of_unit_length(t.k);
  }
  return t;
}

// (m + diag(ridge))^-1 x by elimination.
Row solved(Matrix m, const Row& ridge, Row x) {
  const std::size_t n = x.size();
  for (std::size_t i = 0; i < n; ++i) m[i][i] += ridge[i];
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      if (i == j) continue;
      const double factor = m[j][i] / m[i][i];
      add(m[j], m[i], -factor);
      x[j] -= factor * x[i];
    }
  }
  for (std::size_t i = 0; i < n; ++i) x[i] /= m[i][i];
  return x;
}

// Through a state [key, value] (and H [key, key] of mesa) that goes from token to token, each with
// its velocity, which is what a token writes where there is no momentum.
Matrix read_by_state(const Mixer& mixer, const Head& head, const HeadTokens& t, double c) {
  const std::size_t key = t.k[0].size();
  Matrix state(key, Row(t.v[0].size())), velocity = state, h(key, Row(key)), h_velocity = h, out;
  const auto write = [&](Matrix& to, Matrix& moves, const Row& k, const Row& v, std::size_t s) {
    for (std::size_t i = 0; i < key; ++i) {
      for (double& number : to[i]) number *= t.decay[s];
      for (double& number : moves[i]) number *= mixer.gates.momentum * t.decay[s];
    }
    Row news = v;
    if (mixer.kind == MixerKind::delta) add(news, times(k, to), -1);
    for (std::size_t i = 0; i < key; ++i) {
      add(moves[i], news, t.strength[s] * k[i]);
      add(to[i], moves[i], 1);
    }
  };
  for (std::size_t s = 0; s < t.k.size(); ++s) {
    write(state, velocity, t.k[s], t.v[s], s);
    write(h, h_velocity, t.k[s], t.k[s], s);
    const Row q = mixer.kind == MixerKind::mesa ? solved(h, head.ridge, t.q[s]) : t.q[s];
    out.push_back(times(q, state));
    for (double& number : out.back()) number *= c;
  }
  return out;
}

Matrix read_by_scores(const Mixer& mixer, const HeadTokens& t, double c) {
  const bool soft = mixer.kind == MixerKind::softmax;
  Matrix out;
  for (std::size_t i = 0; i < t.q.size(); ++i) {
    double total = 0;
    Row read(t.v[0].size());
    for (std::size_t j = 0; j < t.k.size(); ++j) {
      if (!reads(mixer, i, j, t.k.size())) continue;
      const double score = c * dot(t.q[i], t.k[j]);
      total += soft ? std::exp(score) : 0;
      add(read, t.v[j], soft ? std::exp(score) : score);
    }
    for (double& number : read) number /= soft ? total : 1;
    out.push_back(std::move(read));
  }
  return out;
}

// What the mixer makes of all tokens.
Matrix mixed(const Mixer& mixer, const Weights& w, const Matrix& e) {
  const std::size_t width = e[0].size();
  Matrix out;
  if (mixer.kind == MixerKind::gradient_step) {
    for (std::size_t i = 0; i < e.size(); ++i) out.push_back(gradient_step(mixer, w.step, e, i));
    return out;
  }
  const double c = scale_of(mixer, e.size(), static_cast<int>(width));
  const bool by_state =
      mixer.kind == MixerKind::delta || mixer.kind == MixerKind::mesa || mixer.gates != Gates{};
  out.assign(e.size(), Row(mixer.width > 0 ? static_cast<std::size_t>(mixer.width) : width));
  for (const Head& head : w.heads) {
    const HeadTokens t = tokens_of(mixer, head, e);
    const Matrix read = by_state ? read_by_state(mixer, head, t, c) : read_by_scores(mixer, t, c);
    for (std::size_t i = 0; i < e.size(); ++i) {
      const Row normal =
          mixer.norm_heads ? normed(read[i], {.kind = NormKind::rms}, {head.gain, {}}) : read[i];
      add(out[i], times(normal, head.p));
    }
  }
  for (Row& row : out) add(row, w.mixer_bias);
  return out;
}

double activation(MlpKind kind, double x) {
  if (kind == MlpKind::relu) return std::max(x, 0.0);
  if (kind != MlpKind::gelu) return x / (1 + std::exp(-x));
  return x / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

Row mlp(const Mlp& mlp, const Weights& w, Row x) {
  if (mlp.kind == MlpKind::swiglu) {
    Row gate = times(x, w.gate);
    add(gate, w.gate_bias);
    x = times(x, w.in);
    add(x, w.in_bias);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] *= activation(mlp.kind, gate[i]);
    x = times(x, w.out);
    add(x, w.out_bias);
    return x;
  }
  if (mlp.hidden > 0) x = times(x, w.in);
  add(x, w.in_bias);
  for (double& number : x) number = activation(mlp.kind, number);
  if (mlp.hidden > 0) x = times(x, w.out);
  add(x, w.out_bias);
  return x;
}

// e <- skip(e, y), with a velocity for momentum.
void join(const Skip& skip, const Matrix& map, Matrix& e, const Matrix& y, Matrix& velocity) {
  const Matrix before = e;
  for (std::size_t i = 0; i < e.size(); ++i) {
    if (skip.kind == SkipKind::none) {
      e[i] = y[i];
    } else if (skip.kind == SkipKind::momentum) {
      if (velocity.size() < e.size()) velocity.resize(e.size(), Row(e[i].size()));
      for (double& v : velocity[i]) v *= skip.mu;
      add(velocity[i], y[i], -1);
      add(e[i], velocity[i], -skip.gamma);
    } else {
      add(e[i], y[i]);
      if (skip.kind == SkipKind::linear) add(e[i], times(before[i], map));
    }
  }
}

struct Velocities {
  Matrix mixer, mlp;
};

void apply_mlp(const Block& b, const Weights& w, Matrix& e, Velocities& velocities) {
  if (b.mlp.kind == MlpKind::none) return;
  Matrix y;
  for (const Row& row : normed(e, b.before_mlp, w.before_mlp)) y.push_back(mlp(b.mlp, w, row));
  join(b.mlp_skip, w.mlp_skip, e, y, velocities.mlp);
  e = normed(e, b.after_mlp, w.after_mlp);
}

void apply_mixer(const Block& b, const Weights& w, Matrix& e, Velocities& velocities) {
  if (b.mixer.kind == MixerKind::none) return;
  const Matrix x = normed(e, b.before_mixer, w.before_mixer);
  const bool with_mlp = b.mlp.place == MlpPlace::beside;
  const Matrix beside = with_mlp ? normed(e, b.before_mlp, w.before_mlp) : Matrix{};
  Matrix y = mixed(b.mixer, w, x);
  for (std::size_t i = 0; with_mlp && i < e.size(); ++i) add(y[i], mlp(b.mlp, w, beside[i]));
  join(b.mixer_skip, w.mixer_skip, e, y, velocities.mixer);
  e = normed(e, b.after_mixer, w.after_mixer);
}

Row position(const Positions& positions, const Matrix& learned, std::size_t i, int width) {
  if (positions.kind == PositionKind::learned) return learned[i];
  Row row(static_cast<std::size_t>(width));
  for (std::size_t k = 0; k < row.size(); ++k) {
    const double frequency = std::pow(10000.0, -2.0 * static_cast<double>(k / 2) / width);
    const double angle = static_cast<double>(i) * frequency;
    row[k] = positions.kind == PositionKind::one_hot ? static_cast<double>(i == k)
             : k % 2 == 0                            ? std::sin(angle)
                                                     : std::cos(angle);
  }
  return row;
}

// `embedding` keeps the matrix or the table that was read.
Matrix stem_of(const Stem& stem, Reader& reader, const std::vector<double>& tokens,
               Matrix& embedding) {
  const Positions& positions = stem.positions;
  const bool some = positions.kind != PositionKind::none;
  const bool beside = positions.place == PositionPlace::beside;
  const int width = beside ? positions.width : stem.inner_width();
  Matrix learned;
  if (positions.kind == PositionKind::learned && beside)
    learned = reader.matrix(stem.tokens, width);
  const int symbols = stem.vocabulary > 0 ? stem.vocabulary : stem.entering_width();
  if (stem.embedding > 0) embedding = reader.matrix(symbols, stem.embedding);
  if (positions.kind == PositionKind::learned && !beside)
    learned = reader.matrix(stem.tokens, width);
  Matrix e = stem.prefix > 0 ? reader.matrix(stem.prefix, stem.inner_width()) : Matrix{};
  for (std::size_t i = 0; i < static_cast<std::size_t>(stem.tokens); ++i) {
    const auto first = tokens.begin() + static_cast<std::ptrdiff_t>(i) * stem.width;
    Row row(first, first + stem.width);
    row.resize(static_cast<std::size_t>(stem.width + stem.zeros));
    const Row where = some ? position(positions, learned, i, width) : Row{};
    if (beside) row.insert(row.end(), where.begin(), where.end());
    if (stem.vocabulary > 0) {
      row = embedding[static_cast<std::size_t>(row[0])];
    } else if (stem.embedding > 0) {
      row = times(row, embedding);
    }
    if (!beside) add(row, where);
    e.push_back(std::move(row));
  }
  return e;
}

Row read_token(const Readout& out, const Matrix& map, const Row& row) {
  const std::size_t width = row.size();
  Row read(static_cast<std::size_t>(out.outputs));
  if (out.map == ReadoutMap::matrix) read = times(row, map);
  if (out.map == ReadoutMap::symbols) {
    for (std::size_t k = 0; k < read.size(); ++k) read[k] = dot(row, map[k]);
  }
  if (out.map == ReadoutMap::columns) {
    const auto first =
        static_cast<std::size_t>(out.first < 0 ? static_cast<int>(width) + out.first : out.first);
    for (std::size_t k = 0; k < read.size(); ++k) read[k] = row[first + k];
  }
  if (out.map == ReadoutMap::signs) {
    for (std::size_t k = 0; k < width; ++k)
      read[0] += (k % 2 == 0 ? 1 : -1) * row[k] / std::sqrt(static_cast<double>(width));
  }
  for (double& number : read) number *= out.factor;
  return read;
}

std::vector<double> flat(const Matrix& m) {
  std::vector<double> numbers;
  for (const Row& row : m) numbers.insert(numbers.end(), row.begin(), row.end());
  return numbers;
}

}  // namespace

TransformerStates token_forward(const TransformerSpec& spec, const std::vector<double>& theta,
                                const std::vector<double>& tokens) {
  Reader reader{theta};
  Matrix map;
  Matrix e = stem_of(spec.stem, reader, tokens, map);
  std::vector<Weights> weights(spec.blocks.size());
  for (std::size_t l = 0; l < weights.size(); ++l) {
    const auto owner = spec.weights_of.empty() ? l : static_cast<std::size_t>(spec.weights_of[l]);
    weights[l] =
        owner == l ? read_block(reader, spec.blocks[l], spec.width_before(l)) : weights[owner];
  }
  const int width = spec.width_before(spec.blocks.size());
  const Affine norm = read_norm(reader, spec.readout.norm, width);
  if (spec.readout.map == ReadoutMap::matrix) map = reader.matrix(width, spec.readout.outputs);
  GRAMIAN_ASSERT(reader.next == theta.size());

  TransformerStates result;
  result.states.push_back(flat(e));
  Velocities velocities;
  for (std::size_t l = 0; l < weights.size(); ++l) {
    const Block& b = spec.blocks[l];
    if (b.mlp.place == MlpPlace::before) apply_mlp(b, weights[l], e, velocities);
    apply_mixer(b, weights[l], e, velocities);
    if (b.mlp.place == MlpPlace::after) apply_mlp(b, weights[l], e, velocities);
    for (Row& row : e) {
      for (double& x : row) x = b.clip > 0 ? std::clamp(x, -b.clip, b.clip) : x;
    }
    result.states.push_back(flat(e));
  }
  Matrix read;
  for (const Row& row : normed(e, spec.readout.norm, norm))
    read.push_back(read_token(spec.readout, map, row));
  Row mean(read[0].size());
  for (const Row& row : read) add(mean, row, 1 / static_cast<double>(read.size()));
  result.output = spec.readout.rows == ReadoutRows::query   ? read.back()
                  : spec.readout.rows == ReadoutRows::every ? flat(read)
                                                            : mean;
  return result;
}

}  // namespace gramian
