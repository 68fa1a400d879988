#include "gramian/report/shape.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

namespace gramian {

namespace {

using Json = nlohmann::json;

// The first thing that is wrong, with its place as a JSON pointer (RFC 6901).
class Checker {
 public:
  explicit Checker(const std::string& path) : path_(path) {}

  const Status& status() const { return status_; }

  void expect(bool good, const std::string& place, std::string_view rule, const Json& found) {
    if (good || !status_) return;
    std::string text = found.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > 40) text = text.substr(0, 40) + "...";
    status_ = fail(ErrorKind::format, "{}: {} must be {}, got {}", path_, place, rule, text);
  }

  // Calls visit(place, value) for a key that may be missing or null.
  template <class Visit>
  void optional(const Json& object, const std::string& place, const char* key, Visit visit) {
    const auto found = object.find(key);
    if (found != object.end() && !found->is_null()) visit(place + "/" + key, *found);
  }

  template <class Visit>
  void each(const Json& array, const std::string& place, Visit visit) {
    expect(array.is_array(), place, "an array", array);
    for (std::size_t i = 0; status_ && i < array.size(); ++i)
      visit(place + "/" + std::to_string(i), array[i]);
  }

  template <class Visit>
  void each_object(const Json& object, const std::string& place, const char* key, Visit visit) {
    optional(object, place, key, [&](const std::string& at, const Json& array) {
      each(array, at, [&](const std::string& item_place, const Json& item) {
        expect(item.is_object(), item_place, "an object", item);
        if (status_) visit(item_place, item);
      });
    });
  }

  // Of this type or missing: null would pass for missing.
  void text(const Json& object, const std::string& place, const char* key) {
    optional(object, place, key, [&](const std::string& at, const Json& value) {
      expect(value.is_string(), at, "a text", value);
    });
  }

  void number(const Json& object, const std::string& place, const char* key, bool required) {
    if (required && (!object.contains(key) || object[key].is_null())) {
      expect(false, place + "/" + key, "a number", Json());
    }
    optional(object, place, key, [&](const std::string& at, const Json& value) {
      expect(value.is_number(), at, "a number", value);
    });
  }

  void choice(const Json& object, const std::string& place, const char* key,
              std::initializer_list<std::string_view> words) {
    optional(object, place, key, [&](const std::string& at, const Json& value) {
      const bool good =
          value.is_string() &&
          std::find(words.begin(), words.end(), value.get_ref<const std::string&>()) != words.end();
      expect(good, at, fmt::format("one of {}", fmt::join(words, ", ")), value);
    });
  }

  void require(const Json& object, const std::string& place, const char* key) {
    if (!object.contains(key)) expect(false, place + "/" + key, "there", Json());
  }

