#include "gramian/cli/ranks.h"

#include <fmt/format.h>

#include <memory>

#include "gramian/cli/commands.h"
#include "gramian/cli/mpi.h"
#include "gramian/lanes/target.h"
#include "gramian/parallel/ranks.h"
#include "gramian/runs/commit.h"
#include "gramian/runs/family.h"

namespace gramian::cli {

namespace {

// What a rank works with that rank 0 has sent a configuration.
struct Follower {
  std::unique_ptr<Experiment> experiment;
  std::unique_ptr<ThreadPool> pool;
  std::unique_ptr<TrainingLoop> loop;
};

Expected<RankWork> make_follower(const std::string& text, std::span<const double> theta,
                                 const std::function<bool()>& stopped) {
  const auto config = GRAMIAN_TRY(parse_config(text, "the configuration of rank 0"));
  auto follower = std::make_shared<Follower>();
  follower->experiment = GRAMIAN_TRY(make_experiment(config));
  follower->pool = std::make_unique<ThreadPool>(follower->experiment->run.threads);
  follower->loop = GRAMIAN_TRY(follower->experiment->loop_from(
      {theta.begin(), theta.end()}, follower->experiment->train, *follower->pool));
  follower->loop->abandon_when(stopped);
  return RankWork{follower, &follower->loop->shared_work(), follower->pool.get()};
}

void follow(Channel& channel, const SignalExchange& signals, const std::string& identity) {
  catch_signals(AtSignal::save);
  FollowingRank rank(channel, signals, identity);
  const auto stopped = [&rank] {
    rank.exchange_signals();
    return interrupted();
  };
  rank.follow([&](const std::string& text, std::span<const double> theta) {
    return make_follower(text, theta, stopped);
  });
}

Status lead_ranks(Channel& channel, const SignalExchange& signals, const std::string& identity,
                  const std::function<Status(TrainRunOptions&)>& lead) {
  LeadingRank rank(channel, signals, identity);
  std::unique_ptr<Crew> crew;
  TrainRunOptions options;
  options.interrupted = options.abandon = [&rank] {
    rank.exchange_signals();
    return interrupted();
  };
  options.crew = [&](const Config& config, std::span<const double> theta,
                     ThreadPool& pool) -> Expected<Crew*> {
    crew = GRAMIAN_TRY(rank.begin(config.to_toml(), theta, pool));
    return crew.get();
  };
  return lead(options);
}

}  // namespace

Status on_all_ranks(const std::string& command_line,
                    const std::function<Status(TrainRunOptions&)>& lead) {
  const auto channel = GRAMIAN_TRY(join_ranks());
  if (channel == nullptr) {
    TrainRunOptions alone{.interrupted = interrupted, .abandon = interrupted};
    return lead(alone);
  }
  const std::string identity =
      fmt::format("gramian {} ({}) on {}, started as \"{}\"", GRAMIAN_VERSION, built_commit(),
                  simd_target(), command_line);
  const SignalExchange signals{caught_signal, caught_elsewhere};
  if (channel->rank() == 0) return lead_ranks(*channel, signals, identity, lead);
  follow(*channel, signals, identity);
  return {};
}

}  // namespace gramian::cli
