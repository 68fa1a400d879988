#include "gramian/io/lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

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

TEST(Lock, WhatCannotBeIsNamed) {
  const TemporaryFolder folder;
  EXPECT_TRUE(is_error(Lock::try_take(folder / "none/lock"), ErrorKind::io,
                       {folder / "none/lock", "No such file or directory"}));
}

}  // namespace
}  // namespace gramian
