// A training step allocates nothing: every call of operator new in this program is counted. A
// sanitizer needs operator new for itself.
#ifndef GRAMIAN_SANITIZED
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "gramian/tasks/linear_pairs.h"
#include "gramian/tasks/sine_pairs.h"
#include "gramian/training/trainer.h"
#include "gramian/training/transformer_trainer.h"

namespace {

std::atomic<long> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* memory = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// Not inlined: GCC would warn of a free() that meets a new.
#define GRAMIAN_APART __attribute__((noinline))
GRAMIAN_APART void* operator new(std::size_t size) {
  return counted(size, alignof(std::max_align_t));
}
GRAMIAN_APART void* operator new(std::size_t size, std::align_val_t a) {
  return counted(size, static_cast<std::size_t>(a));
}
GRAMIAN_APART void operator delete(void* memory) noexcept { std::free(memory); }
GRAMIAN_APART void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
GRAMIAN_APART void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
GRAMIAN_APART void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace gramian {
namespace {

TEST(Allocation, AStepAllocatesNothing) {
  TaskSpec spec;
  spec.noise = NoisePrior::uniform(0, 5).value();
  for (SamplerKind sampler : {SamplerKind::gram, SamplerKind::tokens}) {
    for (Parametrisation kind :
         {Parametrisation::full, Parametrisation::diag, Parametrisation::gdpp}) {
      spec.sampler = sampler;
      const auto task = RegressionTask::create(spec).value();
      const NetworkSpec network{.kind = kind, .layers = 3};
      TrainSpec train;
      train.batch = 300;
      train.method = kind == Parametrisation::full ? Method::soap : Method::gauss_newton;
      train.gauss_newton.first_share = 0;
      ThreadPool pool(2);
      const auto trainer = Trainer::create(task, Network::initial(network, {}, 20, 1), train, pool);
      ASSERT_TRUE(trainer->step().has_value());
      const long before = allocations;
      for (int i = 0; i < 15; ++i)  // SOAP renews its bases in step 11
        ASSERT_TRUE(trainer->step().has_value());
      EXPECT_EQ(allocations - before, 0);
    }
  }
  for (const auto& pairs :
       {linear_pairs(RegressionTask::create(spec).value()), sine_pairs(spec.n).value()}) {
    const auto task = TokenTask::create(pairs, TokenLayout::interleaved).value();
    const TransformerSpec transformer{
        .stem = {.tokens = task.tokens(), .width = task.width()},
        .blocks = {{.mixer = {.kind = MixerKind::softmax, .scale = Scale::one},
                    .mlp = {.kind = MlpKind::gelu, .hidden = 9}}}};
    TrainSpec train;
    train.batch = 300;
    ThreadPool pool(2);
    const auto trainer = TransformerTrainer::create(
        task, Transformer::initial(transformer, 0.1, 1).value(), train, pool);
    ASSERT_TRUE(trainer->step().has_value());
    const long before = allocations;
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(trainer->step().has_value());
    EXPECT_EQ(allocations - before, 0);
  }
  const long before = allocations;    // the counter itself counts
  int* volatile number = new int(1);  // volatile: a new that meets its delete may be left out
  delete number;
  EXPECT_EQ(allocations - before, 1);
}

}  // namespace
}  // namespace gramian
#endif  // GRAMIAN_SANITIZED
