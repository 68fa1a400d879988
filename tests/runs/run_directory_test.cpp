#include "gramian/runs/run_directory.h"

#include <gtest/gtest.h>

#include "gramian/io/files.h"
#include "tests/support/files.h"

namespace gramian {
namespace {

using test::is_error;
using test::spill;
using test::TemporaryFolder;

TEST(RunDirectory, CreatesFoldersAndNamesItsFiles) {
  const TemporaryFolder folder;
  const Expected<RunDirectory> run = RunDirectory::create(folder / "a/b");
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a/b"));
  EXPECT_EQ(run->config(), folder / "a/b/config.toml");
  EXPECT_EQ(run->model(), folder / "a/b/model.safetensors");
  EXPECT_EQ(run->checkpoint(), folder / "a/b/checkpoint.safetensors");
  EXPECT_EQ(run->metrics(), folder / "a/b/metrics.jsonl");
  EXPECT_EQ(run->manifest(), folder / "a/b/manifest.json");
  EXPECT_EQ(run->eval(), folder / "a/b/eval.json");
}

TEST(RunDirectory, TakesAnEmptyFolder) {
  const TemporaryFolder folder;
  EXPECT_TRUE(RunDirectory::create(folder.path()));
}

TEST(RunDirectory, TakesAFolderWithTemporaryFilesOfItsFirstFile) {
  const TemporaryFolder folder;
  for (const char* name : {"config.toml.tmp", "config.toml.0123456789abcdef.tmp"})
    spill(folder / name, "");
  const auto run = RunDirectory::create(folder.path());
  ASSERT_TRUE(run) << test::message_of(run);
  run->remove_old_temporaries();
  EXPECT_FALSE(std::filesystem::exists(folder / "config.toml.tmp"));
  spill(folder / "notes.toml.tmp", "mine");
  EXPECT_FALSE(RunDirectory::create(folder.path()));
}

TEST(RunDirectory, RefusesAFolderInUse) {
  const TemporaryFolder folder;
  spill(folder / "notes.txt", "mine");
  EXPECT_TRUE(is_error(RunDirectory::create(folder.path()), ErrorKind::io,
                       {folder.path(), "not empty", "--resume", "--out"}));
}

TEST(RunDirectory, RefusesPlacesThatCannotBe) {
  const TemporaryFolder folder;
  spill(folder / "file", "");
  EXPECT_TRUE(is_error(RunDirectory::create(folder / "file"), ErrorKind::io,
                       {folder / "file", "it is a file"}));
  EXPECT_TRUE(is_error(RunDirectory::create(folder / "file/run"), ErrorKind::io,
                       {folder / "file/run", "Not a directory"}));
}

TEST(RunDirectory, OpensOnlyRuns) {
  const TemporaryFolder folder;
  EXPECT_TRUE(is_error(RunDirectory::open(folder / "none"), ErrorKind::io,
                       {folder / "none", "does not exist"}));
  EXPECT_TRUE(is_error(RunDirectory::open(folder.path()), ErrorKind::io,
                       {folder / "config.toml", "is missing"}));
  spill(folder / "config.toml", "");
  EXPECT_TRUE(is_error(RunDirectory::open(folder / "config.toml"), ErrorKind::io, {"is a file"}));
  EXPECT_TRUE(RunDirectory::open(folder.path()));
}

}  // namespace
}  // namespace gramian