 private:
  const std::string& path_;
  Status status_;
};

// Identifiers end in links (#fig1) and in file names (fig1.svg).
bool is_identifier(const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return !text.empty() &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == text.npos;
}

void check_id(Checker& check, const std::string& place, const Json& object, const char* key) {
  const Json value = object.value(key, Json());
  check.expect(is_identifier(value), place + "/" + key, "a name of letters, digits, - and _",
               value);
}

void check_cell(Checker& check, const std::string& place, const Json& cell) {
  check.expect(cell.is_null() || cell.is_string() || cell.is_number() || cell.is_object(), place,
               "a text, a number, null or an object", cell);
  if (!cell.is_object()) return;
  for (const char* key : {"value", "se", "paper", "bayes"}) check.number(cell, place, key, false);
  check.choice(cell, place, "status", {"better", "equal", "worse", ""});
  check.text(cell, place, "note");
}

void check_table(Checker& check, const std::string& place, const Json& table) {
  check_id(check, place, table, "id");
  check.text(table, place, "title");
  check.require(table, place, "columns");
  check.require(table, place, "rows");
  if (!check.status()) return;
  const Json& columns = table["columns"];
  check.each(columns, place + "/columns", [&](const std::string& at, const Json& name) {
    check.expect(name.is_string(), at, "a text", name);
  });
  check.each(table["rows"], place + "/rows", [&](const std::string& at, const Json& row) {
    check.expect(row.is_array() && row.size() == columns.size(), at,
                 fmt::format("an array of {} cells, one for each column", columns.size()), row);
    check.each(row, at, [&](const std::string& cell_place, const Json& cell) {
      check_cell(check, cell_place, cell);
    });
  });
  check.optional(table, place, "notes", [&](const std::string& at, const Json& notes) {
    check.each(notes, at, [&](const std::string& note_place, const Json& note) {
      check.expect(note.is_string(), note_place, "a text", note);
    });
  });
}

void check_axis(Checker& check, const std::string& place, const Json& axis) {
  check.expect(axis.is_object(), place, "an object", axis);
  if (!check.status()) return;
  check.text(axis, place, "label");
  check.choice(axis, place, "scale", {"linear", "log"});
  for (const char* key : {"ticks", "domain"}) {
    check.optional(axis, place, key, [&](const std::string& at, const Json& values) {
      check.each(values, at, [&](const std::string& value_place, const Json& value) {
        check.expect(value.is_number(), value_place, "a number", value);
      });
      if (std::string_view(key) == "domain") {
        const bool pair =
            values.is_array() && (values.empty() || (values.size() == 2 && values[0] < values[1]));
        check.expect(pair, at, "a low and a higher number", values);
        const bool log = axis.value("scale", Json()) == Json("log");
        check.expect(!log || !pair || values.empty() || values[0] > 0, at, "positive on a log axis",
                     values);
      }
    });
  }
}

void check_heatmap(Checker& check, const std::string& place, const Json& map) {
  check.expect(map.is_object(), place, "an object", map);
  for (const char* key : {"rows", "columns", "values"}) {
    if (check.status()) check.require(map, place, key);
  }
  if (!check.status()) return;
  for (const char* key : {"rows", "columns"}) {
    check.each(map[key], place + "/" + key, [&](const std::string& at, const Json& name) {
      check.expect(name.is_string(), at, "a text", name);
    });
  }
  const Json& values = map["values"];
  check.expect(values.is_array() && values.size() == map["rows"].size(), place + "/values",
               "an array for each row", values);
  check.each(values, place + "/values", [&](const std::string& at, const Json& row) {
    check.expect(row.is_array() && row.size() == map["columns"].size(), at,
                 "an array with a number for each column", row);
    check.each(row, at, [&](const std::string& cell_place, const Json& value) {
      check.expect(value.is_number() || value.is_null(), cell_place, "a number or null", value);
    });
  });
}

void check_numbers(Checker& check, const std::string& place, const Json& list, std::size_t size,
                   bool null) {
  check.expect(list.is_array() && list.size() == size, place, fmt::format("{} numbers", size),
               list);
  check.each(list, place, [&](const std::string& at, const Json& value) {
    check.expect(value.is_number() || (null && value.is_null()), at,
                 null ? "a number or null" : "a number", value);
  });
}

void check_graph(Checker& check, const std::string& place, const Json& graph) {
  check.expect(graph.is_object(), place, "an object", graph);
  for (const char* key : {"nodes", "edges", "frames"}) {
    if (check.status()) check.require(graph, place, key);
  }
  if (!check.status()) return;
  check.each(graph["nodes"], place + "/nodes", [&](const std::string& at, const Json& node) {
    check_numbers(check, at, node, 2, false);
  });
  const std::size_t nodes = graph["nodes"].size();
  check.each(graph["edges"], place + "/edges", [&](const std::string& at, const Json& edge) {
    check_numbers(check, at, edge, 3, false);
    for (std::size_t end = 0; check.status() && end < 2; ++end) {
      const bool there = edge[end].is_number_unsigned() && edge[end].get<std::size_t>() < nodes;
      check.expect(there, fmt::format("{}/{}", at, end), "the number of a node", edge[end]);
    }
  });
  check.each_object(graph, place, "frames", [&](const std::string& at, const Json& frame) {
    check.text(frame, at, "label");
    check.require(frame, at, "values");
    if (check.status()) check_numbers(check, at + "/values", frame["values"], nodes, true);
  });
  check.expect(!graph["frames"].empty(), place + "/frames", "at least one", graph["frames"]);
}

void check_series(Checker& check, const std::string& place, const Json& series) {
  check.text(series, place, "name");
  check.require(series, place, "name");
  check.choice(series, place, "role",
               {"full", "diag", "gdpp", "constrr", "adarr", "tunedrr", "bayes", "paper", "other"});
  check.choice(series, place, "mark", {"line", "points", "rule", "dashes"});
  check.require(series, place, "points");
  check.each_object(series, place, "points", [&](const std::string& at, const Json& point) {
    check.number(point, at, "x", true);
    for (const char* key : {"y", "low", "high"}) check.number(point, at, key, false);
    check.text(point, at, "note");
  });
}

void check_figure(Checker& check, const std::string& place, const Json& figure) {
  check_id(check, place, figure, "id");
  for (const char* key : {"title", "caption"}) check.text(figure, place, key);
  check.number(figure, place, "columns", false);
  check.require(figure, place, "panels");
  check.each_object(
      figure, place, "panels", [&](const std::string& panel_place, const Json& panel) {
        check.text(panel, panel_place, "title");
        for (const char* key : {"x", "y"}) {
          check.optional(panel, panel_place, key, [&](const std::string& at, const Json& axis) {
            check_axis(check, at, axis);
          });
        }
        check.each_object(panel, panel_place, "bands",
                          [&](const std::string& at, const Json& band) {
                            for (const char* key : {"from", "to"})
                              check.number(band, at, key, true);
                            check.text(band, at, "label");
                          });
        check.each_object(
            panel, panel_place, "series",
            [&](const std::string& at, const Json& series) { check_series(check, at, series); });
        check.optional(panel, panel_place, "heatmap", [&](const std::string& at, const Json& map) {
          check_heatmap(check, at, map);
        });
        check.optional(panel, panel_place, "graph", [&](const std::string& at, const Json& graph) {
          check_graph(check, at, graph);
        });
      });
}

void check_provenance(Checker& check, const std::string& place, const Json& provenance) {
  check.expect(provenance.is_object(), place, "an object", provenance);
  if (!check.status()) return;
  for (const char* key :
       {"command", "version", "commit", "cpu", "simd", "compiler", "finished", "settings"}) {
    check.text(provenance, place, key);
  }
  for (const char* key : {"cores", "train_seconds"}) check.number(provenance, place, key, false);
}

}  // namespace

