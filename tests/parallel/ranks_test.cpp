#include "gramian/parallel/ranks.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <deque>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <tuple>

namespace gramian {
namespace {

// Ranks that are threads of the test.
class Mail {
 public:
  void send(int from, int to, int tag, std::string_view bytes) {
    std::lock_guard lock(mutex_);
    messages_[{from, to, tag}].emplace_back(bytes);
  }
  bool try_receive(int from, int to, int tag, std::string& bytes) {
    std::lock_guard lock(mutex_);
    auto& queue = messages_[{from, to, tag}];
    if (queue.empty()) return false;
    bytes = std::move(queue.front());
    queue.pop_front();
    return true;
  }

 private:
  std::mutex mutex_;
  std::map<std::tuple<int, int, int>, std::deque<std::string>> messages_;
};

class MailChannel final : public Channel {
 public:
  MailChannel(Mail& mail, int rank, int size) : mail_(mail), rank_(rank), size_(size) {}
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  void send(int to, int tag, std::string_view bytes) override { mail_.send(rank_, to, tag, bytes); }
  bool try_receive(int from, int tag, std::string& bytes) override {
    return mail_.try_receive(from, rank_, tag, bytes);
  }
  void forsake() override { forsaken = true; }
  bool forsaken = false;

 private:
  Mail& mail_;
  int rank_, size_;
};

// Chunk i of an order x leaves the numbers x + i and i.
class Counting final : public SharedWork {
 public:
  explicit Counting(int count) : left_(static_cast<std::size_t>(count)) {}
  int chunks() const override { return static_cast<int>(left_.size()); }
  void run_chunk(int chunk, int) override {
    if (chunk == broken) throw std::runtime_error("a broken chunk");
    left_[static_cast<std::size_t>(chunk)] = {order + chunk, static_cast<double>(chunk)};
  }
  bool given_up() const override { return stop; }
  void write_order(std::vector<double>& numbers) const override { numbers = {order}; }
  void take_order(std::span<const double> numbers) override { order = numbers[0]; }
  void write_left(int chunk, std::vector<double>& numbers) const override {
    numbers = left_[static_cast<std::size_t>(chunk)];
  }
  void read_left(int chunk, std::span<const double> numbers) override {
    left_[static_cast<std::size_t>(chunk)] = {numbers.begin(), numbers.end()};
  }
  const std::vector<std::vector<double>>& left() const { return left_; }

  double order = 0;
  int broken = -1;
  bool stop = false;

 private:
  std::vector<std::vector<double>> left_;
};

constexpr int kChunks = 7;
const SignalExchange kNoSignals{[] { return 0; }, [](int) {}};

// A following rank as a thread, which ends when it is let go.
struct Following {
  Following(Mail& mail, int rank, int size, std::string identity = "the same",
            SignalExchange of_signals = kNoSignals)
      : channel(mail, rank, size), signals(std::move(of_signals)), thread([this, identity] {
          FollowingRank(channel, signals, identity)
              .follow([this](const std::string& what, auto) -> Expected<RankWork> {
                if (what == "impossible") return fail(ErrorKind::config, "impossible here");
                return RankWork{nullptr, &work, &pool};
              });
        }) {}
  ~Following() { thread.join(); }

