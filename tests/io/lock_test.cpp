#include "gramian/io/lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using test::TemporaryFolder;

TEST(Lock, IsHeldByOneAtATime) {
  const TemporaryFolder folder;
  for (const std::string& path : {folder.path(), folder / "file"}) {
    auto first = Lock::try_take(path);
    ASSERT_TRUE(first && *first) << path;
    const auto second = Lock::try_take(path);
    ASSERT_TRUE(second) << test::message_of(second);
    EXPECT_FALSE(*second) << path;
    first->reset();
    EXPECT_TRUE(Lock::try_take(path)->has_value()) << path;
  }
}

TEST(Lock, OnAFolderLeavesNothing) {
  const TemporaryFolder folder;
  { const auto lock = Lock::take(folder.path()); }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Lock, EndsWithAKilledProcess) {
  const TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = Lock::try_take(folder.path());
    const char held = lock && *lock ? 'y' : 'n';
    if (write(ready[1], &held, 1) == 1) pause();
    _exit(1);
  }
  char held = '?';
  ASSERT_EQ(read(ready[0], &held, 1), 1);
  EXPECT_EQ(held, 'y');
  EXPECT_FALSE(Lock::try_take(folder.path())->has_value());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(Lock::try_take(folder.path())->has_value());
  close(ready[0]);
  close(ready[1]);
}

TEST(Lock, TakeWaitsForItsEndOrUntilItIsStopped) {
  const TemporaryFolder folder;
  auto first = Lock::take(folder.path());
  ASSERT_TRUE(first);
  int polls = 0;
  EXPECT_TRUE(is_error(Lock::take(folder.path(), [&] { return ++polls == 2; }),
                       ErrorKind::interrupted, {folder.path()}));
  EXPECT_EQ(polls, 2);
  const std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const Lock ended = *std::move(first);
  });
  EXPECT_TRUE(Lock::take(folder.path()));
}

constexpr LockFile::Timing kQuick{std::chrono::milliseconds(10), std::chrono::milliseconds(500)};

TEST(LockFile, IsHeldByOneAtATimeAndIsGoneAtTheEnd) {
  const TemporaryFolder folder;
  const std::string path = folder / "x.lock";
  auto first = LockFile::try_take(path, kQuick);
  ASSERT_TRUE(first && *first) << test::message_of(first);
  const auto second = LockFile::try_take(path, kQuick);
  ASSERT_TRUE(second) << test::message_of(second);
  EXPECT_EQ(*second, nullptr);
  first->reset();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_NE(*LockFile::try_take(path, kQuick), nullptr);
  EXPECT_TRUE(
      is_error(LockFile::try_take(folder / "none/x.lock", kQuick), ErrorKind::io, {"none/x.lock"}));
}

TEST(LockFile, OfAKilledProcessOfThisHostIsTakenAtOnce) {
  const TemporaryFolder folder;
  const std::string path = folder / "x.lock";
  const pid_t child = fork();
  if (child == 0) {
    const auto held = LockFile::try_take(path, {});
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_TRUE(std::filesystem::exists(path));
  const auto lock = LockFile::try_take(path, {});
  ASSERT_TRUE(lock) << test::message_of(lock);
  EXPECT_NE(*lock, nullptr);
}

// Of another host nothing is known but when it last wrote.
TEST(LockFile, OfAnotherHostEndsWithoutHeartbeats) {
  const TemporaryFolder folder;
  const std::string path = folder / "x.lock";
  test::spill(path, "elsewhere 1 00\n");
  EXPECT_EQ(*LockFile::try_take(path, kQuick), nullptr);
  const auto before = std::filesystem::last_write_time(path);
  std::filesystem::last_write_time(path, before - std::chrono::seconds(1));
  EXPECT_EQ(*LockFile::try_take(path, {}), nullptr);  // which is more patient
  EXPECT_NE(*LockFile::try_take(path, kQuick), nullptr);
  test::spill(path, "");  // killed between creating and writing it
  EXPECT_EQ(*LockFile::try_take(path, kQuick), nullptr);
  std::filesystem::last_write_time(path, before - std::chrono::seconds(1));
  EXPECT_NE(*LockFile::try_take(path, kQuick), nullptr);
}

TEST(LockFile, IsWrittenAgainWhileItIsHeld) {
  const TemporaryFolder folder;
  const std::string path = folder / "x.lock";
  auto lock = LockFile::try_take(path, kQuick);
  ASSERT_TRUE(lock && *lock);
  const auto old = std::filesystem::last_write_time(path) - std::chrono::hours(1);
  std::filesystem::last_write_time(path, old);
  for (int i = 0; i < 1000 && std::filesystem::last_write_time(path) == old; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_GT(std::filesystem::last_write_time(path), old);
  // A lock that somebody else has by now is neither written nor removed.
  test::spill(path, "elsewhere 1 00\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  lock->reset();
  EXPECT_EQ(test::slurp(path), "elsewhere 1 00\n");
}

TEST(LockFile, AnAbandonedOneIsTakenByOneOfMany) {
  const TemporaryFolder folder;
  for (int round = 0; round < 20; ++round) {
    const std::string path = folder / std::to_string(round);
    test::spill(path, "elsewhere 1 00\n");
    std::filesystem::last_write_time(
        path, std::filesystem::last_write_time(path) - std::chrono::hours(1));
    std::atomic<int> taken = 0;
    std::vector<std::unique_ptr<LockFile>> held(4);
    {
      std::vector<std::jthread> threads;
      for (auto& mine : held) {
        threads.emplace_back([&] {
          auto lock = LockFile::try_take(path, {});
          if (lock && *lock) {
            mine = *std::move(lock);
            ++taken;
          }
        });
      }
    }
    EXPECT_LE(taken, 1);
  }
}

TEST(Lock, WhatCannotBeIsNamed) {
  const TemporaryFolder folder;
  EXPECT_TRUE(is_error(Lock::try_take(folder / "none/lock"), ErrorKind::io,
                       {folder / "none/lock", "No such file or directory"}));
}

}  // namespace
}  // namespace gramian
