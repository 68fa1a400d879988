// What the binding files share: arrays in and out, errors as exceptions, and calls that take long.
//
// A binding file holds no arithmetic: it checks what Python gives, calls the facade
// (gramian/api.h) without the interpreter's lock, and hands the result over. Arrays are float64 in
// C order; nothing is converted silently: python/src/gramian/_arrays.py converts, and says so.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/function.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gramian/api.h"

namespace gramian::python {

namespace nb = nanobind;
using namespace nanobind::literals;

using InArray = nb::ndarray<nb::ro, nb::device::cpu>;  // whatever it is; array_of checks
using OutArray = nb::ndarray<nb::numpy, double, nb::c_contig>;
using View = nb::ndarray<nb::numpy, const double, nb::c_contig>;  // read-only in Python
using Settings = std::vector<std::string>;  // "key=value", as on the command line

// A copy. Errors: TypeError with the name, where it is no float64 in C order.
api::Array array_of(const InArray& array, const char* name);

// Hands the memory of the values over, without a copy.
OutArray to_numpy(api::Array array);

// Throws what Python knows an Error as: ValueError (config, usage, format), OSError (io),
// gramian.DivergedError (numeric), KeyboardInterrupt (interrupted).
[[noreturn]] void raise(const Error& error);

template <class T>
T value(Expected<T> result) {
  if (!result) raise(result.error());
  return *std::move(result);
}
inline void require(const Status& status) {
  if (!status) raise(status.error());
}

// Set by Ctrl-C or by a callback that raised an exception, and asked by the work. Copies are one.
class Interrupt {
 public:
  bool requested() const { return state_->requested; }
  void request() const { state_->requested = true; }
  // With the interpreter's lock: takes the exception that is being raised and sets the interrupt.
  // Of several exceptions the first is kept.
  void request_by_exception() const;
  // Raises what was kept, if anything was.
  void raise_kept() const;
  std::function<bool()> asked() const {
    return [state = state_] { return state->requested.load(); };
  }

 private:
  struct State {
    std::atomic<bool> requested = false;
    PyObject* exception = nullptr;  // guarded by the interpreter's lock
    ~State();
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

// Runs `work` on a thread of its own while this one waits, without the interpreter's lock, and asks
// Python for signals ten times a second. After Ctrl-C the interrupt is set; work that has not ended
// 0.3 s later is left to end by itself, and KeyboardInterrupt is raised at once. So `work` must own
// all that it uses.
void run_interruptibly(const Interrupt& interrupt, std::function<void()> work);

// The value of what `work` returns, an Expected (nothing, of a Status).
template <class Work>
auto await_result(const Interrupt& interrupt, Work work) {
  using Result = std::invoke_result_t<Work>;
  auto result = std::make_shared<std::optional<Result>>();
  run_interruptibly(interrupt, [result, work = std::move(work)] { result->emplace(work()); });
  return value(std::move(**result));
}

// A function of Python that the work may call from its own thread; None is an empty function. It is
// destroyed with the lock held. An exception that it raises ends the work and is raised again by
// run_interruptibly.
template <class... Args>
std::function<void(Args...)> callback(std::optional<nb::callable> function,
                                      const Interrupt& interrupt) {
  if (!function) return {};
  const std::shared_ptr<nb::callable> shared(new nb::callable(std::move(*function)),
                                             [](nb::callable* old) {
                                               const nb::gil_scoped_acquire lock;
                                               delete old;
                                             });
  return [shared, interrupt](Args... args) {
    if (interrupt.requested()) return;
    const nb::gil_scoped_acquire lock;
    try {
      (*shared)(args...);
    } catch (nb::python_error& error) {
      error.restore();
      interrupt.request_by_exception();
    }
  };
}

// Progress of the library from a function of Python (done, total) that may be None.
ProgressFunction progress_of(std::optional<nb::callable> function, const Interrupt& interrupt);
StageProgress stages_of(std::optional<nb::callable> function, const Interrupt& interrupt);

void bind_tasks(nb::module_& module);
void bind_networks(nb::module_& module);
void bind_training(nb::module_& module);
void bind_solvers(nb::module_& module);
void bind_evaluation(nb::module_& module);
void bind_exporting(nb::module_& module);
void bind_tabular(nb::module_& module);
void bind_runs(nb::module_& module);
void bind_studies(nb::module_& module);

}  // namespace gramian::python
