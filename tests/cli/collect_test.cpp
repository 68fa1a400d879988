// gramian collect by several processes and in several sittings.
#include "tests/cli/process.h"

namespace gramian {
namespace {

namespace fs = std::filesystem;

using test::fails;
using test::Process;
using test::run_gramian;
using test::slurp;
using test::succeeds;
using test::Workshop;

// What is said of the result, without the name of the file.
std::string told(const test::Outcome& outcome) {
  return outcome.out.substr(0, outcome.out.find("->"));
}

TEST(Collect, ManyProcessesAreTheBitsOfOne) {
  const Workshop shop;
  ASSERT_TRUE(succeeds(shop.train("alone")));
  fs::copy(shop / "alone", shop / "shared", fs::copy_options::recursive);
  // In two sittings, the first of which asks for less.
  ASSERT_TRUE(succeeds(run_gramian({"collect", shop / "alone", "--prompts", "1e5"})));
  const auto alone = run_gramian({"collect", shop / "alone", "--prompts", "3e5"});
  ASSERT_TRUE(succeeds(alone));
  EXPECT_NE(alone.out.find("\n327680 prompts"), std::string::npos) << alone.out;  // five batches
  const auto command =
      test::gramian_command({"collect", shop / "shared", "--prompts", "3e5", "train.threads=1"});
  Process one(command), two(command), three(command);
  for (Process* process : {&one, &two, &three}) {
    const auto outcome = process->wait();
    ASSERT_TRUE(succeeds(outcome));
    EXPECT_EQ(told(outcome), told(alone));
  }
  // What is there is enough for a goal that is nearer, and nothing is evaluated for it.
  const auto nearer = run_gramian({"collect", shop / "shared", "--until-se", "0.5"});
  ASSERT_TRUE(succeeds(nearer));
  EXPECT_NE(nearer.out.find("\n65536 prompts"), std::string::npos) << nearer.out;
  // About as eval says, which adds in another order.
  const auto model = [](const std::string& text) {
    return std::stod(text.substr(text.find("\nmodel ") + 7));
  };
  const auto eval = run_gramian({"eval", shop / "alone", "--prompts", "327680"});
  ASSERT_TRUE(succeeds(eval));
  EXPECT_NEAR(model(alone.out), model(eval.out), 1e-9);
}

TEST(Collect, BlowUpsAreCountedByManyProcessesToo) {
  const Workshop shop;
  ASSERT_TRUE(succeeds(shop.train("alone")));
  fs::copy(shop / "alone", shop / "shared", fs::copy_options::recursive);
  const auto alone = run_gramian({"collect", shop / "alone", "--blowups", "--prompts", "8e5"});
  ASSERT_TRUE(succeeds(alone));
  EXPECT_NE(alone.out.find(" of 800000 prompts"), std::string::npos) << alone.out;
  const auto command = test::gramian_command(
      {"collect", shop / "shared", "--blowups", "--prompts", "8e5", "train.threads=1"});
  Process one(command), two(command);
  for (Process* process : {&one, &two}) {
    const auto outcome = process->wait();
    ASSERT_TRUE(succeeds(outcome));
    EXPECT_EQ(told(outcome), told(alone));
  }
}

TEST(Collect, WhatCannotBeIsNamed) {
  const Workshop shop;
  ASSERT_TRUE(succeeds(shop.train("run")));
  const auto collect = [&](test::Arguments more) {
    more.insert(more.begin(), {"collect", shop / "run"});
    return run_gramian(more);
  };
  EXPECT_TRUE(fails(collect({}), 2, {"--until-se", "--prompts"}));
  EXPECT_TRUE(fails(collect({"--until-se", "0"}), 2, {"--until-se"}));
  EXPECT_TRUE(fails(collect({"--prompts", "1", "train.steps=3"}), 2, {"is trained already"}));
  EXPECT_TRUE(fails(collect({"--blowups", "--until-se", "0.1"}), 2, {"--blowups", "--prompts"}));
  EXPECT_FALSE(fs::exists(shop / "run/collect"));
  EXPECT_TRUE(fails(run_gramian({"collect", shop / "none", "--prompts", "1"}), 3, {"none"}));
}

TEST(Collect, AnInterruptionKeepsWhatIsThere) {
  const Workshop shop;
  ASSERT_TRUE(succeeds(shop.train("run")));
  ASSERT_TRUE(succeeds(run_gramian({"collect", shop / "run", "--prompts", "1"})));
  Process process(test::gramian_command({"collect", shop / "run", "--prompts", "1e12"}));
  sleep(1);
  process.send(SIGTERM);
  EXPECT_TRUE(fails(process.wait(), 75, {}));
  for (const auto& file : fs::directory_iterator(shop / "run/collect")) {
    if (file.path().extension() != ".csv") continue;
    EXPECT_EQ(slurp(file.path()).back(), '\n');
  }
  ASSERT_TRUE(succeeds(run_gramian({"collect", shop / "run", "--prompts", "1"})));
}

}  // namespace
}  // namespace gramian
