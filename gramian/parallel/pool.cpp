#include "gramian/parallel/pool.h"

#include <system_error>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "gramian/base/assert.h"
#include "gramian/parallel/cores.h"

namespace gramian {

namespace {

// Waking a sleeping thread takes tens of microseconds, a good part of a short training step.
// So a thread first spins for about as long, and sleeps only if no work comes: an idle pool costs
// nothing. With more threads than cores no thread spins.
constexpr int kSpins = 2000;

template <class Condition>
void spin_until(int spins, Condition condition) {
  for (int i = 0; i < spins && !condition(); ++i) {
#if defined(__x86_64__)
    _mm_pause();
#endif
  }
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  GRAMIAN_ASSERT(threads >= 0);
  const int cores = available_cores();
  if (threads <= 0) threads = cores;
  spins_ = threads <= cores ? kSpins : 0;
  // At a limit on processes or on memory the work is done by fewer threads than could be started,
  // so that the rest of the program has room for its own.
  for (int wanted = threads - 1; wanted > 0;) {
    workers_.reserve(static_cast<std::size_t>(wanted));
    try {
      for (int t = 1; t <= wanted; ++t) workers_.emplace_back([this, t] { work(t); });
      break;
    } catch (const std::system_error&) {
      const int started = static_cast<int>(workers_.size());
      wanted = started - (started + 3) / 4;
    } catch (...) {
      stop();
      throw;
    }
    stop();
    stop_ = false;
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
}

Status ThreadPool::carry_out(SharedWork& work) {
  run(work.chunks(), [&work](int chunk, int thread) { work.run_chunk(chunk, thread); });
  return {};
}

void ThreadPool::drain(int thread) {
  try {
    for (int chunk; (chunk = next_.fetch_add(1, std::memory_order_relaxed)) < chunks_;) {
      call_(context_, chunk, thread);
    }
  } catch (...) {
    std::lock_guard lock(mutex_);
    if (!thrown_) thrown_ = std::current_exception();
    next_.store(chunks_, std::memory_order_relaxed);
  }
}

void ThreadPool::dispatch(int chunks, void* context, Call call) {
  GRAMIAN_ASSERT(chunks >= 0);
  {
    std::lock_guard lock(mutex_);
    GRAMIAN_ASSERT(busy_.load() == 0);  // not reentrant
    chunks_ = chunks;
    context_ = context;
    call_ = call;
    next_.store(0, std::memory_order_relaxed);
    busy_ = static_cast<int>(workers_.size());
    ++generation_;
  }
  start_.notify_all();
  drain(0);
  const auto idle = [this] { return busy_.load(std::memory_order_acquire) == 0; };
  spin_until(spins_, idle);
  std::unique_lock lock(mutex_);
  done_.wait(lock, idle);
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

void ThreadPool::work(int thread) {
  long seen = 0;
  for (;;) {
    const auto called = [&] {
      return stop_ || generation_.load(std::memory_order_acquire) != seen;
    };
    spin_until(spins_, called);
    {
      std::unique_lock lock(mutex_);
      start_.wait(lock, called);
      if (stop_) return;
      seen = generation_;
    }
    drain(thread);
    std::lock_guard lock(mutex_);
    if (--busy_ == 0) done_.notify_one();
  }
}

}  // namespace gramian
