#include "gramian/parallel/ranks.h"

#include <chrono>
#include <cstring>
#include <exception>

#include "gramian/base/assert.h"
#include "gramian/base/exceptions.h"

namespace gramian {

namespace {

enum Tag : int { kBegin = 1, kNumbers, kIdentity, kReady, kOrder, kReply, kLeft, kSignal, kEnd };

// First byte of a reply. After the last three there is a text.
enum class Answer : char { done, stopped, failed, differs };

constexpr auto kPatience = std::chrono::milliseconds(500);
// A message between processes of one machine takes microseconds: who waits for one spins for about
// as long, and then looks every while.
constexpr int kTries = 2000;
constexpr auto kNap = std::chrono::microseconds(50);

std::string_view bytes_of(std::span<const double> numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()};
}

void to_numbers(std::string_view bytes, std::vector<double>& numbers) {
  GRAMIAN_ASSERT(bytes.size() % sizeof(double) == 0);
  numbers.resize(bytes.size() / sizeof(double));
  if (!bytes.empty()) std::memcpy(numbers.data(), bytes.data(), bytes.size());
}

std::string reply(Answer answer, std::string_view text = {}) {
  return static_cast<char>(answer) + std::string(text);
}

// The chunks of a rank.
struct Part {
  int first = 0, count = 0;
};

Part part_of(int chunks, int rank, int ranks) {
  const auto begin = [&](long r) { return static_cast<int>(r * chunks / ranks); };
  return {begin(rank), begin(rank + 1) - begin(rank)};
}

// Runs these chunks on the threads of this process. `pool` rethrows what a chunk throws.
void run_part(Part part, SharedWork& work, ThreadPool& pool) {
  pool.run(part.count, [&](int index, int thread) { work.run_chunk(part.first + index, thread); });
}

}  // namespace

Ranks::Ranks(Channel& channel, SignalExchange signals)
    : channel_(channel), signals_(std::move(signals)), thread_(std::this_thread::get_id()) {}

void Ranks::exchange_signals() {
  if (std::this_thread::get_id() != thread_) return;
  const int caught = signals_.caught();
  std::string bytes;
  for (int rank = 0; rank < channel_.size(); ++rank) {
    if (rank == channel_.rank()) continue;
    if (caught != 0 && !told_) channel_.send(rank, kSignal, std::to_string(caught));
    while (channel_.try_receive(rank, kSignal, bytes)) signals_.elsewhere(std::stoi(bytes));
  }
  told_ = told_ || caught != 0;
}

bool Ranks::receive(int from, int tag, std::string& bytes) {
  using Clock = std::chrono::steady_clock;
  Clock::time_point last_moment = Clock::time_point::max();
  for (long tries = 0; !channel_.try_receive(from, tag, bytes); ++tries) {
    if (tries < kTries) continue;
    std::this_thread::sleep_for(kNap);
    exchange_signals();
    if (signals_.caught() == 0) continue;
    if (last_moment == Clock::time_point::max()) last_moment = Clock::now() + kPatience;
    if (Clock::now() > last_moment) return false;
  }
  return true;
}

// The crew of rank 0 and the others.
class LeadingRank::WithOthers final : public Crew {
 public:
  WithOthers(LeadingRank& ranks, ThreadPool& pool) : ranks_(ranks), pool_(pool) {}

  Status carry_out(SharedWork& work) override {
    work.write_order(numbers_);
    for (int rank = 1; rank < ranks_.channel_.size(); ++rank)
      ranks_.channel_.send(rank, kOrder, bytes_of(numbers_));
    std::exception_ptr thrown;  // only when the others are heard are they ready for more
    try {
      run_part(part_of(work.chunks(), 0, ranks_.channel_.size()), work, pool_);
    } catch (...) {
      thrown = std::current_exception();
    }
    Status status;
    for (int rank = 1; rank < ranks_.channel_.size(); ++rank) {
      Status heard = hear(rank, work);
      if (status) status = std::move(heard);
    }
    if (thrown) std::rethrow_exception(thrown);
    return status;
  }

 private:
  // What a rank has done. Errors: as carry_out.
  Status hear(int rank, SharedWork& work) {
    if (!ranks_.receive(rank, kReply, bytes_)) {
      ranks_.lost_ = true;
      return fail(ErrorKind::interrupted, "rank {} does not answer", rank);
    }
    if (bytes_[0] == static_cast<char>(Answer::stopped)) {
      ranks_.exchange_signals();  // it has told of the signal before
      return fail(ErrorKind::interrupted, "rank {} was asked to stop", rank);
    }
    if (bytes_[0] != static_cast<char>(Answer::done))
      return fail(ErrorKind::io, "rank {}: {}", rank, bytes_.substr(1));
    const Part part = part_of(work.chunks(), rank, ranks_.channel_.size());
    for (int index = 0; index < part.count; ++index) {
      while (!ranks_.channel_.try_receive(rank, kLeft, bytes_)) continue;
      to_numbers(bytes_, numbers_);
      work.read_left(part.first + index, numbers_);
    }
    return {};
  }

