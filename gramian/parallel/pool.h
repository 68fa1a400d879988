// A pool of threads that is created once. The caller cuts its work into numbered chunks. Any thread
// may run any chunk, so results must be kept by chunk and combined in the order of chunks: then one
// thread and sixteen give the same bits.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

#include "gramian/parallel/crew.h"

namespace gramian {

class ThreadPool final : public Crew {
 public:
  // threads >= 1 counts the calling thread; 0 means one for each core that this process may use
  // (cores.h). Where the system refuses to start so many, the pool has fewer.
  explicit ThreadPool(int threads);
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(chunk, thread) once for each chunk in [0, chunks), thread in
  // [0, threads()), and returns when all are done. Allocates nothing. Not
  // reentrant. If body throws, the chunks that are not begun are left out and the first exception
  // is thrown on.
  template <class Body>
  void run(int chunks, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    dispatch(chunks, const_cast<void*>(static_cast<const void*>(&body)),
             [](void* context, int chunk, int thread) {
               (*static_cast<Plain*>(context))(chunk, thread);
             });
  }

  // All chunks, in this process.
  Status carry_out(SharedWork& work) override;

 private:
  using Call = void (*)(void* context, int chunk, int thread);
  void dispatch(int chunks, void* context, Call call);
  void work(int thread);
  void drain(int thread);

  void stop();

  int spins_ = 0;  // before a thread sleeps
  std::mutex mutex_;
  std::condition_variable start_;
  std::condition_variable done_;
  // Written under mutex_; read without it by those who spin before they sleep.
  std::atomic<long> generation_{0};
  std::atomic<int> busy_{0};
  std::atomic<bool> stop_{false};
  int chunks_ = 0;
  void* context_ = nullptr;
  Call call_ = nullptr;
  std::atomic<int> next_{0};
  std::exception_ptr thrown_;         // by the body; written under mutex_
  std::vector<std::thread> workers_;  // last: they use all of the above
};

}  // namespace gramian