Expected<StudyHead> check_shape(const Json& study, const std::string& path) {
  if (!study.is_object())
    return fail(ErrorKind::format, "{}: a study's result is a JSON object, this is not", path);
  if (!study.contains("study")) {
    return fail(ErrorKind::format,
                "{}: the key \"study\" is missing: this is not the result of a study", path);
  }
  Checker check(path);
  check_id(check, "", study, "study");
  for (const char* key : {"title", "paper", "caption"}) check.text(study, "", key);
  check.number(study, "", "order", false);
  check.optional(study, "", "publication", [&](const std::string& at, const Json& publication) {
    check.expect(publication.is_object(), at, "an object", publication);
    if (!check.status()) return;
    check.require(publication, at, "short");
    for (const char* key : {"short", "authors", "title", "venue", "arxiv", "losses"})
      check.text(publication, at, key);
  });
  check.optional(study, "", "quick", [&](const std::string& at, const Json& quick) {
    check.expect(quick.is_boolean(), at, "true or false", quick);
  });
  check.each_object(study, "", "claims", [&](const std::string& at, const Json& claim) {
    check.require(claim, at, "text");
    for (const char* key : {"text", "detail"}) check.text(claim, at, key);
    check.optional(claim, at, "holds", [&](const std::string& place, const Json& holds) {
      check.expect(holds.is_boolean(), place, "true, false or null", holds);
    });
  });
  check.each_object(study, "", "tables", [&](const std::string& at, const Json& table) {
    check_table(check, at, table);
  });
  check.each_object(study, "", "figures", [&](const std::string& at, const Json& figure) {
    check_figure(check, at, figure);
  });
  check.each_object(study, "", "runs", [&](const std::string& at, const Json& run) {
    for (const char* key : {"name", "kind", "problem", "directory"}) check.text(run, at, key);
    for (const char* key : {"layers", "seed", "steps", "seconds"})
      check.number(run, at, key, false);
  });
  check.optional(study, "", "provenance", [&](const std::string& at, const Json& provenance) {
    check_provenance(check, at, provenance);
  });
  if (!check.status()) return std::unexpected(check.status().error());
  StudyHead head{.study = study["study"].get<std::string>()};
  if (study.contains("order") && study["order"].is_number())
    head.order = study["order"].get<double>();
  return head;
}

}  // namespace gramian
