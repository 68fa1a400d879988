#include "gramian/parallel/pool.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "gramian/base/assert.h"
#endif

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
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  if (threads <= 0) threads = cores;
  spins_ = threads <= cores ? kSpins : 0;
  for (int t = 1; t < threads; ++t) workers_.emplace_back([this, t] { work(t); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::drain(int thread) {
  for (int chunk; (chunk = next_.fetch_add(1, std::memory_order_relaxed)) < chunks_;) {
    call_(context_, chunk, thread);
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
