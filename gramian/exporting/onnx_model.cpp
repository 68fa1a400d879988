#include "gramian/exporting/onnx_model.h"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "gramian/exporting/layer_form.h"
#include "gramian/exporting/protobuf.h"
#include "gramian/exporting/text.h"

namespace gramian {

namespace {

using Name = std::string;

constexpr std::int64_t kIrVersion = 7, kOpset = 13;
constexpr std::int64_t kDouble = 11;  // TensorProto.DataType

// Field numbers of onnx.proto.
namespace field {
constexpr int kModelIrVersion = 1, kModelProducer = 2, kModelProducerVersion = 3, kModelDoc = 6,
              kModelGraph = 7, kModelOpset = 8;
constexpr int kOpsetVersion = 2;
constexpr int kGraphNode = 1, kGraphName = 2, kGraphInitializer = 5, kGraphInput = 11,
              kGraphOutput = 12;
constexpr int kNodeInput = 1, kNodeOutput = 2, kNodeName = 3, kNodeOp = 4;
constexpr int kTensorDims = 1, kTensorType = 2, kTensorName = 8, kTensorRaw = 9;
constexpr int kValueName = 1, kValueType = 2;
constexpr int kTypeTensor = 1, kTensorElement = 1, kTensorShape = 2, kShapeDim = 1, kDimValue = 1,
              kDimParam = 2;
}  // namespace field

// As raw_data has it, on every machine.
std::string little_endian(std::span<const double> values) {
  std::string bytes;
  for (const double value : values) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(bits >> shift & 0xff);
  }
  return bytes;
}

class Graph {
 public:
  // A node with one output, which is named like it.
  Name add(const char* op, std::initializer_list<Name> inputs, const Name& name) {
    ProtobufMessage node;
    for (const Name& input : inputs) node.add_bytes(field::kNodeInput, input);
    node.add_bytes(field::kNodeOutput, name);
    node.add_bytes(field::kNodeName, name);
    node.add_bytes(field::kNodeOp, op);
    graph_.add_message(field::kGraphNode, node);
    return name;
  }
  Name matmul(const Name& a, const Name& b, const Name& name) {
    return add("MatMul", {a, b}, name);
  }
  Name transpose(const Name& a, const Name& name) {
    return add("Transpose", {a}, name);
  }  // reverses the axes
  Name plus(const Name& a, const Name& b, const Name& name) { return add("Add", {a, b}, name); }
  Name times(const Name& a, const Name& b, const Name& name) { return add("Mul", {a, b}, name); }

  // Shape {} is a scalar.
  Name constant(const Name& name, std::initializer_list<std::size_t> shape,
                std::span<const double> values) {
    ProtobufMessage tensor;
    for (const std::size_t size : shape)
      tensor.add_integer(field::kTensorDims, static_cast<std::int64_t>(size));
    tensor.add_integer(field::kTensorType, kDouble);
    tensor.add_bytes(field::kTensorName, name);
    tensor.add_bytes(field::kTensorRaw, little_endian(values));
    graph_.add_message(field::kGraphInitializer, tensor);
    return name;
  }
  Name scalar(const Name& name, double value) { return constant(name, {}, std::span(&value, 1)); }

  // Dimensions are numbers, or letters for free ones.
  void declare(int kind, const Name& name, std::initializer_list<std::string> shape) {
    ProtobufMessage dims, tensor, type, value;
    for (const std::string& size : shape) {
      ProtobufMessage dim;
      if (size[0] >= '0' && size[0] <= '9') {
        dim.add_integer(field::kDimValue, std::stoll(size));
      } else {
        dim.add_bytes(field::kDimParam, size);
      }
      dims.add_message(field::kShapeDim, dim);
    }
    tensor.add_integer(field::kTensorElement, kDouble);
    tensor.add_message(field::kTensorShape, dims);
    type.add_message(field::kTypeTensor, tensor);
    value.add_bytes(field::kValueName, name);
    value.add_message(field::kValueType, type);
    graph_.add_message(kind, value);
  }

  ProtobufMessage& message() { return graph_; }

