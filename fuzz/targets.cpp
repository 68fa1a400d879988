#include "fuzz/targets.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gramian/evaluation/accumulate.h"
#include "gramian/io/files.h"
#include "gramian/io/json.h"
#include "gramian/io/lock_file.h"
#include "gramian/io/safetensors.h"
#include "gramian/report/report.h"
#include "gramian/report/shape.h"
#include "gramian/runs/checkpoint.h"
#include "gramian/runs/family.h"
#include "gramian/runs/kept_baselines.h"
#include "gramian/runs/keys.h"
#include "gramian/runs/metrics.h"
#include "gramian/runs/model_file.h"
#include "gramian/runs/naming.h"
#include "gramian/runs/transformer_json.h"
#include "gramian/solvers/ridge.h"
#include "gramian/studies/scores.h"
#include "gramian/tabular/dataset.h"
#include "gramian/tasks/edge_list.h"

namespace gramian::fuzz {

namespace {

void require(bool law) {
  if (!law) std::abort();
}

// A file in memory with these bytes. One at a time; its path is good until the next.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(memfd_create("fuzz", 0)) {
    require(descriptor_ >= 0);
    require(write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    path_ = fmt::format("/proc/self/fd/{}", descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(descriptor_); }
  const std::string& path() const { return path_; }

 private:
  int descriptor_;
  std::string path_;
};

// A configuration that is understood can be written and read again. The first line is also tried
// as an override, and all of it as an experiment.
void run_config(std::string_view bytes) {
  if (const auto config = parse_config(bytes, "fuzz.toml")) {
    const std::string written = config->to_toml();
    const auto again = parse_config(written, "again.toml");
    require(again && again->to_toml() == written);
    (void)make_experiment(*config);
  }
  (void)parse_config("", "fuzz.toml", {std::string(bytes.substr(0, bytes.find('\n')))});
}

void run_safetensors(std::string_view bytes) {
  const auto file = read_safetensors(MemoryFile(bytes).path());
  if (!file) return;
  (void)require_finite(*file, "fuzz.safetensors");
  require(file->tensors.size() <= bytes.size());
}

void run_checkpoint(std::string_view bytes) {
  constexpr std::size_t kParameters = 12;
  for (const Method method : {Method::adam, Method::soap, Method::gauss_newton, Method::sgd}) {
    const auto loaded = load_checkpoint(MemoryFile(bytes).path(), kParameters, method);
    if (loaded) require(loaded->state.theta.size() == kParameters);
  }
}

// Of any family, by what the file says of itself.
void run_model(std::string_view bytes) {
  const auto model = load_any(MemoryFile(bytes).path());
  if (!model) return;
  for (const WeightMatrix& matrix : (*model)->matrices())
    require(matrix.first + matrix.size() <= (*model)->weights().size());
}

// The description of a transformer in its model file: what is understood is written the same.
void run_description(std::string_view bytes) {
  const auto spec = transformer_from_json(bytes);
  if (!spec) return;
  const auto again = transformer_from_json(to_json(*spec));
  require(again && first_difference(*again, *spec).empty());
}

// What can be read is the same after it was written. Texts as targets are cells of the header.
void run_csv(std::string_view bytes) {
  const auto table = parse_csv(bytes, "fuzz.csv");
  if (!table) return;
  const auto line_of = [](const std::vector<std::string>& cells) {
    if (cells.size() == 1 && cells[0].empty()) return std::string("\"\"\n");  // else no row
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) line += (i > 0 ? "," : "") + csv_cell(cells[i]);
    return line + "\n";
  };
  std::string written = line_of(table->header);
  for (const CsvRow& row : table->rows) written += line_of(row.cells);
  const auto again = parse_csv(written, "again.csv");
  require(again && again->header == table->header && again->rows.size() == table->rows.size());
  for (std::size_t i = 0; i < table->rows.size(); ++i)
    require(again->rows[i].cells == table->rows[i].cells);
  for (const std::string& name : table->header) {
    const auto data = make_dataset(*table, name);
    if (!data) continue;
    for (const double y : data->context.y) require(std::abs(y) <= kLargestCell);
  }
}

// An edge list: what is read passes the check of a graph, and what it says of itself is so.
void run_edges(std::string_view bytes) {
  const auto graph = parse_edge_list(bytes, "fuzz.txt");
  if (!graph) return;
  require(check(graph->graph).has_value() && graph->names.size() >= 2);
  const auto demands = parse_demands(bytes, "fuzz.txt", *graph);
  require(!demands || demands->size() == graph->names.size());
}

// The result of a study as the report reads it.
void run_results(std::string_view bytes) {
  const auto json = parse_json(bytes);
  if (!json) return;
  const auto head = check_shape(*json, "fuzz.json");
  if (!head) return;
  const std::array<StudyFile, 1> files{
      StudyFile{"fuzz.json", head->study, head->order, std::string(bytes)}};
  (void)render_report(files);
}

// What studies and runs read back of their own files.
void run_scores(std::string_view bytes) {
  const MemoryFile file(bytes);
  (void)load_scores(file.path());
  (void)load_hand_made(file.path());
}

void run_metrics(std::string_view bytes) {
  const MemoryFile file(bytes);
  (void)latest_loss(file.path());
  (void)last_logged_step(file.path());
}

// A row of gramian collect, of an evaluation that has the oracle alone.
void run_rows(std::string_view bytes) {
  static const EvalResult shape = [] {
    Baselines baselines;
    baselines.list.push_back({std::make_unique<OracleRidge>(), {}});
    return empty_result(baselines, nullptr, {});
  }();
  const auto row = from_row(bytes, shape);
  if (!row) return;
  const std::string written = to_row(row->first, row->result);
  const auto again = from_row(written, shape);
  require(again && to_row(again->first, again->result) == written);
}

// Constants of solvers that another process has tuned: what is taken is written the same.
void run_kept(std::string_view bytes) {
  static const RegressionTask task = [] {
    TaskSpec of;
    of.d = 2;
    of.n = 6;
    return RegressionTask::create(of).value();
  }();
  static const EvalSpec spec{.tuning_prompts = 100, .gd_steps = 2};
  const std::string what = tuned_to(task, spec);
  const auto kept = from_kept(bytes, what, task, spec);
  if (!kept) return;
  const std::string written = to_kept(what, *kept);
  const auto again = from_kept(written, what, task, spec);
  require(again && to_kept(what, *again) == written);
}

// A folder in memory, which goes with the process.
class MemoryFolder {
 public:
  MemoryFolder() { require(mkdtemp(path_.data()) != nullptr); }
  MemoryFolder(const MemoryFolder&) = delete;
  MemoryFolder& operator=(const MemoryFolder&) = delete;
  ~MemoryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/dev/shm/gramian-fuzz-XXXXXX";
};

// The file of a lock, with these bytes; an @ stands for the name of this host, and a + in front for
// the same bytes in the file of a process that breaks the lock. Either somebody holds the lock, and
// his file stays as it is; or it is ours, and gone when it has been given back.
void run_lock(std::string_view bytes) {
  static const MemoryFolder folder;
  const std::string path = folder.path() + "/lock", breaking = path + ".breaking";
  const bool is_broken = bytes.starts_with('+');
  std::string text(bytes.substr(is_broken ? 1 : 0));
  if (const auto host = text.find('@'); host != std::string::npos) {
    char name[256] = {};
    require(gethostname(name, sizeof name - 1) == 0);
    text.replace(host, 1, name);
  }
  require(write_file_atomically(path, text).has_value());
  if (is_broken) require(write_file_atomically(breaking, text).has_value());
  {
    const auto lock = LockFile::try_take(path, {});
    require(lock.has_value());
    const auto there = read_file(path);
    require(there.has_value() && (*lock == nullptr) == (*there == text));
  }
  std::filesystem::remove(path);
  std::filesystem::remove(breaking);
  require(std::filesystem::is_empty(folder.path()));
}

constexpr Target kTargets[] = {{"config", run_config},
                               {"safetensors", run_safetensors},
                               {"checkpoint", run_checkpoint},
                               {"model", run_model},
                               {"description", run_description},
                               {"csv", run_csv},
                               {"results", run_results},
                               {"scores", run_scores},
                               {"metrics", run_metrics},
                               {"rows", run_rows},
                               {"edges", run_edges},
                               {"kept", run_kept},
                               {"lock", run_lock}};

}  // namespace

std::span<const Target> targets() { return kTargets; }

const Target* find_target(std::string_view name) {
  const auto found = std::ranges::find(kTargets, name, &Target::name);
  return found == std::end(kTargets) ? nullptr : found;
}

}  // namespace gramian::fuzz
