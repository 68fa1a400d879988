// One run by several processes, data-parallel. Rank 0 has the state, takes every decision, writes
// and prints; the others are told what to work on and run their part of the chunks:
//
//   rank 0 -> r    begin: who it is and what is run     r -> 0    ready: who it is, or an error
//   rank 0 -> r    order: the numbers of a step         r -> 0    reply: done, stopped or an error,
//                                                                 then the numbers of each chunk
//   rank 0 -> r    end
//
// Of C chunks and R ranks, rank r runs those from r C / R on. Rank 0 puts the numbers of all chunks
// where the threads of one process would have left them, so that nothing else depends on the ranks.
//
// An error of any rank is the error of the run, on rank 0. A rank that catches a signal tells all
// others, which then give up the step.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gramian/parallel/channel.h"
#include "gramian/parallel/crew.h"
#include "gramian/parallel/pool.h"

namespace gramian {

// The signals that ranks tell each other of.
struct SignalExchange {
  std::function<int()> caught;         // the first that this process has caught; 0: none
  std::function<void(int)> elsewhere;  // another rank has caught this one
};

// What every rank does. Only the thread that made it sends and receives.
class Ranks {
 public:
  Ranks(Channel& channel, SignalExchange signals);

  // Tells the others of a signal of this process, once, and takes what they tell. Cheap; to be
  // called often, from any thread: in others than that of this object it does nothing.
  void exchange_signals();

 protected:
  // Waits for a message. False where a signal came and no message within half a second of it: the
  // other process is lost, or busy for long.
  bool receive(int from, int tag, std::string& bytes);

  Channel& channel_;

 private:
  SignalExchange signals_;
  std::thread::id thread_;
  bool told_ = false;
};

// Rank 0.
class LeadingRank final : public Ranks {
 public:
  // `identity`: what must be the same on all ranks: program, instruction set, command line.
  LeadingRank(Channel& channel, SignalExchange signals, std::string identity);
  // Lets the others end; where one did not answer after a signal, forsakes the channel.
  ~LeadingRank();

  // Has the others make ready for the work that `what` describes, with these numbers to begin with,
  // and returns the crew that carries it out, of all ranks; each process works with its own pool.
  // The crew of an earlier work ends. Errors: config, where a rank is another program or has other
  // words on its command line; io, where one cannot make ready; interrupted.
  Expected<std::unique_ptr<Crew>> begin(const std::string& what, std::span<const double> numbers,
                                        ThreadPool& pool);

 private:
  class WithOthers;

  std::string identity_;
  bool lost_ = false;
};

// What a rank other than 0 makes of a description: the work, and the threads that run it.
struct RankWork {
  std::shared_ptr<void> owner;  // of both
  SharedWork* work = nullptr;
  ThreadPool* pool = nullptr;
};
using MakeRankWork =
    std::function<Expected<RankWork>(const std::string& what, std::span<const double> numbers)>;

// Another rank: works until rank 0 lets it end. Errors of its own work are rank 0's.
class FollowingRank final : public Ranks {
 public:
  FollowingRank(Channel& channel, SignalExchange signals, std::string identity);
  void follow(const MakeRankWork& make);

 private:
  void make_ready(const std::string& what, const MakeRankWork& make);
  void work_at(std::span<const double> order);

  std::string identity_;
  RankWork now_;
};

}  // namespace gramian
