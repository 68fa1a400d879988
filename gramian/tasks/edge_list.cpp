#include "gramian/tasks/edge_list.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gramian {

namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr long kMostName = 1'000'000'000'000;

// The fields of a line; none where it is empty or a comment.
void split_fields(std::string_view line, std::vector<std::string_view>& fields) {
  fields.clear();
  std::size_t at = line.find_first_not_of(kBlanks);
  if (at == line.npos || line[at] == '#' || line[at] == '%') return;
  while (at != line.npos) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kBlanks, end);
  }
}

template <class T>
bool parse_number(std::string_view field, T& value) {
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  return error == std::errc() && end == field.data() + field.size();
}

bool parse_name(std::string_view field, long& name) {
  return parse_number(field, name) && name >= 0 && name <= kMostName;
}

// Calls visit(line number, fields) for each line that is no comment.
template <class Visit>
Status for_each_line(std::string_view text, Visit visit) {
  std::vector<std::string_view> fields;
  long number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    split_fields(text.substr(0, end), fields);
    ++number;
    if (!fields.empty()) {
      GRAMIAN_TRY(visit(number, fields));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

struct ListedEdge {
  long u = 0, v = 0;
  double weight = 1;
};

Expected<ListedEdge> listed_edge(const std::vector<std::string_view>& fields,
                                 const std::string& place) {
  ListedEdge edge;
  const bool whole = fields.size() >= 2 && fields.size() <= 3 && parse_name(fields[0], edge.u) &&
                     parse_name(fields[1], edge.v);
  if (!whole) {
    return fail(ErrorKind::format,
                "{}: a line must be 'u v' or 'u v weight', with nodes that are whole numbers from "
                "0 to {}, got '{}'",
                place, kMostName,
                std::string_view(
                    fields.front().data(),
                    std::min<std::size_t>(
                        40, static_cast<std::size_t>(fields.back().data() + fields.back().size() -
                                                     fields.front().data()))));
  }
  if (edge.u == edge.v)
    return fail(ErrorKind::format, "{}: an edge from node {} to itself: there must be no loops",
                place, edge.u);
  const bool weight = fields.size() < 3 || parse_number(fields[2], edge.weight);
  if (!weight || !(edge.weight > 0) || !std::isfinite(edge.weight)) {
    return fail(ErrorKind::format, "{}: a weight must be a positive finite number, got '{}'", place,
                fields[2].substr(0, 40));
  }
  return edge;
}

int index_of_name(const std::vector<long>& names, long name) {
  return static_cast<int>(std::ranges::lower_bound(names, name) - names.begin());
}

// The messages of check(Graph) with the names of the file.
Status check_listed(const NamedGraph& named, const std::string& path) {
  const auto name = [&](int node) { return named.names[static_cast<std::size_t>(node)]; };
  if (const auto twice = repeated_pair(named.graph)) {
    return fail(ErrorKind::format,
                "{}: the edge between {} and {} is there twice: list each edge once, in one "
                "direction",
                path, name(twice->first), name(twice->second));
  }
  const std::vector<int> part = parts_of(named.graph);
  if (const auto other = std::ranges::find(part, 1); other != part.end()) {
    return fail(ErrorKind::format,
                "{}: the graph must be connected, but no path leads from node {} to node {} (it "
                "has {} parts)",
                path, name(0), name(static_cast<int>(other - part.begin())),
                *std::ranges::max_element(part) + 1);
  }
  return {};
}

}  // namespace

Expected<int> NamedGraph::node(long name) const {
  const auto found = std::ranges::lower_bound(names, name);
  if (found == names.end() || *found != name)
    return fail(ErrorKind::config, "the graph has no node {}", name);
  return static_cast<int>(found - names.begin());
}

Expected<NamedGraph> parse_edge_list(std::string_view text, const std::string& path) {
  std::vector<ListedEdge> listed;
  const Status read =
      for_each_line(text, [&](long line, const std::vector<std::string_view>& fields) -> Status {
        if (listed.size() == kMaxGraphEdges) {
          return fail(ErrorKind::format, "{}:{}: more than {} edges, the most that are read", path,
                      line, kMaxGraphEdges);
        }
        listed.push_back(GRAMIAN_TRY(listed_edge(fields, fmt::format("{}:{}", path, line))));
        return {};
      });
  GRAMIAN_TRY(read);
  if (listed.empty())
    return fail(ErrorKind::format, "{}: no edge; a line must be 'u v' or 'u v weight'", path);
  NamedGraph named;
  for (const ListedEdge& edge : listed) {
    named.names.push_back(edge.u);
    named.names.push_back(edge.v);
  }
  std::ranges::sort(named.names);
  named.names.erase(std::ranges::unique(named.names).begin(), named.names.end());
  named.names.shrink_to_fit();
  named.graph.nodes = static_cast<int>(named.names.size());
  named.graph.edges.reserve(listed.size());
  for (const ListedEdge& edge : listed) {
    named.graph.edges.push_back(
        {index_of_name(named.names, edge.u), index_of_name(named.names, edge.v), edge.weight});
  }
  GRAMIAN_TRY(check_listed(named, path));
  return named;
}

Expected<std::vector<double>> parse_demands(std::string_view text, const std::string& path,
                                            const NamedGraph& graph) {
  std::vector<double> demands(static_cast<std::size_t>(graph.graph.nodes));
  std::vector<bool> seen(demands.size());
  const Status read =
      for_each_line(text, [&](long line, const std::vector<std::string_view>& fields) -> Status {
        long name = 0;
        double value = 0;
        const bool good = fields.size() == 2 && parse_name(fields[0], name) &&
                          parse_number(fields[1], value) && std::isfinite(value);
        if (!good) {
          return fail(ErrorKind::format,
                      "{}:{}: a line must be 'node value', with a finite value, got '{}'", path,
                      line, fields[0].substr(0, 40));
        }
        const auto node = graph.node(name);
        if (!node) {
          return fail(ErrorKind::format, "{}:{}: {}", path, line, node.error().message);
        }
        const auto at = static_cast<std::size_t>(*node);
        if (seen[at])
          return fail(ErrorKind::format, "{}:{}: node {} is there twice", path, line, name);
        seen[at] = true;
        demands[at] = value;
        return {};
      });
  GRAMIAN_TRY(read);
  double sum = 0, size = 0;
  for (const double value : demands) sum += value, size += std::abs(value);
  if (size == 0) return fail(ErrorKind::format, "{}: all demands are 0", path);
  if (std::abs(sum) > 1e-9 * size) {
    return fail(ErrorKind::format,
                "{}: demands must sum to 0, since what enters the graph must leave it, got a sum "
                "of {}",
                path, sum);
  }
  return demands;
}

}  // namespace gramian
