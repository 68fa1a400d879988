#include "common.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace gramian::python {

namespace {

nb::object diverged_error() { return nb::module_::import_("gramian._core").attr("DivergedError"); }

bool is_c_order(const InArray& array) {
  std::int64_t stride = 1;
  for (std::size_t k = array.ndim(); k-- > 0;) {
    if (array.shape(k) > 1 && array.stride(k) != stride) return false;
    stride *= static_cast<std::int64_t>(array.shape(k));
  }
  return true;
}

// Work that was left to end by itself after Ctrl-C.
struct Abandoned {
  std::mutex mutex;
  std::vector<std::thread> threads;

  // At the end of the interpreter, so that no thread runs on while statics are destroyed.
  ~Abandoned() {
    for (std::thread& thread : threads) thread.join();
  }
};
Abandoned& abandoned() {
  static Abandoned all;
  return all;
}

struct Completion {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::exception_ptr thrown;

  bool wait(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, time, [&] { return done; });
  }
};

}  // namespace

api::Array array_of(const InArray& array, const char* name) {
  const nb::dlpack::dtype wanted = nb::dtype<double>();
  if (array.dtype() != wanted || !is_c_order(array)) {
    throw nb::type_error(
        fmt::format("{} must be a float64 array in C order, got {} bits of type code {}{}", name,
                    array.dtype().bits, array.dtype().code,
                    is_c_order(array) ? "" : " in another order")
            .c_str());
  }
  api::Array result;
  for (std::size_t k = 0; k < array.ndim(); ++k) result.shape.push_back(array.shape(k));
  const auto* data = static_cast<const double*>(array.data());
  result.values.assign(data, data + array.size());
  return result;
}

OutArray to_numpy(api::Array array) {
  auto owner = std::make_unique<std::vector<double>>(std::move(array.values));
  double* data = owner->data();
  const nb::capsule capsule(
      owner.get(), [](void* memory) noexcept { delete static_cast<std::vector<double>*>(memory); });
  [[maybe_unused]] const auto* released = owner.release();
  return OutArray(data, array.shape.size(), array.shape.data(), capsule);
}

void raise(const Error& error) {
  PyObject* type = PyExc_ValueError;
  nb::object diverged;
  switch (error.kind) {
    case ErrorKind::usage:
    case ErrorKind::config:
    case ErrorKind::format:
      break;
    case ErrorKind::io:
      type = PyExc_OSError;
      break;
    case ErrorKind::numeric:
      diverged = diverged_error();
      type = diverged.ptr();
      break;
    case ErrorKind::interrupted:
      type = PyExc_KeyboardInterrupt;
      break;
  }
  PyErr_SetString(type, error.message.c_str());
  throw nb::python_error();
}

Interrupt::State::~State() {
  if (exception == nullptr) return;
  const nb::gil_scoped_acquire lock;
  Py_DECREF(exception);
}

void Interrupt::request_by_exception() const {
  PyObject *type = nullptr, *exception = nullptr, *trace = nullptr;
  PyErr_Fetch(&type, &exception, &trace);
  PyErr_NormalizeException(&type, &exception, &trace);
  if (trace != nullptr) PyException_SetTraceback(exception, trace);
  Py_XDECREF(type);
  Py_XDECREF(trace);
  if (state_->exception != nullptr) {
    Py_XDECREF(exception);
  } else {
    state_->exception = exception;
  }
  request();
}

void Interrupt::raise_kept() const {
  PyObject* exception = std::exchange(state_->exception, nullptr);
  if (exception == nullptr) return;
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception)), exception);
  Py_DECREF(exception);
  throw nb::python_error();
}

void run_interruptibly(const Interrupt& interrupt, std::function<void()> work) {
  using std::chrono::milliseconds;
  constexpr milliseconds kPoll{100}, kPatience{300};
  const auto completion = std::make_shared<Completion>();
  std::thread thread([completion, work = std::move(work)]() mutable {
    std::exception_ptr thrown;
    try {
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
    work = nullptr;  // frees what it owns before the caller goes on
    const std::scoped_lock lock(completion->mutex);
    completion->done = true;
    completion->thrown = thrown;
    completion->changed.notify_all();
  });
  bool done = false, signalled = false;
  while (!done) {
    {
      const nb::gil_scoped_release free;
      done = completion->wait(signalled ? kPatience : kPoll);
    }
    if (signalled) break;
    if (PyErr_CheckSignals() != 0) {
      interrupt.request_by_exception();
      signalled = true;
    }
  }
  if (done) {
    const nb::gil_scoped_release free;
    thread.join();
  } else {
    const std::scoped_lock lock(abandoned().mutex);
    abandoned().threads.push_back(std::move(thread));
  }
  interrupt.raise_kept();
  if (completion->thrown) std::rethrow_exception(completion->thrown);
}

ProgressFunction progress_of(std::optional<nb::callable> function, const Interrupt& interrupt) {
  auto told = callback<std::uint64_t, std::uint64_t>(std::move(function), interrupt);
  return [told, stop = interrupt.asked()](std::uint64_t done, std::uint64_t total) {
    if (told) told(done, total);
    return !stop();
  };
}

StageProgress stages_of(std::optional<nb::callable> function, const Interrupt& interrupt) {
  auto told = callback<std::string, std::uint64_t, std::uint64_t>(std::move(function), interrupt);
  return [told, stop = interrupt.asked()](std::string_view stage, std::uint64_t done,
                                          std::uint64_t total) {
    if (told) told(std::string(stage), done, total);
    return !stop();
  };
}

}  // namespace gramian::python
