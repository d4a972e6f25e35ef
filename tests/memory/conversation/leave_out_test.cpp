#include "memory/conversation/leave_out.h"

#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

models::Message said(models::Role role) {
  return {.role = role, .content = "…"};
}

// Three turns; the second was never answered.
const std::vector<models::Message> kRecalled = {said(models::Role::user), said(models::Role::assistant),
                                                said(models::Role::user), said(models::Role::user),
                                                said(models::Role::assistant)};
const std::vector<std::int64_t> kTokens = {10, 20, 5, 7, 8};

}  // namespace

TEST_CASE("the oldest turns are left out whole, as few as are enough") {
  CHECK(leave_out_turns(kRecalled, kTokens, 0) == LeftOut{});
  CHECK(leave_out_turns(kRecalled, kTokens, 1) == LeftOut{1, 2, 30});
  CHECK(leave_out_turns(kRecalled, kTokens, 30) == LeftOut{1, 2, 30});
  CHECK(leave_out_turns(kRecalled, kTokens, 31) == LeftOut{2, 3, 35});
  CHECK(leave_out_turns(kRecalled, kTokens, 36) == LeftOut{3, 5, 50});
}

TEST_CASE("where all turns are not enough, all of them go, and without turns none") {
  CHECK(leave_out_turns(kRecalled, kTokens, 1'000'000) == LeftOut{3, 5, 50});
  CHECK(leave_out_turns({}, {}, 5) == LeftOut{});
}

TEST_CASE("a conversation that begins with an answer loses it with what follows") {
  const std::vector<models::Message> odd = {said(models::Role::assistant), said(models::Role::user)};
  CHECK(leave_out_turns(odd, std::vector<std::int64_t>{3, 4}, 1) == LeftOut{1, 1, 3});
}
