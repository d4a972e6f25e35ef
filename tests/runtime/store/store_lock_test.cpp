#include "runtime/store/journal.h"
#include "tests/runtime/store/temp_store.h"

#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::store;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("a second owner of a store is told who has it, where, and what to do") {
  TempStore store;
  auto first = StoreLock::acquire(store.directory());
  REQUIRE(first.has_value());
  REQUIRE(first->announce("http://127.0.0.1:7420").has_value());

  auto second = StoreLock::acquire(store.directory());

  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::busy);
  CHECK(second.error().message.find(store.directory()) != std::string::npos);
  CHECK(second.error().message.find(std::to_string(getpid())) != std::string::npos);
  CHECK(second.error().message.find("http://127.0.0.1:7420") != std::string::npos);
}

TEST_CASE("the holder of a lock is found by its address, and only while it holds it") {
  TempStore store;
  CHECK_FALSE(StoreLock::holder(store.directory()).has_value());
  {
    auto lock = StoreLock::acquire(store.directory());
    REQUIRE(lock.has_value());
    CHECK_FALSE(StoreLock::holder(store.directory()).has_value());  // does not listen yet
    REQUIRE(lock->announce("http://[::1]:1").has_value());
    CHECK(StoreLock::holder(store.directory()) == "http://[::1]:1");
    REQUIRE(lock->announce("http://127.0.0.1:2").has_value());
    CHECK(StoreLock::holder(store.directory()) == "http://127.0.0.1:2");
  }
  CHECK_FALSE(StoreLock::holder(store.directory()).has_value());
  CHECK(StoreLock::acquire(store.directory()).has_value());
}

TEST_CASE("what a killed owner left in the lock file does not count") {
  TempStore store;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto lock = StoreLock::acquire(store.directory());
    const bool ready = lock && lock->announce("http://127.0.0.1:9999");
    if (ready) raise(SIGKILL);
    _exit(1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));

  CHECK_FALSE(StoreLock::holder(store.directory()).has_value());
  CHECK(StoreLock::acquire(store.directory()).has_value());
}

TEST_CASE("asking for the holder does not keep an owner out") {
  TempStore store;
  for (int round = 0; round < 200; ++round) {
    const pid_t child = round == 0 ? fork() : 0;
    if (round == 0) {
      REQUIRE(child >= 0);
      if (child == 0) {
        for (int i = 0; i < 20'000; ++i) StoreLock::holder(store.directory());
        _exit(0);
      }
    }
    REQUIRE(StoreLock::acquire(store.directory()).has_value());
  }
  while (waitpid(-1, nullptr, 0) > 0) {
  }
}

TEST_CASE("a moved lock stays with its new owner; the file and directory are its owner's alone") {
  TempStore store;
  std::optional<StoreLock> kept;
  {
    auto lock = StoreLock::acquire(store.directory());
    REQUIRE(lock.has_value());
    kept.emplace(std::move(*lock));
  }
  CHECK_FALSE(StoreLock::acquire(store.directory()).has_value());
  CHECK(mode_of(store.directory()) == 0700);
  CHECK(mode_of(store.directory() + "/lock") == 0600);
  kept.reset();
  CHECK(StoreLock::acquire(store.directory()).has_value());
}

TEST_CASE("an address that would break the lock file is refused") {
  TempStore store;
  auto lock = StoreLock::acquire(store.directory());
  REQUIRE(lock.has_value());
  CHECK_FALSE(lock->announce("http://a\nhttp://b").has_value());
  CHECK_FALSE(lock->announce(std::string(1000, 'x')).has_value());
}

TEST_CASE("a store that cannot be a directory is refused with its path") {
  TempStore store;
  std::ofstream(store.directory()) << "a file";
  auto lock = StoreLock::acquire(store.directory());
  REQUIRE_FALSE(lock.has_value());
  CHECK(lock.error().code == ErrorCode::store);
  CHECK(lock.error().message.find(store.directory()) != std::string::npos);
  CHECK_FALSE(StoreLock::acquire("").has_value());
}