  LeadingRank& ranks_;
  ThreadPool& pool_;
  std::vector<double> numbers_;
  std::string bytes_;
};

LeadingRank::LeadingRank(Channel& channel, SignalExchange signals, std::string identity)
    : Ranks(channel, std::move(signals)), identity_(std::move(identity)) {
  GRAMIAN_ASSERT(channel.rank() == 0);
}

LeadingRank::~LeadingRank() {
  if (lost_) channel_.forsake();
  for (int rank = 1; rank < channel_.size() && !lost_; ++rank) channel_.send(rank, kEnd, {});
}

Expected<std::unique_ptr<Crew>> LeadingRank::begin(const std::string& what,
                                                   std::span<const double> numbers,
                                                   ThreadPool& pool) {
  for (int rank = 1; rank < channel_.size(); ++rank) {
    channel_.send(rank, kBegin, what);
    channel_.send(rank, kNumbers, bytes_of(numbers));
    channel_.send(rank, kIdentity, identity_);
  }
  Status status;
  for (int rank = 1; rank < channel_.size(); ++rank) {
    std::string bytes;
    Status heard;
    if (!receive(rank, kReady, bytes)) {
      lost_ = true;
      heard = fail(ErrorKind::interrupted, "interrupted before rank {} was ready", rank);
    } else if (bytes[0] == static_cast<char>(Answer::differs)) {
      heard = fail(ErrorKind::config,
                   "all ranks must be the same program with the same command line on processors "
                   "with the same instructions: rank 0 is {}, rank {} is {}",
                   identity_, rank, bytes.substr(1));
    } else if (bytes[0] != static_cast<char>(Answer::done)) {
      heard = fail(ErrorKind::io, "rank {}: {}", rank, bytes.substr(1));
    }
    if (status) status = std::move(heard);
  }
  GRAMIAN_TRY(std::move(status));
  return std::make_unique<WithOthers>(*this, pool);
}

FollowingRank::FollowingRank(Channel& channel, SignalExchange signals, std::string identity)
    : Ranks(channel, std::move(signals)), identity_(std::move(identity)) {
  GRAMIAN_ASSERT(channel.rank() != 0);
}

// Rank 0 decides when all is over, also after a signal: it has the state to save.
void FollowingRank::follow(const MakeRankWork& make) {
  std::string bytes;
  std::vector<double> order;
  for (long idle = 0;; ++idle) {
    if (channel_.try_receive(0, kOrder, bytes)) {
      to_numbers(bytes, order);
      work_at(order);
      idle = 0;
    } else if (channel_.try_receive(0, kBegin, bytes)) {
      make_ready(bytes, make);
      idle = 0;
    } else if (channel_.try_receive(0, kEnd, bytes)) {
      return;
    } else if (idle >= kTries) {
      std::this_thread::sleep_for(kNap);
      exchange_signals();
    }
  }
}

void FollowingRank::make_ready(const std::string& what, const MakeRankWork& make) {
  std::string bytes, leader;
  std::vector<double> numbers;
  while (!channel_.try_receive(0, kNumbers, bytes)) continue;
  to_numbers(bytes, numbers);
  while (!channel_.try_receive(0, kIdentity, leader)) continue;
  if (leader != identity_) return channel_.send(0, kReady, reply(Answer::differs, identity_));
  now_ = {};
  try {
    auto made = make(what, numbers);
    if (!made) return channel_.send(0, kReady, reply(Answer::failed, made.error().message));
    now_ = *std::move(made);
  } catch (const std::exception& error) {
    return channel_.send(0, kReady, reply(Answer::failed, reason_of(error)));
  }
  channel_.send(0, kReady, reply(Answer::done));
}

void FollowingRank::work_at(std::span<const double> order) {
  SharedWork& work = *now_.work;
  const Part part = part_of(work.chunks(), channel_.rank(), channel_.size());
  try {
    work.take_order(order);
    run_part(part, work, *now_.pool);
  } catch (const std::exception& error) {
    return channel_.send(0, kReply, reply(Answer::failed, reason_of(error)));
  }
  if (work.given_up()) {
    exchange_signals();  // a signal may have come since it was asked for
    return channel_.send(0, kReply, reply(Answer::stopped));
  }
  channel_.send(0, kReply, reply(Answer::done));
  std::vector<double> numbers;
  for (int index = 0; index < part.count; ++index) {
    work.write_left(part.first + index, numbers);
    channel_.send(0, kLeft, bytes_of(numbers));
  }
}

}  // namespace gramian