 private:
  ProtobufMessage graph_;
};

// c of S = c sum x x^T: 1/n, n being counted; empty for plain sums.
Name context_factor(Graph& graph, const Network& network) {
  if (network.spec.context_scale == ContextScale::sum) return {};
  const auto d = static_cast<std::size_t>(network.spec.d);
  const Name zeros = graph.constant("zeros", {d}, std::vector<double>(d));
  const Name one = graph.scalar("one", 1.0);
  const Name ones =
      graph.plus(graph.matmul("x_context", zeros, "zero_each"), one, "one_each");  // [n]
  return graph.add("Div", {one, graph.matmul(ones, ones, "n")}, "c");
}

// The sum times c.
Name scaled(Graph& graph, const Name& sum, const Name& c, const Name& name) {
  return c.empty() ? sum : graph.times(sum, c, name);
}

void add_full(Graph& graph, const Network& network, const Name& c) {
  const std::size_t rows = network.spec.rows(), d = rows - 1, size = rows * rows;
  std::vector<double> embed(rows * d), last(rows), minus_last(rows);
  for (std::size_t i = 0; i < d; ++i) embed[i * d + i] = 1;
  last[d] = 1;
  minus_last[d] = -1;
  const Name x_rows = graph.constant("rows_of_x", {rows, d}, embed);
  const Name y_row = graph.constant("row_of_y", {rows, 1}, last);
  Name e = graph.plus(graph.matmul(x_rows, graph.transpose("x_context", "x_columns"), "x_part"),
                      graph.times(y_row, "y_context", "y_part"), "E");                    // [D, n]
  Name e_t = graph.matmul(x_rows, graph.transpose("x_query", "x_query_columns"), "E_t");  // [D, m]

  const bool tied = layers_are_equal(network);
  for (int l = 0; l < network.spec.layers; ++l) {
    const auto local = [&](const char* name) { return fmt::format("layers.{}.{}", l, name); };
    const Name g = scaled(graph, graph.matmul(e, graph.transpose(e, local("E^T")), local("E E^T")),
                          c, local("G"));
    const LayerWeights weights = network.expanded(l);
    Name a;
    for (int h = 0; h < weights.heads; ++h) {
      const auto head = [&](const char* name) {
        return fmt::format("layers.{}.heads.{}.{}", l, h, name);
      };
      const auto weight = [&](const char* name) {
        return fmt::format("layers.{}.heads.{}.{}", tied ? 0 : l, h, name);
      };
      if (l == 0 || !tied) {
        const std::size_t offset = static_cast<std::size_t>(h) * size;
        graph.constant(weight("P"), {rows, rows}, std::span(weights.p).subspan(offset, size));
        graph.constant(weight("Q"), {rows, rows}, std::span(weights.q).subspan(offset, size));
      }
      const Name pgq =
          graph.matmul(graph.matmul(weight("P"), g, head("P G")), weight("Q"), head("P G Q"));
      a = h == 0 ? pgq : graph.plus(a, pgq, head("A"));
    }
    e_t = graph.plus(e_t, graph.matmul(a, e_t, local("A E_t")), local("E_t'"));
    if (l + 1 < network.spec.layers)
      e = graph.plus(e, graph.matmul(a, e, local("A E")), local("E'"));
  }
  graph.matmul(graph.constant("minus_row_of_y", {rows}, minus_last), e_t, "prediction");  // [m]
}

// Eq. 10, with x [d, n], y [1, n] and the same of the queries. A form of two omegas leaves out what
// is zero, and the last layer moves no x, because nothing reads it.
class DiagonalGraph {
 public:
  DiagonalGraph(Graph& graph, const Network& network, const Name& c)
      : graph_(graph),
        network_(network),
        form_(layer_form(network.spec)),
        four_(form_ == LayerForm::four_omegas),
        tied_(layers_are_equal(network)),
        c_(c) {}

  void add() {
    const auto d = static_cast<std::size_t>(network_.spec.d);
    const double one = 1.0, minus_one = -1.0;
    Name x = graph_.transpose("x_context", "x");  // [d, n]
    Name y = graph_.times(graph_.constant("one_row", {1, 1}, std::span(&one, 1)), "y_context",
                          "y");                     // [1, n]
    Name x_t = graph_.transpose("x_query", "x_t");  // [d, m]
    Name y_t = graph_.matmul(graph_.constant("zero_row", {1, d}, std::vector<double>(d)), x_t,
                             "y_t");  // [1, m]
    for (int l = 0; l < network_.spec.layers; ++l) {
      if (l == 0 || !tied_) add_omegas(l);
      const Maps maps = add_maps(l, x, y);
      if (!is_last(l)) move(l, maps, "context", x, y);
      move(l, maps, "query", x_t, y_t);
    }
    graph_.matmul(graph_.constant("minus_one", {1}, std::span(&minus_one, 1)), y_t,
                  "prediction");  // [m]
  }

 private:
  // What a layer multiplies x and y by. Empty: nothing.
  struct Maps {
    Name xx;  // omega_xx S [d, d]
    Name xy;  // omega_xy alpha [d, 1]
    Name yx;  // omega_yx alpha^T [1, d]
    Name yy;  // omega_yy lambda [1, 1]
  };