  MailChannel channel;
  SignalExchange signals;
  Counting work{kChunks};
  ThreadPool pool{2};
  std::thread thread;  // last: it uses all of the above
};

TEST(Ranks, EveryChunkIsAsOneProcessLeavesIt) {
  for (const int size : {2, 3, 9}) {  // the last has ranks without chunks
    Mail mail;
    std::vector<std::unique_ptr<Following>> others;
    for (int rank = 1; rank < size; ++rank)
      others.push_back(std::make_unique<Following>(mail, rank, size));
    MailChannel channel(mail, 0, size);
    LeadingRank leader(channel, kNoSignals, "the same");
    ThreadPool pool(2);
    const auto crew = leader.begin("counting", {}, pool);
    ASSERT_TRUE(crew.has_value());
    for (const double order : {100.0, 200.0}) {
      Counting shared(kChunks), alone(kChunks);
      shared.order = alone.order = order;
      ASSERT_TRUE((*crew)->carry_out(shared).has_value());
      ASSERT_TRUE(pool.carry_out(alone).has_value());
      EXPECT_EQ(shared.left(), alone.left());
    }
  }
}

TEST(Ranks, AnErrorOfOneIsTheErrorOfAll) {
  Mail mail;
  Following one(mail, 1, 3), two(mail, 2, 3);
  MailChannel channel(mail, 0, 3);
  LeadingRank leader(channel, kNoSignals, "the same");
  ThreadPool pool(1);
  const auto impossible = leader.begin("impossible", {}, pool);
  ASSERT_FALSE(impossible.has_value());
  EXPECT_EQ(impossible.error().message, "rank 1: impossible here");

  const auto crew = leader.begin("counting", {}, pool);
  ASSERT_TRUE(crew.has_value());
  two.work.broken = 5;
  Counting work(kChunks);
  const Status status = (*crew)->carry_out(work);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().kind, ErrorKind::io);
  EXPECT_EQ(status.error().message, "rank 2: a broken chunk");
  // An exception of rank 0 waits until the others are heard, so that they are ready for more.
  work.broken = 0;
  EXPECT_THROW((void)(*crew)->carry_out(work), std::runtime_error);
  work.broken = two.work.broken = -1;
  EXPECT_TRUE((*crew)->carry_out(work).has_value());
}

TEST(Ranks, OtherProgramsAreRefused) {
  Mail mail;
  Following one(mail, 1, 2, "another");
  MailChannel channel(mail, 0, 2);
  LeadingRank leader(channel, kNoSignals, "the same");
  ThreadPool pool(1);
  const auto crew = leader.begin("counting", {}, pool);
  ASSERT_FALSE(crew.has_value());
  EXPECT_EQ(crew.error().kind, ErrorKind::config);
  EXPECT_NE(crew.error().message.find("rank 0 is the same, rank 1 is another"), std::string::npos)
      << crew.error().message;
}

TEST(Ranks, ASignalOfOneInterruptsAll) {
  Mail mail;
  std::atomic<int> caught = 0;
  Following one(mail, 1, 2, "the same", {[&caught] { return caught.load(); }, [](int) {}});
  MailChannel channel(mail, 0, 2);
  std::vector<int> told;
  LeadingRank leader(channel, {[] { return 0; }, [&told](int number) { told.push_back(number); }},
                     "the same");
  ThreadPool pool(1);
  const auto crew = leader.begin("counting", {}, pool);
  ASSERT_TRUE(crew.has_value());
  caught = SIGINT;
  one.work.stop = true;
  Counting work(kChunks);
  const Status status = (*crew)->carry_out(work);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().kind, ErrorKind::interrupted);
  EXPECT_EQ(told, std::vector<int>{SIGINT});  // before the answer
  told.clear();

  MailChannel as_one(mail, 1, 2);
  Ranks other(as_one, {[] { return SIGTERM; }, [](int) {}});
  other.exchange_signals();
  other.exchange_signals();
  leader.exchange_signals();
  EXPECT_EQ(told, std::vector<int>{SIGTERM});  // once
}

// Without a follower nobody answers. After a signal that is no reason to wait.
TEST(Ranks, ALostRankIsForsakenAfterASignal) {
  Mail mail;
  MailChannel channel(mail, 0, 2);
  {
    LeadingRank leader(channel, {[] { return SIGTERM; }, [](int) {}}, "the same");
    ThreadPool pool(1);
    const auto crew = leader.begin("counting", {}, pool);
    ASSERT_FALSE(crew.has_value());
    EXPECT_EQ(crew.error().kind, ErrorKind::interrupted);
  }
  EXPECT_TRUE(channel.forsaken);
}

}  // namespace
}  // namespace gramian
