#pragma once

#include "runtime/base/json.h"
#include "tests/e2e/daemon.h"

#include <cstddef>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

namespace troupe::e2e {

/// Every run of the daemon's store, or the newest so many, replays to what was recorded, and none is skipped;
/// returns how many there were.
inline std::size_t check_all_replay(Daemon& daemon, std::size_t newest = 100'000) {
  const fakes::Outcome outcome =
      daemon.run({"runs", "replay", "--all", "--json", "-n", std::to_string(newest), "-c", daemon.config()});
  CAPTURE(outcome.err);
  CHECK(outcome.exit_code == 0);
  std::size_t runs = 0;
  std::size_t at = 0;
  for (std::size_t end; (end = outcome.out.find('\n', at)) != std::string::npos; at = end + 1) {
    auto line = parse_json(outcome.out.substr(at, end - at));
    REQUIRE(line);
    CHECK_MESSAGE(string_or(*line, "outcome") == "same", dump(*line));
    ++runs;
  }
  return runs;
}

/// TROUPE_TEST_REPLAY=1 has tests replay what they leave behind that are not about that.
inline void check_left_behind(Daemon& daemon, std::size_t newest) {
  if (std::getenv("TROUPE_TEST_REPLAY")) CHECK(check_all_replay(daemon, newest) > 0);
}

}  // namespace troupe::e2e