  bool is_last(int l) const { return l + 1 == network_.spec.layers; }
  static Name in_layer(int l, const char* name) { return fmt::format("layers.{}.{}", l, name); }
  Name omega(int l, const char* name) const {
    return fmt::format("layers.{}.omega_{}", tied_ ? 0 : l, name);
  }

  void add_omegas(int l) {
    const bool x_moves = tied_ ? network_.spec.layers > 1 : !is_last(l);
    const Omega values = network_.omega(l);
    for (const OmegaEntry& entry : omega_entries(form_)) {
      const bool moves_x = entry.name[0] == 'x';
      if (x_moves || !moves_x) graph_.scalar(omega(l, entry.name), values.*entry.value);
    }
  }

  // From the context, before the layer moves it.
  Maps add_maps(int l, const Name& x, const Name& y) {
    const auto local = [&](const char* name) { return in_layer(l, name); };
    Maps maps;
    const Name y_column = graph_.transpose(y, local("y^T"));
    const Name alpha = scaled(graph_, graph_.matmul(x, y_column, local("x y^T")), c_,
                              local("alpha"));  // [d, 1]
    maps.yx = graph_.times(graph_.transpose(alpha, local("alpha^T")), omega(l, "yx"),
                           local("omega_yx alpha^T"));
    if (!is_last(l)) {
      const Name x_columns = graph_.transpose(x, local("x^T"));
      const Name s = scaled(graph_, graph_.matmul(x, x_columns, local("x x^T")), c_, local("S"));
      maps.xx = graph_.times(s, omega(l, "xx"), local("omega_xx S"));
      if (four_) maps.xy = graph_.times(alpha, omega(l, "xy"), local("omega_xy alpha"));
    }
    if (four_) {
      const Name lambda = scaled(graph_, graph_.matmul(y, y_column, local("y y^T")), c_,
                                 local("lambda"));  // [1, 1]
      maps.yy = graph_.times(lambda, omega(l, "yy"), local("omega_yy lambda"));
    }
    return maps;
  }

  // One layer for the tokens (x, y), whose new values are named after `of`.
  void move(int l, const Maps& maps, const char* of, Name& x, Name& y) {
    const auto part = [&](const char* name) { return fmt::format("layers.{}.{}.{}", l, of, name); };
    Name y_new = graph_.plus(y, graph_.matmul(maps.yx, x, part("from x to y")), part("y with x"));
    if (!maps.yy.empty())
      y_new = graph_.plus(y_new, graph_.times(maps.yy, y, part("from y to y")), part("y'"));
    if (!maps.xx.empty()) {
      Name x_new = graph_.plus(x, graph_.matmul(maps.xx, x, part("from x to x")), part("x with x"));
      if (!maps.xy.empty())
        x_new = graph_.plus(x_new, graph_.matmul(maps.xy, y, part("from y to x")), part("x'"));
      x = x_new;
    }
    y = y_new;
  }

  Graph& graph_;
  const Network& network_;
  LayerForm form_;
  bool four_, tied_;
  Name c_;
};

}  // namespace

std::string onnx_model(const ExportSource& source) {
  const Network& network = source.network;
  const std::string d = fmt::format("{}", network.spec.d);
  Graph graph;
  graph.message().add_bytes(field::kGraphName, "linear_transformer");
  graph.declare(field::kGraphInput, "x_context", {"n", d});
  graph.declare(field::kGraphInput, "y_context", {"n"});
  graph.declare(field::kGraphInput, "x_query", {"m", d});
  graph.declare(field::kGraphOutput, "prediction", {"m"});
  const Name c = context_factor(graph, network);
  switch (layer_form(network.spec)) {
    case LayerForm::matrices:
      add_full(graph, network, c);
      break;
    case LayerForm::four_omegas:
    case LayerForm::two_omegas:
      DiagonalGraph(graph, network, c).add();
      break;
  }

  ProtobufMessage opset, model;
  opset.add_integer(field::kOpsetVersion, kOpset);
  model.add_integer(field::kModelIrVersion, kIrVersion);
  model.add_bytes(field::kModelProducer, "gramian");
  model.add_bytes(field::kModelProducerVersion, GRAMIAN_VERSION);
  model.add_bytes(
      field::kModelDoc,
      fmt::format("A linear transformer, {}, from {}. Trained on contexts of n = {} examples: {}. "
                  "Sums over the context are {}, as in training.",
                  describe_network(network), comment_text(source.origin), source.n,
                  comment_text(source.task),
                  network.spec.context_scale == ContextScale::mean ? "means" : "plain sums"));
  model.add_message(field::kModelGraph, graph.message());
  model.add_message(field::kModelOpset, opset);
  return model.bytes();
}

}  // namespace gramian
